//! Requests that are proved by a signature: each way in which one is refused, and what is told before proof.

use std::sync::Arc;

use keywright_crypto::digest::sha256;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::keyring::Keyring;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{Algorithm, KeyType};
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_crypto::seal::MasterKey;
use keywright_domain::application;
use keywright_domain::catalogue::{BodyCheck, Scheme, Service};
use keywright_domain::change::{CredentialRecord, Record, VersionRecord};
use keywright_domain::credential::secret_form;
use keywright_domain::credential::{Environment, Kind, Material, State, VersionState};
use keywright_domain::limits;
use keywright_domain::verdict::Code;

use crate::fixture::{Kit, NotSeen, START_S, Told, application, at, catalogue, credential, organisation, resource_server, service};
use crate::verdict::{BodySeen, ReplayScope, Unavailable};
use crate::{NonceAnswer, NonceClaim, Question, Verifier};

pub(super) const SECRETS: [&[u8]; 2] = [b"kw_sk_live_the first secret", b"kw_sk_live_the second secret"];
pub(super) const SDK_ID: &str = "4c9a1d8e-5b7f-4a3c-9d2e-1f0a6b7c8d9e";

pub(super) fn api_key() -> String {
    let mut text = format!("kw_ak_live_{:030}", 7);
    secret_form::complete(&mut text);
    text
}

pub(super) fn keyring() -> Keyring {
    Keyring::of(&MasterKey::from_hex(&"5a".repeat(32)).unwrap())
}

/// An `hmac` credential with a version for each state.
pub(super) fn hmac(states: &[VersionState]) -> CredentialRecord {
    let base = credential(7);
    let sealed = |n: usize| {
        let digest = sha256(SECRETS[n]);
        let material = Material::Sealed(keyring().seal(base.id, &digest, SECRETS[n]).unwrap());
        VersionRecord { number: n as u32 + 1, state: states[n], digest, material, expires_at: None, ran_out: false }
    };
    let versions = (0..states.len()).map(sealed).collect();
    CredentialRecord { kind: Kind::Hmac, public_id: Some(api_key()), versions, ..base }
}

pub(super) fn pair() -> KeyPair {
    KeyPair::generate(KeyType::Ed25519).unwrap()
}

pub(super) fn key_pair(pair: &KeyPair) -> CredentialRecord {
    let public = pair.public();
    let material = Material::PublicKey(public.to_stored());
    let version = VersionRecord { number: 1, state: VersionState::Active, digest: public.fingerprint(), material, expires_at: None, ran_out: false };
    CredentialRecord { kind: Kind::KeyPair, public_id: Some(SDK_ID.into()), versions: vec![version], ..credential(8) }
}

pub(super) fn maps(change: impl FnOnce(&mut Service)) -> Record {
    let mut maps = Service { schemes: vec![Scheme::HttpMessageSignatures, Scheme::Tylt, Scheme::Yoti], ..service("maps") };
    change(&mut maps);
    catalogue(vec![maps, service("payments")])
}

pub(super) fn kit(records: &[CredentialRecord]) -> Kit {
    kit_of(Verifier::new().with_keyring(Arc::new(keyring())), records)
}

pub(super) fn kit_of(verifier: Verifier, records: &[CredentialRecord]) -> Kit {
    let records: Vec<Record> = std::iter::once(maps(|_| {})).chain(records.iter().cloned().map(Record::Credential)).collect();
    let mut kit = Kit::of(verifier, &records);
    kit.pass(10);
    kit
}

/// A request with its headers, to be changed after it was signed.
#[derive(Clone)]
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) target: String,
    pub(super) authority: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) unseen: bool,
}

impl Sent {
    pub(super) fn plain() -> Self {
        Self {
            method: "POST",
            target: "/pay?x=%20&y=1".into(),
            authority: "api.example.com",
            headers: vec![],
            body: Some(b"{\"a\": 1}".to_vec()),
            unseen: false,
        }
    }

