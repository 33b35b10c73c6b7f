//! Signatures that are used for what they were not made for, sent again, or sent in masses.

use std::sync::Arc;

use keywright_crypto::public_key::Algorithm;
use keywright_crypto::scheme::http_message_signatures;
use keywright_domain::credential::VersionState;
use keywright_domain::limits;
use keywright_domain::verdict::Code;

use super::signed_tests::{NOW, SDK_ID, Sent, ask, code, hmac, key_pair, keyring, kit, kit_of, pair};
use crate::fixture::{Kit, NotSeen};
use crate::nonces::NonceAnswer;
use crate::{Question, Unavailable, Verifier};

#[test]
fn a_signature_of_the_safe_scheme_is_none_of_the_one_that_can_be_replayed() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let captured = Sent::plain().by_secret(0, NOW, "a");
    assert_eq!(code(&kit, &captured), Code::Valid);
    // The captured signature is the HMAC of its base: of a body of these bytes, by Tylt's scheme, it is one as well.
    let base = captured.with(|request| http_message_signatures::read(request).unwrap().labelled("sig1").unwrap().base().unwrap());
    let forged = Sent { target: "/payouts/send-all".into(), body: Some(base), ..Sent::plain() }.tylt(0);
    assert_eq!(code(&kit, &forged), Code::SignatureInvalid);
}

#[test]
fn what_says_that_it_is_signed_later_is_put_on_disk_before_it_is_accepted() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let ahead = Sent::plain().by_secret(0, NOW + 60, "a");
    let Err(NotSeen::Need(claim)) = ask(&kit, &ahead) else { panic!("it is accepted from memory") };
    let with = |kit: &Kit, answer| ahead.with(|request| kit.answer(&Question { request: Some(request), nonce: Some((claim, answer)), ..Question::default() }));
    assert_eq!(with(&kit, NonceAnswer::Fresh).unwrap().code, Code::Valid);
    assert_eq!(with(&kit, NonceAnswer::Reused).unwrap().code, Code::NonceReused);
    assert!(matches!(with(&kit, NonceAnswer::Silent), Err(NotSeen::Unavailable(Unavailable::NoncesSilent))));
}

#[test]
fn a_memory_that_is_full_refuses_what_it_could_not_tell_from_a_replay() {
    let verifier = Verifier::new().with_keyring(Arc::new(keyring())).with_room_for_nonces(0);
    let kit = kit_of(verifier, &[hmac(&[VersionState::Active])]);
    let sent = Sent::plain().by_secret(0, NOW, "a");
    assert!(matches!(ask(&kit, &sent), Err(NotSeen::Unavailable(Unavailable::NoncesFull))));
    assert_eq!(code(&kit, &sent.change(|s| s.method = "PUT")), Code::SignatureInvalid, "without proof nobody hears of it");
    assert_eq!(code(&kit, &Sent::plain().tylt(0)), Code::Valid, "without a nonce nothing has to be remembered");
}

#[test]
fn a_second_host_is_not_chosen_from() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let twice = Sent::plain().by_secret(0, NOW, "a").change(|s| {
        s.add("Host", "api.example.com");
        s.add("host", "elsewhere.example");
    });
    assert_eq!(code(&kit, &twice), Code::Malformed);
}

#[test]
fn masses_of_wrong_signatures_stop_their_sender_and_not_the_one_that_they_name() {
    let pair = pair();
    let mut kit = kit(&[key_pair(&pair)]);
    let from = |kit: &Kit, sent: &Sent, source: Option<&str>| {
        sent.with(|request| kit.answer(&Question { request: Some(request), source_ip: source.map(|s| s.parse().unwrap()), ..Question::default() }))
    };
    let wrong = Sent::plain().signed(SDK_ID, NOW, "a", None, |_| vec![1; 64]);
    let right = |nonce: &str| Sent::plain().signed(SDK_ID, NOW, nonce, None, |base| pair.sign(Algorithm::Ed25519, base).unwrap());
    let (here, there) = (Some("192.0.2.1"), Some("192.0.2.2"));
    for _ in 0..limits::FAILED_CHECKS_OF_NODE {
        assert_eq!(from(&kit, &wrong, here).unwrap().code, Code::SignatureInvalid);
    }
    // An overload, and no verdict on whoever is named.
    assert!(matches!(from(&kit, &wrong, here), Err(NotSeen::Unavailable(Unavailable::TooManyWrong))));
    assert_eq!(from(&kit, &right("b"), there).unwrap().code, Code::Valid);
    for _ in 0..limits::FAILED_CHECKS_OF_NODE {
        let _ = from(&kit, &wrong, None);
    }
    assert_eq!(from(&kit, &right("c"), None).unwrap().code, Code::Valid, "nobody can tell the right from the wrong by an address that is not told");
    kit.pass(1);
    assert_eq!(from(&kit, &right("d"), here).unwrap().code, Code::Valid, "right ones cost nothing");
}
