use std::sync::Arc;

use keywright_crypto::mac::MacKey;
use keywright_crypto::scheme::http_message_signatures::algorithm::OTHER_ALGORITHM;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_domain::catalogue::{Catalogue, built_in};
use keywright_domain::credential::secret_form;
use keywright_domain::credential::{Credential, Environment, Kind, Material, NewVersion, Permissions, Restrictions, State, VersionState};
use keywright_domain::ids::{ApplicationId, CredentialId, OrganisationId};
use keywright_domain::time::Timestamp;
use zeroize::Zeroizing;

use super::fit::Prover;
use super::matter::{Looked, Matter};
use super::{SignatureExplained, SignatureQuestion};

const SECRET: &[u8] = b"kw_sk_test_not_a_whole_one";
const NOW_S: i64 = 1_763_700_000;

fn credential() -> Credential {
    let version = NewVersion { digest: [1; 32], material: Material::Digest, hint: "v001".into(), description: None, expires_at: None };
    Credential {
        id: CredentialId::from_bits(1),
        organisation: OrganisationId::from_bits(2),
        application: ApplicationId::from_bits(3),
        kind: Kind::Hmac,
        public_id: Some("k1".into()),
        service: "payments".into(),
        environment: Environment::Sandbox,
        name: "Back end".into(),
        permissions: Permissions::none(),
        restrictions: Restrictions::default(),
        state: State::Active,
        expires_at: None,
        created_at: Timestamp::from_us(0),
        revoked_at: None,
        token_form: None,
        tokens_not_before: None,
        versions: vec![version.numbered(1, VersionState::Active, Timestamp::from_us(0))],
    }
}

fn catalogue() -> Arc<Catalogue> {
    let mut catalogue = built_in();
    for service in catalogue.services.iter_mut().filter(|service| service.slug.as_str() == "payments") {
        service.sandbox_authorities = vec!["pay.example".into()];
    }
    Arc::new(catalogue)
}

fn prover(secret: &[u8]) -> Prover {
    Prover::of_secret(1, Zeroizing::new(secret.to_vec()))
}

fn explained(request: &str, provers: usize) -> SignatureExplained {
    explained_by(request, (0..provers).map(|_| prover(SECRET)).collect())
}

fn explained_by(request: &str, provers: Vec<Prover>) -> SignatureExplained {
    let question = SignatureQuestion { request: request.to_owned(), ..SignatureQuestion::default() };
    let now = Timestamp::from_us(NOW_S * 1_000_000);
    match (Matter { credential: credential(), catalogue: catalogue(), provers, question, now }).looked_at() {
        Ok(Looked::Told(explained)) => *explained,
        Ok(Looked::Unknown(unknown)) => unknown.told(&[]),
        Err(error) => panic!("{error}"),
    }
}

/// How a request is signed.
struct Way<'a> {
    scheme: UriScheme,
    authority: &'a str,
    components: &'a [&'a str],
    alg: Option<&'a str>,
    created_s: i64,
}

const RIGHT: Way<'static> =
    Way { scheme: UriScheme::Https, authority: "pay.example", components: &["@method", "@authority", "@path", "@query"], alg: None, created_s: NOW_S };

/// A request that was signed in this way and arrived for pay.example.
fn signed(way: &Way<'_>, extra: &str) -> String {
    let request = Request { method: "GET", scheme: way.scheme, authority: way.authority, target: "/orders?n=2", headers: &[], body: Body::None };
    let parameters = Parameters { created_s: way.created_s, expires_s: None, nonce: Some("n"), keyid: "k1", alg: way.alg, tag: None };
    let signed = sign::http_message_over(&request, "sig", way.components, &parameters).unwrap();
    let signature = signed.signature(&MacKey::new(SECRET).unwrap().sign(&[&signed.base]));
    format!("GET /orders?n=2 HTTP/1.1\nHost: pay.example\n{extra}Signature-Input: {}\nSignature: {signature}\n", signed.input())
}