    pub(super) fn with<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let body = match &self.body {
            _ if self.unseen => Body::Unseen,
            Some(bytes) => Body::Bytes(bytes),
            None => Body::None,
        };
        use_it(&Request { method: self.method, scheme: UriScheme::Https, authority: self.authority, target: &self.target, headers: &headers, body })
    }

    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.into(), value.into()));
    }

    pub(super) fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn replace(&mut self, name: &str, from: &str, to: &str) {
        let (_, value) = self.headers.iter_mut().find(|(known, _)| known == name).unwrap();
        assert!(value.contains(from), "{value}");
        *value = value.replace(from, to);
    }

    /// Signed by RFC 9421 at `created_s` (after the machine started).
    pub(super) fn signed(mut self, keyid: &str, created_s: i64, nonce: &str, alg: Option<&str>, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        if let Some(digest) = sign::digest_header(self.method, self.body.as_deref()) {
            self.add("Content-Digest", digest);
        }
        let parameters = Parameters { created_s: START_S + created_s, expires_s: None, nonce: Some(nonce), keyid, alg, tag: None };
        let to_sign = self.with(|request| sign::http_message(request, "sig1", &Coverage::STANDARD, &parameters)).unwrap();
        let (input, signature) = (to_sign.input(), to_sign.signature(&make(&to_sign.base)));
        self.add("Signature-Input", input);
        self.add("Signature", signature);
        self
    }

    pub(super) fn by_secret(self, version: usize, created_s: i64, nonce: &str) -> Self {
        self.signed(&api_key(), created_s, nonce, None, |base| MacKey::new(SECRETS[version]).unwrap().sign(&[base]).to_vec())
    }

    pub(super) fn tylt(mut self, version: usize) -> Self {
        let text = self.body.clone().unwrap_or_else(|| self.target.split_once('?').map_or("", |(_, query)| query).as_bytes().to_vec());
        let mac = sign::tylt_header(&MacKey::new(SECRETS[version]).unwrap().sign(&[&text]));
        self.add("X-TLP-APIKEY", api_key());
        self.add("X-TLP-SIGNATURE", mac);
        self
    }
}

pub(super) fn ask(kit: &Kit, sent: &Sent) -> Result<Told, NotSeen> {
    ask_with(kit, sent, None)
}

fn ask_with(kit: &Kit, sent: &Sent, nonce: Option<(NonceClaim, NonceAnswer)>) -> Result<Told, NotSeen> {
    sent.with(|request| kit.answer(&Question { request: Some(request), nonce, ..Question::default() }))
}

pub(super) fn code(kit: &Kit, sent: &Sent) -> Code {
    ask(kit, sent).unwrap().code
}

/// Now, in seconds after the machine started, as `kit` was made.
pub(super) const NOW: i64 = 20;

#[test]
fn a_signature_under_the_secret_proves_the_request_and_says_what_it_covers() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let told = ask(&kit, &Sent::plain().by_secret(0, NOW, "a")).unwrap();
    assert_eq!((told.code, told.version), (Code::Valid, Some(1)));
    let seen = told.signed.map(|signed| (signed.body, signed.digest_signed, signed.replay_scope));
    assert_eq!(seen, Some((BodySeen::Verified, true, ReplayScope::Node)));
    let get = Sent { method: "GET", body: None, ..Sent::plain() };
    assert_eq!(ask(&kit, &get.clone().by_secret(0, NOW, "b")).unwrap().signed.unwrap().body, BodySeen::None);
    let told = ask(&kit, &get.tylt(0)).unwrap();
    assert_eq!((told.code, told.signed.unwrap().replay_scope), (Code::Valid, ReplayScope::None));
    let again = Sent::plain().tylt(0);
    assert_eq!((code(&kit, &again), code(&kit, &again)), (Code::Valid, Code::Valid), "its form can be replayed, and says so");
}

