//! The requests that explaining is tested with (`crates/crypto/corpus`), signed for real and judged: what somebody is told about a request is what the verifier says of it.

use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{Algorithm, KeyType};
use keywright_crypto::scheme::explain::{self, Ask, Explanation, Pasted, paste};
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign;
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::VersionState;
use keywright_domain::limits;

use super::signed_tests::{NOW, SDK_ID, SECRETS, api_key, hmac, key_pair, kit, maps};
use crate::Question;
use crate::fixture::START_S;

const BASE_PATHS: [&str; 2] = ["/api/v1", "/idverify/v1"];
/// When the requests were made, in seconds since 1970, and who made them.
const MADE_S: i64 = 1_763_700_000;
const MADE_BY: &str = "k1";
const MADE_BY_SDK: &str = "c31f2d9e-2f0b-4b6e-8d0a-0d5a7d6e4f11";

/// The request as one of this machine's clients makes it now: every time is as far from now as it was.
fn made_now(text: &str) -> String {
    let mut text = text.replace(MADE_BY_SDK, SDK_ID).replace(MADE_BY, &api_key());
    for s in [0, 400, -301, -1] {
        text = text.replace(&(MADE_S + s).to_string(), &(START_S + NOW + s).to_string());
    }
    text
}

fn explained(pasted: &Pasted) -> Option<Explanation> {
    let keyid = api_key();
    let ask = Ask {
        scheme: None,
        keyid: Some(&keyid),
        coverage: Coverage::STANDARD,
        base_paths: &BASE_PATHS,
        now_ms: Some((START_S + NOW) * 1_000),
        window_s: limits::SIGNATURE_WINDOW_S,
        signed_text: None,
    };
    explain::explain(pasted, &ask).ok()
}

#[test]
fn the_verifier_says_of_each_request_of_the_corpus_what_its_name_says() {
    let pair = KeyPair::generate(KeyType::Rsa2048).unwrap();
    let mut judged = 0;
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crypto/corpus")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut text = made_now(&std::fs::read_to_string(&path).unwrap());
        let Ok(pasted) = paste::read(&text) else { continue };
        if let Some(Explanation { scheme, text: Some(to_sign), .. }) = explained(&pasted) {
            let mac = MacKey::new(SECRETS[0]).unwrap().sign(&[&to_sign]);
            text = match scheme {
                Scheme::HttpMessageSignatures => text.replace("AAAA", &sign::yoti_header(&mac)),
                Scheme::Tylt => text.replace(&"ab".repeat(32), &sign::tylt_header(&mac)),
                Scheme::Yoti => text.replace("AAAA", &sign::yoti_header(&pair.sign(Algorithm::RsaPkcs1Sha256, &to_sign).unwrap())),
            };
        }
        let mut kit = kit(&[hmac(&[VersionState::Active]), key_pair(&pair)]);
        kit.page(vec![maps(|service| service.base_paths = BASE_PATHS.map(str::to_owned).to_vec())]);
        let said = paste::read(&text).unwrap().see(|request| kit.answer(&Question { request: Some(request), ..Question::default() }).unwrap().code);
        let wanted = name.split("--").next().unwrap().replace("clean", "valid");
        assert_eq!(said.as_str(), wanted, "{name}");
        judged += 1;
    }
    assert!(judged >= 50, "only {judged} requests were found");
}