#[test]
fn what_the_signature_says_of_its_algorithm_is_held_against_it_as_the_verifier_does() {
    for alg in ["rsa-v1_5-sha256", "hmac-sha512", "foo", "HMAC-SHA256"] {
        let told = explained(&signed(&Way { alg: Some(alg), ..RIGHT }, ""), 1);
        assert_eq!((told.fits, told.sentence.as_str(), told.version), (false, OTHER_ALGORITHM, Some(1)), "{alg}");
    }
    assert!(explained(&signed(&Way { alg: Some("hmac-sha256"), ..RIGHT }, ""), 1).fits);
}

#[test]
fn a_scheme_that_nobody_told_is_tried_both_ways() {
    for component in ["@target-uri", "@scheme"] {
        let components = ["@method", "@authority", "@path", "@query", component];
        for (scheme, says) in [(UriScheme::Https, "it fits as https: if"), (UriScheme::Http, "it fits as http, and not as https")] {
            let told = explained(&signed(&Way { scheme, components: &components, ..RIGHT }, ""), 1);
            assert!(told.fits && told.also[0].contains(says), "{component} {says}: {} {:?}", told.sentence, told.also);
            assert!(told.server.iter().any(|line| line.contains(scheme.as_str())), "{:?}", told.server);
        }
        let other = signed(&Way { components: &components, ..RIGHT }, "").replace("n=2", "m=3");
        let told = explained(&other, 1);
        assert!(!told.fits && told.notes.iter().any(|note| note.contains("https was assumed")), "{:?}", told.notes);
    }
    // What is not covered is not asked about, and what is told is not guessed.
    assert!(explained(&signed(&RIGHT, ""), 1).also.is_empty());
    let absolute = signed(&Way { components: &["@method", "@target-uri"], ..RIGHT }, "").replace("GET /", "GET https://pay.example/");
    assert!(explained(&absolute, 1).also.is_empty());
}

#[test]
fn a_host_that_a_proxy_changed_is_told_and_nobody_is_sent_to_where_they_are() {
    let tunnelled = signed(&RIGHT, "").replace("Host: pay.example", "Host: 127.0.0.1:9000");
    let told = explained(&tunnelled, 1);
    assert!(told.sentence.contains("signed for pay.example and arrived for 127.0.0.1:9000"), "{}", told.sentence);
    assert!(told.also.is_empty(), "{:?}", told.also);
    let elsewhere = signed(&Way { authority: "127.0.0.1:9000", ..RIGHT }, "").replace("Host: pay.example", "Host: 127.0.0.1:9000");
    assert!(explained(&elsewhere, 1).sentence.contains("the address of Payments is pay.example"));
}

#[test]
fn a_clock_leads_where_a_date_tells_it() {
    // 1763699900 and 1763700000.
    let (near, now) = ("Fri, 21 Nov 2025 04:38:20 GMT", "Fri, 21 Nov 2025 04:40:00 GMT");
    let late = Way { created_s: NOW_S - 412, ..RIGHT };
    let told = explained(&signed(&late, &format!("Date: {now}\n")), 1);
    assert!(told.sentence.contains("clock is off by 412 s") && told.also.is_empty(), "{} {:?}", told.sentence, told.also);
    let trace = |way: &Way<'_>, date: &str| {
        let sent: String = signed(way, "").lines().map(|line| format!("> {line}\n")).collect();
        format!("{sent}>\n< HTTP/1.1 401 Unauthorized\n< date: {date}\n")
    };
    assert!(explained(&trace(&late, now), 1).sentence.contains("clock is off by 412 s"));
    let old = Way { created_s: NOW_S - 4_000, ..RIGHT };
    let told = explained(&trace(&Way { created_s: NOW_S - 110, ..RIGHT }, near), 1);
    assert!(told.fits && told.also.is_empty(), "{} {:?}", told.sentence, told.also);
    // Without a date it may be pasted later.
    assert!(explained(&signed(&old, ""), 1).also[0].contains("paste it later"));
}