#[test]
fn whatever_was_changed_after_signing_is_found_out() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let mut n = 0;
    let mut told = |change: fn(&mut Sent)| {
        n += 1;
        let told = ask(&kit, &Sent::plain().by_secret(0, NOW, &format!("n{n}")).change(change)).unwrap();
        assert!(told.code == Code::Valid || (told.version.is_none() && told.signed.is_none()), "nothing is told without proof");
        told
    };
    assert_eq!(told(|_| {}).code, Code::Valid);
    assert_eq!(told(|s| s.method = "PUT").code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.target = "/pay?x=+&y=1".into()).code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.target = "/pay?y=1&x=%20".into()).code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.target = "/pay/../pay?x=%20&y=1".into()).code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.authority = "other.example.com").code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.body = Some(b"{\"a\":1}".to_vec())).code, Code::DigestMismatch);
    assert_eq!(told(|s| s.body = Some(vec![])).code, Code::DigestMismatch);
    assert_eq!(told(|s| s.body = None).code, Code::DigestMismatch);
    assert_eq!(told(|s| s.unseen = true).code, Code::BodyUnavailable);
    assert_eq!(told(|s| s.replace("Signature", "sig1=:", "sig1=:AAAA")).code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.replace("Signature-Input", "created=18", "created=17")).code, Code::SignatureInvalid);
    assert_eq!(told(|s| s.replace("Content-Digest", "sha-256", "sha-512")).code, Code::Malformed);
    assert_eq!(told(|s| s.replace("Content-Digest", "sha-256", "md5")).code, Code::DigestMismatch);
    assert_eq!(told(|s| s.add("Signature", "sig1=:AAAA:")).code, Code::Malformed);
    assert_eq!(told(|s| s.headers.retain(|(name, _)| name != "Signature")).code, Code::SignatureMissing);
    assert_eq!(told(|s| s.headers.retain(|(name, _)| name != "Content-Digest")).code, Code::DigestMismatch);
    let uncovered = told(|s| s.replace("Signature-Input", "\"@path\" ", ""));
    let detail = uncovered.detail.unwrap();
    assert_eq!(
        (uncovered.code, detail.accept_signature.as_deref()),
        (Code::SignatureInvalid, Some("sig=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created"))
    );
    assert!(detail.sentence.contains("\"@path\""));
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused_whatever_was_signed() {
    let pair = pair();
    let kit = kit(&[hmac(&[VersionState::Active]), key_pair(&pair)]);
    let mac = |base: &[u8]| MacKey::new(SECRETS[0]).unwrap().sign(&[base]).to_vec();
    let by = |alg| Sent::plain().signed(&api_key(), NOW, "a", alg, mac);
    assert_eq!(code(&kit, &by(Some("ed25519"))), Code::SignatureInvalid);
    assert_eq!(code(&kit, &by(Some("hmac-sha256"))), Code::Valid);
    let sign = |base: &[u8]| pair.sign(Algorithm::Ed25519, base).unwrap();
    assert_eq!(code(&kit, &Sent::plain().signed(SDK_ID, NOW, "a", Some("hmac-sha256"), sign)), Code::SignatureInvalid);
    // The public key as if it were a secret.
    let as_secret = |base: &[u8]| MacKey::new(&pair.public().to_spki_der()).unwrap().sign(&[base]).to_vec();
    assert_eq!(code(&kit, &Sent::plain().signed(SDK_ID, NOW, "b", None, as_secret)), Code::SignatureInvalid);
    assert_eq!(code(&kit, &Sent::plain().signed(SDK_ID, NOW, "c", None, sign)), Code::Valid);
    assert_eq!(code(&kit, &Sent::plain().signed(&SDK_ID.to_uppercase(), NOW, "d", Some("ed25519"), sign)), Code::Valid);
}

