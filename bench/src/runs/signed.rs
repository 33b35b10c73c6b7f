//! Signed requests: processor time of a verdict against bare axum fed the same bytes, and what is left of it beside the signature itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::sign::{self, Parameters};
use keywright_crypto::scheme::{Body, Request, UriScheme};
use keywright_domain::ids::ApplicationId;
use keywright_operations::Operations;
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::{Handed, KeySource, NewCredential};
use serde_json::json;

use super::VALID;
use crate::cores;
use crate::dataset::{machine, said, start};
use crate::keys::mixed;
use crate::load::{Cost, ask, measure};
use crate::options::Options;
use crate::process::Server;
use crate::questions::{Requests, post};
use crate::report::{Report, Target, median};

const AUTHORITY: &str = "api.example.com";
const TARGET: &str = "/payments/v1/payouts?trace=1";
const BODY_BYTES: usize = 1_024;
/// Requests made beforehand for a turn; a load that needs more breaks off, and says so.
const PER_SECOND: f64 = 45_000.0;
const SERVICES: [&str; 4] = ["payments", "digital-id", "doc-scan", "age-scan"];

/// What signs.
enum Signer {
    Secret { public_id: String, key: MacKey },
    Tylt { public_id: String, key: MacKey },
    Pair { public_id: String, pair: KeyPair },
}

struct Lane {
    name: &'static str,
    signer: Signer,
    costs: Vec<Cost>,
}

impl Lane {
    fn us(&self) -> f64 {
        median(&self.costs.iter().map(|c| c.us).collect::<Vec<_>>())
    }
}

/// The store with a credential of each kind, and the token of its resource server.
async fn make(data: &std::path::Path) -> Result<(String, Vec<Lane>)> {
    let running = start(data).await?;
    let operations = &running.operations;
    let services: Vec<String> = SERVICES.map(str::to_owned).to_vec();
    let token = operations.resource_server_create(&machine(), "Benchmark", &services, &["production".to_owned()]).await?;
    let token = token.token.reveal().to_owned();
    let organisation = operations.organisation_create(&machine(), "Benchmark", "bench@example.com").await?;
    let new = NewApplication { name: "Benchmark".into(), services, ..NewApplication::default() };
    let application = operations.application_create(&machine(), organisation.id, new).await?.id;
    operations.application_activate(&machine(), application).await?;
    let (api_key, secret_key) = match credential(operations, application, "payments", None).await? {
        Handed::Pair { api_key, secret_key } => (api_key, secret_key),
        _ => bail!("Payments takes another kind of credential"),
    };
    let key = || MacKey::new(secret_key.reveal().as_bytes());
    let lane = |name, signer| Lane { name, signer, costs: Vec::new() };
    let mut lanes =
        vec![lane("hmac", Signer::Secret { public_id: api_key.clone(), key: key()? }), lane("tylt", Signer::Tylt { public_id: api_key, key: key()? })];
    for (name, service, key_type) in [("rsa-2048", "digital-id", "rsa-2048"), ("p-256", "doc-scan", "p-256"), ("ed25519", "age-scan", "ed25519")] {
        match credential(operations, application, service, Some(key_type)).await? {
            Handed::KeyPair { sdk_id, private_key_pem: Some(pem) } => {
                let pair = KeyPair::from_pem(pem.reveal()).map_err(|e| anyhow::anyhow!("{e}"))?;
                lanes.push(lane(name, Signer::Pair { public_id: sdk_id, pair }));
            }
            _ => bail!("{service} takes another kind of credential"),
        }
    }
    running.stop().await.map_err(said)?;
    Ok((token, lanes))
}

async fn credential(operations: &Operations, application: ApplicationId, service: &str, key_type: Option<&str>) -> Result<Handed> {
    let key = KeySource { key_type: key_type.map(str::to_owned), ..KeySource::default() };
    let new = NewCredential { service: service.into(), environment: "production".into(), name: service.into(), key, ..NewCredential::default() };
    Ok(operations.credential_create(&machine(), application, new).await?.handed)
}

