//! Signed requests, and what a signature costs by itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::ParsedKey;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use serde_json::json;

use crate::cores;
use crate::keys::mixed;
use crate::load::{ask, beside_a_busy_core};
use crate::process::Server;
use crate::questions::post;
use crate::report::median;
use crate::runs::VALID;

const AUTHORITY: &str = "api.example.com";
const TARGET: &str = "/payments/v1/payouts?trace=1";
const BODY_BYTES: usize = 1_024;
/// How long a server may take to load its store and to take signatures.
const PATIENCE: Duration = Duration::from_secs(90);

/// What signs.
pub(crate) enum Signer {
    /// A secret, by RFC 9421.
    Secret { public_id: String, key: MacKey },
    /// A secret, in Tylt's form.
    Tylt { public_id: String, key: MacKey },
    /// A key pair, by RFC 9421.
    Pair { public_id: String, pair: KeyPair },
}

/// A question about a request that is signed now, with the nonce of this number.
///
/// # Errors
/// It cannot be signed.
pub(crate) fn question(signer: &Signer, n: u64) -> Result<String> {
    let body: Vec<u8> = (0..BODY_BYTES).map(|at| b'a' + (mixed(n ^ at as u64) % 26) as u8).collect();
    let mut headers: Vec<(String, String)> = vec![("Host".into(), AUTHORITY.into()), ("Content-Type".into(), "application/json".into())];
    match signer {
        Signer::Tylt { public_id, key } => {
            headers.push(("X-TLP-APIKEY".into(), public_id.clone()));
            headers.push(("X-TLP-SIGNATURE".into(), sign::tylt_header(&key.sign(&[&body]))));
        }
        Signer::Secret { public_id, .. } | Signer::Pair { public_id, .. } => {
            headers.extend(sign::digest_header("POST", Some(&body)).map(|digest| ("Content-Digest".to_owned(), digest)));
            let nonce = format!("{:022}", mixed(n) % 10_000_000_000_000_000_000);
            let created_s = keywright::clocks::wall().us() / 1_000_000;
            let parameters = Parameters { created_s, expires_s: None, nonce: Some(&nonce), keyid: public_id, alg: None, tag: None };
            let seen: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
            let request = Request { method: "POST", scheme: UriScheme::Https, authority: AUTHORITY, target: TARGET, headers: &seen, body: Body::Bytes(&body) };
            let to_sign = sign::http_message(&request, "sig1", &Coverage::STANDARD, &parameters).map_err(|e| anyhow::anyhow!("{e}"))?;
            let made = match signer {
                Signer::Pair { pair, .. } => pair.sign(pair.key_type().default_algorithm(), &to_sign.base).map_err(|e| anyhow::anyhow!("{e}"))?,
                Signer::Secret { key, .. } | Signer::Tylt { key, .. } => key.sign(&[&to_sign.base]).to_vec(),
            };
            headers.push(("Signature-Input".into(), to_sign.input()));
            headers.push(("Signature".into(), to_sign.signature(&made)));
        }
    }
    let url = format!("https://{AUTHORITY}{TARGET}");
    Ok(json!({ "request": { "method": "POST", "url": url, "headers": headers, "body_base64": BASE64_STANDARD.encode(&body) } }).to_string())
}

/// Asks about fresh requests until one is accepted, and gives that answer's body. A memory of nonces refuses what was signed before it began, so the
/// first second is refused.
///
/// # Errors
/// None is accepted in a minute and a half.
pub(crate) fn first_verdict(server: &Server, token: &str, signer: &Signer, next: &AtomicU64) -> Result<Vec<u8>> {
    let since = Instant::now();
    loop {
        let asked = post(server.address, "/verify", token, &question(signer, next.fetch_add(1, Relaxed))?);
        match ask(server.address, asked.as_bytes()) {
            Ok((200, body)) if body.starts_with(VALID.as_bytes()) => return Ok(body),
            other if since.elapsed() > PATIENCE => match other {
                Ok((status, body)) => bail!("no verdict but {status}: {}", String::from_utf8_lossy(&body)),
                Err(error) => return Err(error),
            },
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// One verification under this key, which is parsed already, in microseconds: the median of turns, on the core of the servers, which have nothing to do meanwhile, beside a core
/// as busy as during a load.
///
/// # Errors
/// The key does not sign.
pub(crate) fn verification_us(pair: &KeyPair) -> Result<f64> {
    let (public, algorithm) = (pair.public(), pair.key_type().default_algorithm());
    let parsed = ParsedKey::new(public, algorithm).context("a key of a pair does not verify by its own algorithm")?;
    // Each is another one, as for a server: a processor learns the way of a signature that comes again.
    let signed = (0..SIGNATURES).map(|n: usize| {
        let text = [n.to_le_bytes().as_slice(), &[b'x'; 300]].concat();
        let signature = pair.sign(algorithm, &text).map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok((text, signature))
    });
    let signed: Vec<(Vec<u8>, Vec<u8>)> = signed.collect::<Result<_>>()?;
    median_us(|n| {
        let (text, signature) = &signed[n % SIGNATURES];
        parsed.verify(text, signature)
    })
}

/// Signatures that are verified in turn.
const SIGNATURES: usize = 400;

/// What `work` takes in microseconds on the core of the servers: the median of turns. It is told how often it was done before in its turn, and says
/// whether it did what it should.
///
/// # Errors
/// It did not.
pub(crate) fn median_us(work: impl Fn(usize) -> bool + Sync) -> Result<f64> {
    let (core, load_core) = cores::server_and_load()?;
    let turn = || {
        cores::pin(core)?;
        let mut turns = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            let done = (0..400).filter(|n| work(*n)).count();
            turns.push(began.elapsed().as_secs_f64() * 1e6 / 400.0);
            if done != 400 {
                bail!("what was to be measured does not work");
            }
        }
        Ok(median(&turns))
    };
    // A thread of its own, because it stays on its core.
    let measure = || std::thread::scope(|scope| scope.spawn(turn).join().map_err(|_| anyhow::anyhow!("measuring panicked"))?);
    beside_a_busy_core(load_core, measure)
}