#[test]
fn time_and_nonce_count_after_the_signature() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let window = i64::from(limits::SIGNATURE_WINDOW_S);
    for (created_s, nonce, wanted) in [
        (NOW + window + 1, "a", Code::TimestampOutOfWindow),
        (NOW - window - 1, "a", Code::TimestampOutOfWindow),
        (NOW, "a", Code::Valid),
        (NOW - 1, "a", Code::NonceReused),
    ] {
        assert_eq!(code(&kit, &Sent::plain().by_secret(0, created_s, nonce)), wanted, "{created_s}");
    }
    // Within the window, once somebody has put the nonce on disk.
    assert!(matches!(ask(&kit, &Sent::plain().by_secret(0, NOW + window, "ahead")), Err(NotSeen::Need(_))));
    let wrong = Sent::plain().by_secret(0, NOW, "fresh").change(|s| s.method = "PUT");
    assert_eq!(code(&kit, &wrong), Code::SignatureInvalid);
    assert_eq!(code(&kit, &Sent::plain().by_secret(0, NOW, "fresh")), Code::Valid, "a wrong signature uses no nonce up");
    let nonce = |to: &str| Sent::plain().by_secret(0, NOW, "other").change(|s| s.replace("Signature-Input", "nonce=\"other\"", to));
    assert_eq!(code(&kit, &nonce(&format!("nonce=\"{}\"", "n".repeat(10_000)))), Code::Malformed);
    assert_eq!(code(&kit, &nonce("nonce=\"\"")), Code::Malformed);
    assert_eq!(code(&kit, &nonce("tag=\"other\"")), Code::SignatureInvalid);
}

#[test]
fn what_was_signed_before_the_memory_began_is_not_judged() {
    let kit = kit(&[hmac(&[VersionState::Active])]);
    let early = ask(&kit, &Sent::plain().by_secret(0, 5, "a"));
    assert!(matches!(early, Err(NotSeen::Unavailable(Unavailable::NoncesTooYoung))));
    let wrong = Sent::plain().by_secret(0, 5, "a").change(|s| s.method = "PUT");
    assert_eq!(code(&kit, &wrong), Code::SignatureInvalid, "without proof nobody hears of it");
}

#[test]
fn in_a_cluster_all_nodes_are_asked_once_the_signature_fits() {
    let kit = kit_of(Verifier::new().with_keyring(Arc::new(keyring())).sharing_nonces(), &[hmac(&[VersionState::Active])]);
    let sent = Sent::plain().by_secret(0, NOW, "a");
    let Err(NotSeen::Need(claim)) = ask(&kit, &sent) else { panic!("it does not ask") };
    let with = |claim, answer| ask_with(&kit, &sent, Some((claim, answer)));
    let told = with(claim, NonceAnswer::Fresh).unwrap();
    assert_eq!((told.code, told.signed.unwrap().replay_scope), (Code::Valid, ReplayScope::Cluster));
    assert_eq!(with(claim, NonceAnswer::Reused).unwrap().code, Code::NonceReused);
    assert!(matches!(with(NonceClaim { created: at(1), ..claim }, NonceAnswer::Fresh), Err(NotSeen::Need(_))), "an answer to another claim is none");
    assert_eq!(code(&kit, &sent.clone().change(|s| s.method = "PUT")), Code::SignatureInvalid);
    assert_eq!(code(&kit, &Sent::plain().tylt(0)), Code::Valid, "without a nonce nobody is asked");
}

#[test]
fn both_secrets_pass_during_an_overlap_and_a_retired_one_is_told_after_proof() {
    let mut kit = kit(&[hmac(&[VersionState::Retiring { until: at(NOW + 100) }, VersionState::Active])]);
    let told = |kit: &Kit, version, nonce: &str| {
        let told = ask(kit, &Sent::plain().by_secret(version, i64::try_from(kit.ms).unwrap() / 1_000, nonce)).unwrap();
        (told.code, told.version)
    };
    assert_eq!((told(&kit, 0, "a"), told(&kit, 1, "b")), ((Code::Valid, Some(1)), (Code::Valid, Some(2))));
    kit.pass(100);
    assert_eq!((told(&kit, 0, "c"), told(&kit, 1, "d")), ((Code::RetiredVersion, Some(1)), (Code::Valid, Some(2))));
    assert_eq!(code(&kit, &Sent::plain().tylt(0)), Code::RetiredVersion);
}