/// A question about a request that is signed now, with the nonce of this number.
fn question(signer: &Signer, n: u64) -> Result<String> {
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

/// Requests for one turn, made on all cores; numbers go on from `next`.
fn requests(server: &Server, token: &str, signer: &Signer, options: &Options, next: &AtomicU64) -> Result<Arc<Requests>> {
    let count = ((options.turn + warm_up(options)).as_secs_f64() * PER_SECOND) as usize;
    let address = server.address;
    let made = std::thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || -> Result<Vec<Vec<u8>>> {
                    (0..count / 2).map(|_| Ok(post(address, "/verify", token, &question(signer, next.fetch_add(1, Relaxed))?).into_bytes())).collect()
                })
            })
            .collect();
        halves.into_iter().map(|half| half.join().map_err(|_| anyhow::anyhow!("signing panicked"))?).collect::<Result<Vec<_>>>()
    })?;
    Ok(Arc::new(Requests::Once { requests: made.concat(), next: AtomicU64::new(0) }))
}

/// Shorter than elsewhere, as each request is made beforehand.
fn warm_up(options: &Options) -> Duration {
    options.warm_up.min(Duration::from_millis(400))
}

/// Runs the part `signed`.
///
/// # Errors
/// A server or the load broke off.
pub(crate) fn run(runtime: &tokio::runtime::Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let mut short = options.clone();
    (short.turn, short.warm_up) = (options.turn.min(Duration::from_secs(1)), warm_up(options));
    let options = &short;
    let (core, load_core) = cores::server_and_load()?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let (token, mut lanes) = runtime.block_on(make(&data))?;
    let server = Server::keywright(&data, Some(core))?;
    let next = AtomicU64::new(1);
    let first = lanes.first().context("no lane")?;
    let answer = loop {
        // Until the memory of nonces is older than a signature.
        let asked = post(server.address, "/verify", &token, &question(&first.signer, next.fetch_add(1, Relaxed))?);
        match ask(server.address, asked.as_bytes()) {
            Ok((200, body)) if body.starts_with(VALID.as_bytes()) => break body,
            _ => std::thread::sleep(Duration::from_millis(200)),
        }
    };
    let bare = Server::bare(&answer, core)?;
    let (mut bare_costs, mut bytes) = (Vec::new(), 0);
    for round in 0..options.rounds {
        for lane in &mut lanes {
            let made = requests(&server, &token, &lane.signer, options, &next)?;
            let cost = measure(&server, load_core, &made, VALID, options)?;
            eprintln!("  round {}: {:<9} {:8.2} µs a request, {:7.0} requests a second", round + 1, lane.name, cost.us, cost.per_s);
            lane.costs.push(cost);
        }
        let made = requests(&bare, &token, &lanes[0].signer, options, &next)?;
        if let Requests::Once { requests, .. } = &*made {
            bytes = requests[0].len();
        }
        bare_costs.push(measure(&bare, load_core, &made, VALID, options)?.us);
    }
    let bare = median(&bare_costs);
    let us = |name: &str| lanes.iter().find(|l| l.name == name).map_or(f64::NAN, Lane::us);
    report.row("HMAC by RFC 9421 with a body of 1 KiB, against bare axum", us("hmac") / bare, " ×", &Target::AtMost(1.5));
    report.row("Tylt's form with a body of 1 KiB, against bare axum", us("tylt") / bare, " ×", &Target::AtMost(1.35));
    let mut primitives = Vec::new();
    for lane in &lanes {
        let Signer::Pair { pair, .. } = &lane.signer else { continue };
        let primitive = verify_us(pair)?;
        let beyond = (lane.us() - us("hmac")) / primitive;
        report.row(&format!("{}: what it costs beyond HMAC, against the verification alone", lane.name), beyond, " ×", &Target::AtMost(1.10));
        primitives.push(format!("{} {primitive:.2}", lane.name));
    }
    let figures: Vec<String> = lanes.iter().map(|lane| format!("{} {:.2}", lane.name, lane.us())).collect();
    report.note(format!(
        "Processor time of a signed request in µs: bare {bare:.2}, {}; a verification alone: {}. A request has {bytes} B with its head.",
        figures.join(", "),
        primitives.join(", ")
    ));
    Ok(())
}

/// One verification under this key, in microseconds: the median of turns on this thread.
fn verify_us(pair: &KeyPair) -> Result<f64> {
    let (public, algorithm) = (pair.public(), pair.key_type().default_algorithm());
    let text = [b'x'; 300];
    let signature = pair.sign(algorithm, &text).map_err(|e| anyhow::anyhow!("{e}"))?;
    let turns: Vec<f64> = (0..9)
        .map(|_| {
            let began = Instant::now();
            let fits = (0..400).filter(|_| public.verify(algorithm, &text, &signature)).count();
            began.elapsed().as_secs_f64() * 1e6 / fits as f64
        })
        .collect();
    Ok(median(&turns))
}
