use proptest::prelude::*;

use super::*;
use crate::mac::MacKey;
use crate::signing_key::SigningAlgorithm;

const ES256: &[Algorithm] = &[Algorithm::EcdsaP256Sha256];

fn key() -> SigningKey {
    SigningKey::generate(SigningAlgorithm::Es256).unwrap()
}

fn claims(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

/// A token with this header and these claims, signed by the key whatever they say.
fn token(key: &SigningKey, header: &str, claims: &str) -> String {
    let input = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

/// The same whether the key is parsed anew or kept parsed.
fn fault(token: &str, key: &PublicKey) -> Option<Fault> {
    let fault = read(token).and_then(|token| token.verify(key, ES256)).err();
    if let Some(parsed) = ParsedKey::new(key, Algorithm::EcdsaP256Sha256) {
        assert_eq!(read(token).and_then(|token| token.verify_parsed(&parsed)).err(), fault);
    }
    fault
}

#[test]
fn a_header_that_would_choose_key_or_algorithm_is_refused() {
    let key = key();
    let jwk = key.public_jwk();
    let cases = [
        (r#"{"alg":"none"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"None"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"HS256"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"es256"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"ES256 "}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":["ES256"]}"#.to_owned(), Fault::Header("alg")),
        (r#"{"alg":null}"#.to_owned(), Fault::Header("alg")),
        (r#"{"typ":"at+jwt"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"RS256"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"ES384"}"#.to_owned(), Fault::Algorithm),
        (r#"{"alg":"EdDSA"}"#.to_owned(), Fault::Algorithm),
        (format!(r#"{{"alg":"ES256","jwk":{jwk}}}"#), Fault::Header("jwk")),
        (r#"{"alg":"ES256","jku":"https://a.example/"}"#.to_owned(), Fault::Header("jku")),
        (r#"{"alg":"ES256","x5u":"https://a.example/"}"#.to_owned(), Fault::Header("x5u")),
        (r#"{"alg":"ES256","x5c":[]}"#.to_owned(), Fault::Header("x5c")),
        (r#"{"alg":"ES256","crit":["exp"]}"#.to_owned(), Fault::Header("crit")),
        (r#"{"alg":"ES256","crit":[]}"#.to_owned(), Fault::Header("crit")),
        (r#"{"alg":"ES256","b64":false}"#.to_owned(), Fault::Header("b64")),
        (r#"{"alg":"ES256","zip":"DEF"}"#.to_owned(), Fault::Header("zip")),
        (r#"{"alg":"ES256","kid":7}"#.to_owned(), Fault::Header("kid")),
        (format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(257)), Fault::Header("kid")),
        (r#"{"alg":"none","alg":"ES256"}"#.to_owned(), Fault::Json),
        (r#"{"alg":"ES256","\u0061lg":"ES256"}"#.to_owned(), Fault::Json),
        (r#"["ES256"]"#.to_owned(), Fault::Json),
        (r#"{"alg":"ES256"} x"#.to_owned(), Fault::Json),
        (String::new(), Fault::Json),
    ];
    for (header, wanted) in cases {
        assert_eq!(fault(&token(&key, &header, "{}"), key.public()), Some(wanted), "{header}");
    }
    assert_eq!(fault(&token(&key, r#"{"alg":"ES256","x5t":"ignored","own":1}"#, "{}"), key.public()), None);
}

/// The public key as the secret of an HMAC, in each form in which a confused verifier could hold it; and a token without a signature.
#[test]
fn a_token_that_needs_no_private_key_is_refused() {
    let key = key();
    let public = key.public();
    for secret in [public.to_spki_pem().as_bytes(), &public.to_spki_der(), &public.to_stored()[1..]] {
        let input = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part("{}"));
        // As RFC 2104 section 2 does with a secret above a block.
        let secret = if secret.len() > 64 { crate::digest::sha256(secret).to_vec() } else { secret.to_vec() };
        let mac = MacKey::new(&secret[..secret.len().min(64)]).unwrap().sign(&[input.as_bytes()]);
        assert_eq!(fault(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac)), public), Some(Fault::Algorithm));
    }
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"ES256"}"#] {
        let wanted = if header.contains("none") { Fault::Algorithm } else { Fault::Signature };
        assert_eq!(fault(&format!("{}.{}.", part(header), part("{}")), public), Some(wanted));
    }
}

#[test]
fn signatures_in_other_forms_are_refused() {
    let key = key();
    let good = sign(&key, ACCESS_TOKEN, &claims(json!({"sub": "a"}))).unwrap();
    assert_eq!(fault(&good, key.public()), None);
    let (input, signature) = good.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let (r, s) = signature.split_at(32);
    let zero = [0; 32];
    // n, the order of P-256 (FIPS 186-5): r and s must be below it.
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let der = {
        use crate::public_key::der::{element, tag, unsigned};
        let number = |bytes: &[u8]| unsigned(&bytes[bytes.iter().take_while(|b| **b == 0).count()..]);
        element(tag::SEQUENCE, &[&number(r), &number(s)])
    };
    let cases = [
        [&zero[..], &zero].concat(),
        [&zero[..], s].concat(),
        [r, &zero].concat(),
        [&order[..], s].concat(),
        [r, &order].concat(),
        [&order[..], &order].concat(),
        [&[0], r, s].concat(),
        [&[0], r, &[0], s].concat(),
        [r, s, &[0]].concat(),
        [s, r].concat(),
        signature[..63].to_vec(),
        vec![0xff; 64],
        der,
    ];
    for (at, other) in cases.iter().enumerate() {
        assert_eq!(fault(&format!("{input}.{}", URL_SAFE_NO_PAD.encode(other)), key.public()), Some(Fault::Signature), "case {at}");
    }
}

#[test]
fn a_token_has_one_text() {
    let key = key();
    let good = sign(&key, ACCESS_TOKEN, &claims(json!({"sub": "a"}))).unwrap();
    for at in 0..good.len() {
        assert!(fault(&good[..at], key.public()).is_some(), "cut at {at}");
    }
    for text in [format!(" {good}"), format!("{good}\n"), good.replacen('.', " .", 1), format!("{good}="), format!("{good}.")] {
        assert!(matches!(fault(&text, key.public()), Some(Fault::Base64 | Fault::Parts)), "{text}");
    }
    // A signature of 64 bytes has 86 characters: the last has four bits that say nothing, and must be zero.
    let last = good.len() - 1;
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.iter().position(|b| *b == good.as_bytes()[last]).unwrap();
    for bits in 1..16 {
        assert_eq!(value & 15, 0);
        let text = format!("{}{}", &good[..last], char::from(alphabet[value | bits]));
        assert_eq!(fault(&text, key.public()), Some(Fault::Base64));
    }
    assert_eq!(read(&"a".repeat(1_000_000)).err(), Some(Fault::TooLong));
    assert_eq!(read(&format!("{good}{}", ".".repeat(TOKEN_BYTES_MAX - good.len() + 1))).err(), Some(Fault::TooLong));
    assert_eq!(read("a.b").err(), Some(Fault::Parts));
    // JWE has five parts.
    assert_eq!(read("a.b.c.d.e").err(), Some(Fault::Parts));
}

#[test]
fn claims_are_there_once_and_of_their_types() {
    let key = key();
    let of = |claims: &str| read(&token(&key, r#"{"alg":"ES256"}"#, claims)).and_then(|token| token.verify(key.public(), ES256));
    for text in [r#"{"sub":"a","sub":"b"}"#, r#"{"a":{"b":1,"b":1}}"#, r#"{"sub":"a","s\u0075b":"b"}"#, "[]", "7", "", "{", r#"{"exp":1e999}"#] {
        assert_eq!(of(text).err(), Some(Fault::Json), "{text}");
    }
    assert_eq!(of(&format!("{}{}", r#"{"a":"#.repeat(200), "1".to_owned() + &"}".repeat(200))).err(), Some(Fault::Json));
    for (text, name) in [
        (r#"{"iss":7}"#, "iss"),
        (r#"{"sub":null}"#, "sub"),
        (r#"{"jti":{}}"#, "jti"),
        (r#"{"scope":["a"]}"#, "scope"),
        (r#"{"client_id":1}"#, "client_id"),
        (r#"{"aud":[]}"#, "aud"),
        (r#"{"aud":["a",1]}"#, "aud"),
        (r#"{"aud":1}"#, "aud"),
        (r#"{"exp":"1"}"#, "exp"),
        (r#"{"exp":1e300}"#, "exp"),
        (r#"{"nbf":null}"#, "nbf"),
        (r#"{"iat":true}"#, "iat"),
    ] {
        assert_eq!(of(text).err(), Some(Fault::Claim(name)), "{text}");
    }
    let read = of(r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":10.9,"nbf":5.1,"iat":-3.5,"jti":"j","scope":"x  y","client_id":"c","azp":"z"}"#).unwrap();
    assert_eq!((read.issuer(), read.subject(), read.token_id(), read.client_id()), (Some("i"), Some("s"), Some("j"), Some("c")));
    assert_eq!((read.expires_at_s(), read.not_before_s(), read.issued_at_s()), (Some(10), Some(6), Some(-4)));
    assert_eq!(read.audiences().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(read.scopes().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(read.get("azp"), Some(&json!("z")));
    assert_eq!(of(r#"{"aud":"one"}"#).unwrap().audiences().collect::<Vec<_>>(), ["one"]);
    assert_eq!(of("{}").unwrap().audiences().count() + of("{}").unwrap().scopes().count(), 0);
}

#[test]
fn a_token_is_verified_by_its_own_key_for_what_the_caller_takes() {
    for algorithm in SigningAlgorithm::ALL {
        let (key, stranger) = (SigningKey::generate(algorithm).unwrap(), SigningKey::generate(algorithm).unwrap());
        let token = sign(&key, ACCESS_TOKEN, &claims(json!({"sub": "a", "exp": 10}))).unwrap();
        let allowed = [algorithm.algorithm()];
        let unverified = read(&token).ok().unwrap();
        assert_eq!((unverified.key_id(), unverified.algorithm()), (Some(key.key_id()), algorithm.algorithm()));
        assert_eq!(unverified.unproved().subject(), Some("a"));
        assert_eq!(unverified.verify(key.public(), &allowed).unwrap().expires_at_s(), Some(10));
        let again = || read(&token).ok().unwrap();
        assert_eq!(again().verify(stranger.public(), &allowed).err(), Some(Fault::Signature));
        let parsed = |key: &SigningKey, by: SigningAlgorithm| ParsedKey::new(key.public(), by.algorithm());
        assert_eq!(again().verify_parsed(&parsed(&key, algorithm).unwrap()).unwrap().expires_at_s(), Some(10));
        assert_eq!(again().verify_parsed(&parsed(&stranger, algorithm).unwrap()).err(), Some(Fault::Signature));
        for other in SigningAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(parsed(&key, other).is_none(), "a key is of one kind");
            let other = parsed(&SigningKey::generate(other).unwrap(), other).unwrap();
            assert_eq!(again().verify_parsed(&other).err(), Some(Fault::Algorithm));
        }
        assert_eq!(again().verify(key.public(), &[]).err(), Some(Fault::Algorithm));
        assert_eq!(again().verify(key.public(), &[Algorithm::EcdsaP384Sha384]).err(), Some(Fault::Algorithm));
        let (head, rest) = token.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let changed = format!("{head}.{}.{signature}", part(r#"{"sub":"b","exp":10}"#));
        assert_eq!(read(&changed).and_then(|token| token.verify(key.public(), &allowed)).err(), Some(Fault::Signature));
        assert_eq!(read(&changed).and_then(|token| token.verify_parsed(&parsed(&key, algorithm).unwrap())).err(), Some(Fault::Signature));
    }
}

#[test]
fn a_type_is_compared_without_case_and_with_its_long_form() {
    let key = key();
    let typed = |header: &str| read(&token(&key, header, "{}")).ok().map(|token| (token.has_typ(), token.typ_is(ACCESS_TOKEN)));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        assert_eq!(typed(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#)), Some((true, true)), "{typ}");
    }
    for typ in ["JWT", "", "at+jwt ", "application/", "application/application/at+jwt", "text/at+jwt", "äpplication/at+jwt"] {
        assert_eq!(typed(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#)), Some((true, false)), "{typ}");
    }
    assert_eq!(typed(r#"{"alg":"ES256"}"#), Some((false, false)));
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), header in any::<String>(), claims in any::<String>()) {
        let _ = read(&text);
        let _ = read(&format!("{}.{}.{text}", part(&header), part(&claims)));
        let _ = read(&format!("{}.{}.AAAA", part(r#"{"alg":"ES256"}"#), part(&format!(r#"{{"exp":{header:?},"x":{claims:?}}}"#))));
    }

    #[test]
    fn a_changed_character_is_always_seen(at in 0usize..400, to in "[0-9A-Za-z_.=-]") {
        let key = key();
        let good = sign(&key, ACCESS_TOKEN, &claims(json!({"sub": "a"}))).unwrap();
        let at = at % good.len();
        let mut changed = good.clone();
        changed.replace_range(at..=at, &to);
        prop_assert_eq!(fault(&changed, key.public()).is_none(), changed == good);
    }
}