/// From outside all of these look the same: nobody who cannot sign learns how a credential is.
#[test]
fn without_proof_a_live_credential_looks_like_one_that_has_ended() {
    let live = hmac(&[VersionState::Active]);
    let others = [
        CredentialRecord { state: State::Revoked, revoked_at: Some(at(1)), ..live.clone() },
        CredentialRecord { state: State::Suspended, ..live.clone() },
        CredentialRecord { expires_at: Some(at(1)), ..live.clone() },
        CredentialRecord { networks: "192.0.2.0/24".into(), ..live.clone() },
        CredentialRecord { rate_limit: Some("1/1d".parse().unwrap()), ..live.clone() },
        hmac(&[VersionState::Retired { since: at(1) }]),
        live.clone(),
    ];
    let wrong: [Sent; 4] = [
        Sent::plain().by_secret(0, NOW, "a").change(|s| s.method = "PUT"),
        Sent::plain().by_secret(1, NOW, "a"),
        Sent::plain().tylt(1),
        Sent::plain().by_secret(0, NOW, "a").change(|s| s.body = None),
    ];
    for record in others {
        let kit = kit(&[record]);
        for (sent, wanted) in wrong.iter().zip([Code::SignatureInvalid, Code::SignatureInvalid, Code::SignatureInvalid, Code::DigestMismatch]) {
            let told = ask(&kit, sent).unwrap();
            assert_eq!((told.code, told.version, told.signed), (wanted, None, None));
        }
        assert!(kit.verifier.take_report().uses.is_empty(), "nothing is counted");
    }
    // Wrong ones use nothing of a rate limit up, and whether it is used up is told to whoever can sign.
    let limited = kit(&[CredentialRecord { rate_limit: Some("1/1d".parse().unwrap()), ..live.clone() }]);
    let told = [&wrong[0], &Sent::plain().by_secret(0, NOW, "b"), &wrong[0], &Sent::plain().by_secret(0, NOW, "c"), &wrong[0]].map(|sent| code(&limited, sent));
    assert_eq!(told, [Code::SignatureInvalid, Code::Valid, Code::SignatureInvalid, Code::RateLimited, Code::SignatureInvalid]);
    let mut kit = kit(&[live]);
    kit.page(vec![application(application::State::Inactive), organisation(true)]);
    assert_eq!(code(&kit, &wrong[0]), Code::SignatureInvalid);
}

