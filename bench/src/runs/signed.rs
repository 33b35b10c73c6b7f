//! Signed requests: processor time of a verdict against bare axum fed the same bytes, and what is left of it beside the signature itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::mac::MacKey;
use keywright_domain::ids::ApplicationId;
use keywright_operations::Operations;
use keywright_operations::credentials::{Handed, KeySource, NewCredential};

use super::VALID;
use crate::clients;
use crate::cores;
use crate::dataset::{machine, said, start};
use crate::load::{Cost, measure};
use crate::options::Options;
use crate::process::Server;
use crate::questions::{Requests, post};
use crate::report::{Report, Target, median};
use crate::signing::{Signer, first_verdict, question, verification_us};

const SERVICES: [&str; 4] = ["payments", "digital-id", "doc-scan", "age-scan"];

struct Lane {
    name: &'static str,
    signer: Signer,
    costs: Vec<Cost>,
    /// Bare axum fed the same bytes, where it is.
    bare_us: Option<Vec<f64>>,
    /// A verification alone, of a key pair, at the same time.
    alone_us: Vec<f64>,
}

impl Lane {
    /// Requests made beforehand for each second of a turn: more than are answered. RSA signs in 200 µs, so no more of them than it takes.
    const fn per_second(&self) -> f64 {
        match &self.signer {
            Signer::Secret { .. } | Signer::Tylt { .. } => 60_000.0,
            Signer::Pair { .. } => 35_000.0,
        }
    }

    fn all_us(&self) -> Vec<f64> {
        self.costs.iter().map(|c| c.us).collect()
    }

    fn us(&self) -> f64 {
        median(&self.all_us())
    }
}

/// The store with a credential of each kind, and the token of its resource server.
async fn make(data: &std::path::Path) -> Result<(String, Vec<Lane>)> {
    let running = start(data).await?;
    let operations = &running.operations;
    let services: Vec<String> = SERVICES.map(str::to_owned).to_vec();
    let (token, application) = clients::owner(operations, services).await?;
    let (api_key, secret_key) = match credential(operations, application, "payments", None).await? {
        Handed::Pair { api_key, secret_key } => (api_key, secret_key),
        _ => bail!("Payments takes another kind of credential"),
    };
    let key = || MacKey::new(secret_key.reveal().as_bytes());
    let lane = |name, signer| Lane {
        name,
        bare_us: matches!(signer, Signer::Secret { .. } | Signer::Tylt { .. }).then(Vec::new),
        alone_us: Vec::new(),
        signer,
        costs: Vec::new(),
    };
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

/// Requests for one turn, made on all cores; numbers go on from `next`.
fn requests(server: &Server, token: &str, lane: &Lane, options: &Options, next: &AtomicU64) -> Result<Arc<Requests>> {
    let count = ((options.turn + warm_up(options)).as_secs_f64() * lane.per_second()) as usize;
    let (address, signer) = (server.address, &lane.signer);
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
    let answer = first_verdict(&server, &token, &first.signer, &next)?;
    let bare = Server::bare(&answer, core)?;
    let mut bytes = 0;
    for round in 0..options.rounds {
        for lane in &mut lanes {
            let made = requests(&server, &token, lane, options, &next)?;
            let cost = measure(&server, load_core, &made, VALID, options)?;
            eprintln!("  round {}: {:<9} {:8.2} µs a request, {:7.0} requests a second", round + 1, lane.name, cost.us, cost.per_s);
            lane.costs.push(cost);
            if let Signer::Pair { pair, .. } = &lane.signer {
                lane.alone_us.push(verification_us(pair)?);
            }
            // The same bytes. Neither form's are those of the other; those of key pairs are like the first one's.
            if let Some(bare_us) = &mut lane.bare_us {
                let same = made.again();
                bytes = bytes.max(same.longest());
                bare_us.push(measure(&bare, load_core, &same, VALID, options)?.us);
            }
        }
    }
    // Ratios are those of each round: what is slow for one is slow for the other.
    let of = |name: &str| lanes.iter().find(|l| l.name == name).context("no such lane");
    let against_bare = |name: &str| -> Result<f64> {
        let lane = of(name)?;
        Ok(median(&lane.all_us().iter().zip(lane.bare_us.iter().flatten()).map(|(us, bare)| us / bare).collect::<Vec<_>>()))
    };
    let bare_us = |name: &str| of(name).map(|lane| lane.bare_us.as_deref().map_or(f64::NAN, median));
    let (bare, bare_tylt, hmac_us) = (bare_us("hmac")?, bare_us("tylt")?, of("hmac")?.all_us());
    report.row("HMAC by RFC 9421 with a body of 1 KiB, against bare axum", against_bare("hmac")?, " ×", &Target::AtMost(1.5));
    report.row("Tylt's form with a body of 1 KiB, against bare axum", against_bare("tylt")?, " ×", &Target::AtMost(1.35));
    let mut primitives = Vec::new();
    for lane in lanes.iter().filter(|lane| !lane.alone_us.is_empty()) {
        let beyond: Vec<f64> = lane.all_us().iter().zip(&hmac_us).zip(&lane.alone_us).map(|((us, hmac), alone)| (us - hmac) / alone).collect();
        report.row(&format!("{}: what it costs beyond HMAC, against the verification alone", lane.name), median(&beyond), " ×", &Target::AtMost(1.10));
        primitives.push(format!("{} {:.2}", lane.name, median(&lane.alone_us)));
    }
    let figures: Vec<String> = lanes.iter().map(|lane| format!("{} {:.2}", lane.name, lane.us())).collect();
    report.note(format!(
        "Processor time of a signed request in µs: bare {bare:.2}, for Tylt's form {bare_tylt:.2}; {}; a verification alone: {}. A request has {bytes} B with its head.",
        figures.join(", "),
        primitives.join(", ")
    ));
    Ok(())
}
