//! What verifying and opening cost on this machine: `cargo run --release -p keywright-crypto --example key_costs`.
//!
//! Each public key is verified from the compact form that replicas keep, and, to compare, as the library keeps a parsed one.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use keywright_crypto::access_token::{Content, TokenKeys};
use keywright_crypto::jwt;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{KeyType, ParsedKey};
use keywright_crypto::seal::MasterKey;
use keywright_crypto::signing_key::{SigningAlgorithm, SigningKey};
use keywright_domain::credential::secret_form::Brand;
use keywright_domain::ids::CredentialId;
use keywright_domain::time::Timestamp;

/// Microseconds of one run, the median of eleven series.
fn cost_us(runs: u32, mut work: impl FnMut()) -> f64 {
    let mut series: Vec<f64> = (0..11)
        .map(|_| {
            let start = Instant::now();
            (0..runs).for_each(|_| work());
            start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
        })
        .collect();
    series.sort_by(f64::total_cmp);
    series[5]
}

fn main() {
    let message = [7; 300];
    println!("{:<10} {:>8} {:>14} {:>14} {:>14}", "key", "bytes", "compact, µs", "parsed, µs", "parsing, µs");
    for key_type in KeyType::ALL {
        let pair = KeyPair::generate(key_type).unwrap();
        let (public, algorithm) = (pair.public().clone(), key_type.default_algorithm());
        let signature = pair.sign(algorithm, &message).unwrap();
        let parsed = ParsedKey::new(&public, algorithm).unwrap();
        let compact = cost_us(200, || assert!(black_box(&public).verify(algorithm, &message, &signature)));
        let whole = cost_us(200, || assert!(black_box(&parsed).verify(&message, &signature)));
        let parsing = cost_us(200, || drop(black_box(ParsedKey::new(&public, algorithm).unwrap())));
        println!("{key_type:<10} {:>8} {compact:>14.1} {whole:>14.1} {parsing:>14.1}", 24 + public.to_stored().len() - 1);
    }
    let mac_key = MacKey::new(&[7; 40]).unwrap();
    let mac = mac_key.sign(&[&message]);
    println!("HMAC over 300 bytes: {:.2} µs", cost_us(20_000, || assert!(black_box(&mac_key).verify(&message, &mac))));

    let (keys, brands) = (TokenKeys::derive(&MasterKey::generate().unwrap()), [Brand::default()]);
    let content = Content {
        credential: CredentialId::from_bits(7),
        version: 1,
        token_id: 7,
        issued_at: Timestamp::from_us(1_790_000_000_000_000),
        expires_at: Timestamp::from_us(1_790_003_600_000_000),
        audience: "business-api".into(),
        scopes: "payouts:read payouts:write".into(),
    };
    let token = keys.mint(&brands[0], &content).unwrap();
    println!("opaque token of {} bytes: open {:.2} µs", token.expose().len(), cost_us(20_000, || drop(keys.open(black_box(token.expose()), &brands).unwrap())));
    println!("opaque token: mint {:.2} µs", cost_us(20_000, || drop(keys.mint(&brands[0], &content).unwrap())));

    let claims = serde_json::json!({"iss": "https://a.example", "sub": "c", "aud": "business-api", "exp": 10, "scope": "payouts:read", "jti": "x"});
    for algorithm in SigningAlgorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = jwt::sign(&key, jwt::ACCESS_TOKEN, claims.as_object().unwrap()).unwrap();
        let sign = cost_us(100, || drop(jwt::sign(&key, jwt::ACCESS_TOKEN, claims.as_object().unwrap()).unwrap()));
        let verify = cost_us(200, || drop(jwt::read(black_box(&token)).unwrap().verify(key.public(), &[algorithm.algorithm()]).unwrap()));
        let read = cost_us(2_000, || drop(jwt::read(black_box(&token)).unwrap()));
        println!("JWT {}: sign {sign:.1} µs, read {read:.2} µs, read and verify {verify:.1} µs", algorithm.word());
    }
}