#[test]
fn before_proof_comes_whose_key_it_is() {
    let mut kit = kit(&[hmac(&[VersionState::Active])]);
    let named = |keyid: &str| Sent::plain().signed(keyid, NOW, "a", None, |_| vec![0; 32]);
    let other = {
        let mut text = format!("kw_ak_live_{:030}", 9);
        secret_form::complete(&mut text);
        text
    };
    assert_eq!(code(&kit, &named(&api_key()[1..])), Code::Malformed);
    assert_eq!(code(&kit, &named(&other)), Code::Unknown);
    assert_eq!(code(&kit, &named("00000000-0000-4000-8000-000000000000")), Code::Unknown);
    // A public half alone, also where a credential is expected.
    let bare = |kit: &Kit, text: &str| kit.ask(&Question { credential: text.as_bytes(), ..Question::default() }).unwrap().code;
    assert_eq!((bare(&kit, &api_key()), bare(&kit, &other)), (Code::SignatureMissing, Code::Unknown));
    let mut bearer = Sent::plain();
    bearer.add("Authorization", format!("Bearer {}", api_key()));
    assert_eq!((code(&kit, &bearer), code(&kit, &Sent::plain())), (Code::SignatureMissing, Code::SignatureMissing));
    kit.page(vec![resource_server(&["maps"], &[Environment::Sandbox])]);
    assert_eq!(code(&kit, &named(&api_key())), Code::WrongEnvironment);
    kit.page(vec![resource_server(&["payments"], &Environment::ALL)]);
    assert_eq!(code(&kit, &named(&api_key())), Code::WrongService);
    kit.page(vec![resource_server(&["maps"], &Environment::ALL), maps(|s| s.schemes = vec![Scheme::Tylt])]);
    assert_eq!(code(&kit, &Sent::plain().by_secret(0, NOW, "a")), Code::SignatureMissing, "the service takes another scheme");
    kit.page(vec![maps(|s| s.production_authorities = vec!["maps.example.com".into()])]);
    let seen = ask(&kit, &Sent::plain().by_secret(0, NOW, "a")).unwrap();
    assert_eq!((seen.code, seen.detail.unwrap().sentence.contains("@authority")), (Code::WrongService, true), "signed for another host");
    assert_eq!(code(&kit, &Sent { authority: "maps.example.com", ..Sent::plain() }.by_secret(0, NOW, "a")), Code::Valid);
}

#[test]
fn a_service_may_leave_the_body_to_its_upstream() {
    let mut kit = kit(&[hmac(&[VersionState::Active])]);
    kit.page(vec![maps(|s| s.body_check = BodyCheck::Upstream)]);
    let unseen = |sent: Sent| sent.change(|s| s.unseen = true);
    let told = ask(&kit, &unseen(Sent::plain().by_secret(0, NOW, "a"))).unwrap();
    assert_eq!((told.code, told.signed.unwrap().body, told.signed.unwrap().digest_signed), (Code::Valid, BodySeen::Unchecked, true));
    let get = Sent { method: "GET", body: None, ..Sent::plain() };
    let told = ask(&kit, &unseen(get.by_secret(0, NOW, "b"))).unwrap();
    assert_eq!((told.code, told.signed.unwrap().digest_signed), (Code::Valid, false));
    assert_eq!(code(&kit, &unseen(Sent::plain().tylt(0))), Code::BodyUnavailable, "what signs the body itself must see it");
}

#[test]
fn several_signatures_are_fine_while_one_of_them_is_ours() {
    let pair = pair();
    let kit = kit(&[hmac(&[VersionState::Active]), key_pair(&pair)]);
    let beside = |sent: Sent, input: &str| {
        sent.change(|s| {
            s.replace("Signature-Input", "sig1=", &format!("{input}, sig1="));
            s.replace("Signature", "sig1=", "other=:AAAA:, sig1=");
        })
    };
    let proxy = beside(Sent::plain().by_secret(0, NOW, "a"), "other=(\"@method\");keyid=\"a proxy\"");
    assert_eq!(code(&kit, &proxy), Code::Valid);
    let two = beside(Sent::plain().by_secret(0, NOW, "b"), &format!("other=(\"@method\");keyid=\"{SDK_ID}\""));
    assert_eq!(code(&kit, &two), Code::Malformed, "two of ours could be read in two ways");
    let mut many = Sent::plain();
    let labels: Vec<String> = (0..200).map(|n| format!("s{n}=();keyid=\"x\"")).collect();
    many.add("Signature-Input", labels.join(", "));
    many.add("Signature", (0..200).map(|n| format!("s{n}=:AAAA:")).collect::<Vec<_>>().join(", "));
    assert_eq!(code(&kit, &many), Code::Malformed);
    let mixed = Sent::plain().by_secret(0, NOW, "c").tylt(0);
    assert_eq!(code(&kit, &mixed), Code::Malformed, "two schemes at once");
}