#[test]
fn where_the_text_cannot_be_right_it_is_not_said_that_nothing_fits_it() {
    let says_nothing = |request: &str, says: &str| {
        let told = explained(request, 1);
        let all = format!("{} {:?}", told.sentence, told.also);
        assert!(all.contains(says) && !all.contains("in no way"), "{all}");
    };
    says_nothing("GET /p?a=1 HTTP/1.1\nHost: pay.example\nX-TLP-APIKEY: k1\n", "no X-TLP-SIGNATURE header");
    says_nothing("GET /p?timestamp=1763700000 HTTP/1.1\nHost: pay.example\nX-Yoti-Auth-Digest: AAAA\n", "no parameter `nonce`");
    says_nothing(&signed(&RIGHT, "").replace("created=1763700000", "created=\"1763700000\""), "`created`");
    // Where it can, it is.
    assert!(explained(&signed(&RIGHT, "").replace("n=2", "m=3"), 1).sentence.contains("in no way that was tried"));
}

#[test]
fn a_secret_that_was_sent_leads_and_is_repeated_nowhere() {
    let made = |digit: char| {
        let mut key = "kw_sk_test_".to_owned() + &digit.to_string().repeat(secret_form::RANDOM_DIGITS);
        secret_form::complete(&mut key);
        key
    };
    let all = |told: &SignatureExplained| format!("{} {:?} {:?} {:?}", told.sentence, told.also, told.server, told.comparison);
    for count in [1, 30] {
        let keys: Vec<String> = ('A'..='Z').chain('a'..='z').map(made).take(count).collect();
        let head = signed(&RIGHT, &format!("Authorization: Bearer {}\n", keys.join(", "))).replace("keyid=\"k1\"", &format!("keyid=\"{}\"", keys[0]));
        let told = explained(&head, 1);
        assert!(!told.fits && told.sentence.contains("Rotate it"), "{}", told.sentence);
        assert!(keys.iter().all(|key| !all(&told).contains(&key[..20])), "{}", all(&told));
    }
    let told = explained(&format!("GET / HTTP/1.1\nHost: pay.example\nAuthorization: Bearer {}\n", made('x')), 1);
    assert!(told.sentence.contains("Rotate it") && told.also[0].contains("no Signature-Input header"), "{}", all(&told));
}

#[test]
fn another_hash_under_the_right_secret_is_named() {
    // Made with `printf a=1 | openssl dgst -sha512 -hmac kw_sk_test_not_a_whole_one`.
    let mac = "27f21e1ac80ac5e9c466a217b67ab20719889cc9ed3e7ce86e3b6b80afe44e73ea18f888f4f184e34ef673222ef130b9bf5a0200d048a12ef1bce32293d9335d";
    let told = explained(&format!("GET /p?a=1 HTTP/1.1\nHost: pay.example\nX-TLP-APIKEY: k1\nX-TLP-SIGNATURE: {mac}\n"), 1);
    assert!(told.sentence.contains("HMAC-SHA512 with the right secret"), "{}", told.sentence);
}

#[test]
fn trying_ends_however_long_the_request_is_and_however_many_secrets_there_are() {
    let body = "x".repeat(250_000);
    // Found by one of the later ways.
    let mac = sign::tylt_header(&MacKey::new(&[b"\"", SECRET, b"\""].concat()).unwrap().sign(&[body.as_bytes()]));
    let request = format!("POST /p?a=1 HTTP/1.1\nHost: pay.example\nX-TLP-APIKEY: k1\nX-TLP-SIGNATURE: {mac}\n\n{body}");
    let told = |others: usize| {
        let provers = (0..others).map(|_| prover(b"another one")).chain([prover(SECRET)]).collect();
        let told = explained_by(&request, provers);
        (told.sentence.contains("quotes around"), told.notes.iter().any(|note| note.contains("Not every way")))
    };
    assert_eq!(told(0), (true, false));
    assert_eq!(told(50), (false, true));
}
