use proptest::prelude::*;

use super::*;

/// Requests that OpenSSL 3.0 made, with `openssl req -new`.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name, ".pem"))
    };
}

/// A request and, made by `openssl pkey -pubout`, the key in it.
const GOOD: [(&str, &str); 7] = [
    (fixture!("rsa2048"), include_str!("../public_key/fixtures/rsa2048.pem")),
    (fixture!("rsa4096"), include_str!("../public_key/fixtures/rsa4096.pem")),
    (fixture!("p256"), include_str!("../public_key/fixtures/p256.pem")),
    (fixture!("p256_sha384"), include_str!("../public_key/fixtures/p256.pem")),
    (fixture!("p384"), include_str!("../public_key/fixtures/p384.pem")),
    (fixture!("p384_sha256"), include_str!("../public_key/fixtures/p384.pem")),
    (fixture!("ed"), include_str!("../public_key/fixtures/ed.pem")),
];

fn der(pem: &str) -> Vec<u8> {
    Block::first(pem).unwrap().ok().unwrap().bytes().unwrap().to_vec()
}

#[test]
fn a_request_that_another_key_signed_is_refused() {
    let (one, other) = (der(fixture!("p256")), der(fixture!("p256_sha384")));
    let parts = |request: &[u8]| {
        let mut inside = Reader::new(request).sequence().unwrap();
        let mut next = |tag| inside.element(tag).unwrap().0.to_vec();
        [next(tag::SEQUENCE), next(tag::SEQUENCE), next(tag::BIT_STRING)]
    };
    let ([information, _, _], [_, algorithm, signature]) = (parts(&one), parts(&other));
    let mixed = crate::public_key::der::element(tag::SEQUENCE, &[&information, &algorithm, &signature]);
    assert_eq!(read_der(&mixed), Err(RequestFault::Signature));
    let [_, rsa, _] = parts(&der(fixture!("rsa2048")));
    let mixed = crate::public_key::der::element(tag::SEQUENCE, &[&information, &rsa, &signature]);
    assert_eq!(read_der(&mixed), Err(RequestFault::Algorithm));
}

#[test]
fn what_is_no_request_that_we_take_is_called_by_its_name() {
    use crate::public_key::Weakness;
    let good = fixture!("p256");
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAAA\n-----END {label}-----\n");
    let cases = [
        (fixture!("rsa_pss").to_owned(), RequestFault::Algorithm),
        (fixture!("rsa_sha1").to_owned(), RequestFault::Algorithm),
        (fixture!("rsa1024").to_owned(), RequestFault::Key(KeyFault::Weak(Weakness::RsaTooShort { bits: 1024 }))),
        (fixture!("p521").to_owned(), RequestFault::Key(KeyFault::Unsupported)),
        (format!("{}{good}", block("PRIVATE KEY")), RequestFault::Key(KeyFault::Private)),
        ("-----BEGIN PRIVATE KEY-----\nMIIE".into(), RequestFault::Key(KeyFault::Private)),
        (block("CERTIFICATE"), RequestFault::Form),
        (block("PUBLIC KEY"), RequestFault::Form),
        (block("CERTIFICATE REQUEST"), RequestFault::Der),
        (String::new(), RequestFault::Form),
        (good[..good.len() - 40].to_owned(), RequestFault::Pem),
        (format!("{good}{good}"), RequestFault::Several),
        (" ".repeat(20_000), RequestFault::Key(KeyFault::TooLong)),
    ];
    for (text, wanted) in cases {
        assert_eq!(read(&text), Err(wanted), "{text}");
    }
}

#[test]
fn requests_of_openssl_give_their_key() {
    for (request, key) in GOOD {
        let key = PublicKey::read(key).unwrap();
        assert_eq!(read(request).as_ref(), Ok(&key));
        assert_eq!(read(&request.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")).as_ref(), Ok(&key));
        assert_eq!(read(&request.replace('\n', "\r\n")).as_ref(), Ok(&key));
        assert_eq!(PublicKey::read(request), Err(KeyFault::Request));
    }
}

proptest! {
    #[test]
    fn no_text_or_bytes_panic(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&text);
        let _ = read(&pem::write("CERTIFICATE REQUEST", &bytes));
        prop_assert!(read_der(&bytes).is_err());
    }

    /// Whatever is changed breaks the form or the signature; only in RSA's parameters may NULL be left out, and one byte does not do that.
    #[test]
    fn a_changed_byte_is_always_seen(at in 0usize..2_000, to in any::<u8>(), which in 0usize..7) {
        let mut der = der(GOOD[which].0);
        let at = at % der.len();
        let same = der[at] == to;
        der[at] = to;
        prop_assert_eq!(read_der(&der).is_ok(), same);
        prop_assert!(read_der(&der[..at]).is_err());
    }
}