#[test]
fn a_node_without_the_key_says_so_and_blames_nobody() {
    let kit = kit_of(Verifier::new(), &[hmac(&[VersionState::Active])]);
    assert!(matches!(ask(&kit, &Sent::plain().by_secret(0, NOW, "a")), Err(NotSeen::Unavailable(Unavailable::Locked))));
    let other = Keyring::of(&MasterKey::generate().unwrap());
    let kit = kit_of(Verifier::new().with_keyring(Arc::new(other)), &[hmac(&[VersionState::Active])]);
    assert!(matches!(ask(&kit, &Sent::plain().tylt(0)), Err(NotSeen::Unavailable(Unavailable::Locked))));
}

#[test]
fn yotis_digest_is_checked_with_everything_that_it_covers() {
    let pair = KeyPair::generate(KeyType::Rsa2048).unwrap();
    let mut kit = kit(&[key_pair(&pair)]);
    kit.page(vec![maps(|s| s.base_paths = vec!["/api/v1".into()])]);
    let nonce = |n: u8| format!("00000000-0000-4000-8000-0000000000{n:02X}");
    let signed = |n: u8, s: i64, body: &[u8], endpoint: &str| {
        let to_sign = sign::yoti("POST", "/api/v1", endpoint, &nonce(n), (START_S + s) * 1_000, body).unwrap();
        let header = sign::yoti_header(&pair.sign(Algorithm::RsaPkcs1Sha256, &to_sign.text).unwrap());
        let mut sent = Sent { target: to_sign.target, body: Some(body.to_vec()), ..Sent::plain() };
        sent.add("X-Yoti-Auth-Digest", header);
        sent
    };
    let with_id = |sent: Sent| sent.change(|s| s.add("X-Yoti-Auth-Id", SDK_ID));
    let told = ask(&kit, &with_id(signed(1, NOW, b"{}", "/check"))).unwrap();
    assert_eq!((told.code, told.signed.unwrap().body, told.signed.unwrap().replay_scope), (Code::Valid, BodySeen::Verified, ReplayScope::Node));
    assert_eq!(code(&kit, &with_id(signed(1, NOW, b"{}", "/check"))), Code::NonceReused);
    for (n, endpoint) in [
        (2, format!("/check?appId={SDK_ID}")),
        (3, format!("/check?sdkId={SDK_ID}")),
        (4, format!("/check?sdkID={SDK_ID}")),
        (5, format!("/apps/{SDK_ID}/tokens")),
    ] {
        assert_eq!(code(&kit, &signed(n, NOW, b"{}", &endpoint)), Code::Valid, "{endpoint}");
    }
    assert_eq!(code(&kit, &signed(6, NOW, b"{}", "/check")), Code::SignatureMissing, "nobody is named");
    assert_eq!(code(&kit, &with_id(signed(7, NOW, b"{}", "/check")).change(|s| s.body = Some(b"{ }".to_vec()))), Code::SignatureInvalid);
    assert_eq!(code(&kit, &with_id(signed(8, NOW + 301, b"{}", "/check"))), Code::TimestampOutOfWindow);
    assert_eq!(code(&kit, &with_id(signed(9, NOW, b"{}", "/check")).change(|s| s.target = s.target.replace("/api/v1", "/v2"))), Code::SignatureInvalid);
    assert_eq!(code(&kit, &with_id(signed(10, NOW, b"{}", "/check")).change(|s| s.unseen = true)), Code::BodyUnavailable);
    let other = KeyPair::generate(KeyType::Ed25519).unwrap();
    let with_key = |n, der: Vec<u8>| with_id(signed(n, NOW, b"{}", "/check")).change(|s| s.add("X-Yoti-Auth-Key", sign::yoti_header(&der)));
    assert_eq!(code(&kit, &with_key(11, pair.public().to_spki_der())), Code::Valid);
    assert_eq!(code(&kit, &with_key(12, other.public().to_spki_der())), Code::SignatureInvalid);
}
