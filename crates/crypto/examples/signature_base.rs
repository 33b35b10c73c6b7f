//! What a signed request costs before its key is used: reading, checking what is covered, and building the base.
//!
//! `cargo run --release --package keywright-crypto --example signature_base`

#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::hint::black_box;
use std::time::Instant;

use keywright_crypto::scheme::http_message_signatures::{self, Coverage};
use keywright_crypto::scheme::{Body, Fault, Request, UriScheme, content_digest, detect};

const ROUNDS: u32 = 200_000;

/// The best of ten runs, in nanoseconds a round.
fn measure(what: &str, mut round: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..ROUNDS / 10 {
            round();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS / 10));
    }
    println!("{what:<52} {best:>7.0} ns");
}

fn main() -> Result<(), Fault> {
    let body = [b'x'; 1_024];
    let digest = content_digest::value(&body);
    let input = "sig=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\");created=1763700000;\
        nonce=\"8f1c7a3e-93d1-4b5a-a00d-2a6c1e4b7d90\";keyid=\"0196f2b4-6a55-7c11-9d0e-1f2a3b4c5d6e\"";
    let signature = "sig=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";
    let headers: [(&str, &[u8]); 12] = [
        ("host", b"api.example.com"),
        ("user-agent", b"example-client/1.0"),
        ("accept", b"*/*"),
        ("accept-encoding", b"gzip"),
        ("content-type", b"application/json"),
        ("content-length", b"1024"),
        ("content-digest", digest.as_bytes()),
        ("signature-input", input.as_bytes()),
        ("signature", signature.as_bytes()),
        ("x-request-id", b"0196f2b4-6a55-7c11-9d0e-1f2a3b4c5d6e"),
        ("x-forwarded-for", b"192.0.2.7"),
        ("idempotency-key", b"\"0196f2b4\""),
    ];
    let target = "/v1/payouts/9f1c?expand=events&page=2";
    let request = Request { method: "POST", scheme: UriScheme::Https, authority: "api.example.com", target, headers: &headers, body: Body::Bytes(&body) };
    let all = http_message_signatures::read(&request)?;
    let one = all.iter().next().ok_or(Fault::SignatureWrong)?;
    one.check(&Coverage::STANDARD)?;
    one.check_body()?;
    let mut base = Vec::new();
    one.base_into(&mut base)?;

    measure("detect", || drop(black_box(detect::detect(black_box(&request)))));
    measure("read", || drop(black_box(http_message_signatures::read(black_box(&request)))));
    measure("check what is covered", || drop(black_box(black_box(one).check(&Coverage::STANDARD))));
    measure("base", || drop(black_box(black_box(one).base_into(&mut base))));
    measure("detect, read, check, base and signature", || {
        let mut whole = || -> Result<Vec<u8>, Fault> {
            detect::detect(black_box(&request))?;
            let all = http_message_signatures::read(black_box(&request))?;
            let one = all.of("0196f2b4-6a55-7c11-9d0e-1f2a3b4c5d6e")?.ok_or(Fault::SignatureWrong)?;
            one.check(&Coverage::STANDARD)?;
            one.check_time(1_763_700_000_000, 300)?;
            one.base_into(&mut base)?;
            one.bytes()
        };
        drop(black_box(whole()));
    });
    measure("digest of a body of 1 KiB, read and compared", || drop(black_box(black_box(one).check_body())));
    measure("for comparison: the general reader, both headers", || {
        drop(black_box(sfv::Parser::new(black_box(input)).parse::<sfv::Dictionary>()));
        drop(black_box(sfv::Parser::new(black_box(signature)).parse::<sfv::Dictionary>()));
    });
    Ok(())
}
