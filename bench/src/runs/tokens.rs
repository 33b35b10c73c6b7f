//! Access tokens at `/verify`, the first time and again: processor time against bare axum fed the same bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Result;
use keywright_crypto::key_pair::KeyPair;
use keywright_crypto::keyring::Keyring;
use keywright_crypto::public_key::KeyType;
use keywright_crypto::seal::MasterKey;
use keywright_domain::credential::TokenSigning;
use keywright_domain::ids::CredentialId;
use tokio::runtime::Runtime;

use super::{VALID, until_answered};
use crate::clients::{self, Client, PUBLIC_URL, SCOPE};
use crate::cores;
use crate::dataset::said;
use crate::load::measure;
use crate::options::Options;
use crate::process::Server;
use crate::questions::{Requests, post};
use crate::report::{Report, Target, median};
use crate::signing::{median_us, verification_us};

/// Tokens that are asked about again and again.
const AGAIN: usize = 1_000;
/// Microseconds that a token may cost beyond bare axum and its proof.
const BEYOND_US: f64 = 2.5;

/// The tokens of one form.
struct Lane {
    client: Client,
    /// Not asked about yet.
    new: std::vec::IntoIter<String>,
    known: Vec<String>,
    bare: Server,
    first_us: Vec<f64>,
    /// Bare axum fed the bytes of the first time.
    bare_first_us: Vec<f64>,
    again_us: Vec<f64>,
    bare_us: Vec<f64>,
    /// Its proof alone, at the same time.
    alone_us: Vec<f64>,
}

/// New tokens for each second of a turn: more than are answered.
const fn per_second(client: &Client) -> f64 {
    match client.signing {
        Some(TokenSigning::Es256) => 32_000.0,
        Some(TokenSigning::EdDsa) => 38_000.0,
        Some(TokenSigning::Rs256) => 50_000.0,
        None => 65_000.0,
    }
}

fn question(address: SocketAddr, asker: &str, client: &Client, token: &str) -> Vec<u8> {
    let service = client.service;
    let body = format!(r#"{{"credential":"{token}","service":"{service}","environment":"production","permissions":["{SCOPE}"],"source_ip":"203.0.113.7"}}"#);
    post(address, "/verify", asker, &body).into_bytes()
}

/// What it takes to prove one token, by itself, in microseconds.
fn primitive_us(client: &Client) -> Result<f64> {
    let key_type = match client.signing {
        Some(TokenSigning::Es256) => KeyType::P256,
        Some(TokenSigning::Rs256) => KeyType::Rsa2048,
        Some(TokenSigning::EdDsa) => KeyType::Ed25519,
        None => {
            // What is sealed is opened by AES-256-GCM; a token's content has some hundred bytes.
            let (keyring, id, digest) = (Keyring::of(&MasterKey::generate()?), CredentialId::from_bits(1), [0; 32]);
            let sealed = keyring.seal(id, &digest, &[0; 100])?;
            return median_us(|_| keyring.open(id, &digest, &sealed).is_ok());
        }
    };
    verification_us(&KeyPair::generate(key_type)?)
}

/// Runs the part `tokens`.
///
/// # Errors
/// A server or the load broke off.
pub(crate) fn run(runtime: &Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let mut short = options.clone();
    short.turn = options.turn.min(Duration::from_secs(1));
    short.warm_up = options.warm_up.min(Duration::from_millis(400));
    let options = &short;
    let (core, load_core) = cores::server_and_load()?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let (running, made) = runtime.block_on(clients::make(&data))?;
    let in_a_turn = (options.turn + options.warm_up).as_secs_f64();
    let mut tokens = Vec::new();
    for client in &made.clients {
        let count = (in_a_turn * per_second(client)) as usize * options.rounds + AGAIN;
        eprintln!("  making {count} tokens of {}", client.service);
        tokens.push(runtime.block_on(clients::tokens(&running.operations, client, count))?);
    }
    runtime.block_on(running.stop()).map_err(said)?;
    let (asker, server) = (made.token, Server::keywright_with(&data, Some(core), &["--public-url", PUBLIC_URL])?);
    let mut lanes = Vec::new();
    for (client, mut tokens) in made.clients.into_iter().zip(tokens) {
        let known = tokens.split_off(tokens.len() - AGAIN);
        let answer = until_answered(server.address, &question(server.address, &asker, &client, &known[0]), VALID)?;
        let bare = Server::bare(&answer, core)?;
        lanes.push(Lane {
            client,
            new: tokens.into_iter(),
            known,
            bare,
            first_us: vec![],
            bare_first_us: vec![],
            again_us: vec![],
            bare_us: vec![],
            alone_us: vec![],
        });
    }
    for round in 0..options.rounds {
        for lane in &mut lanes {
            let client = &lane.client;
            let to = |token: &String| question(server.address, &asker, client, token);
            let count = (in_a_turn * per_second(client)) as usize;
            let new: Vec<Vec<u8>> = lane.new.by_ref().take(count).map(|token| to(&token)).collect();
            let new = Arc::new(Requests::Once { requests: new, next: AtomicU64::new(0) });
            let first = measure(&server, load_core, &new, VALID, options)?.us;
            lane.bare_first_us.push(measure(&lane.bare, load_core, &new.again(), VALID, options)?.us);
            let known: Vec<Vec<u8>> = lane.known.iter().map(to).collect();
            let known = Arc::new(Requests::Whole(known));
            let again = measure(&server, load_core, &known, VALID, options)?.us;
            let bare = measure(&lane.bare, load_core, &known, VALID, options)?.us;
            eprintln!("  round {}: {:<7} {first:6.2} µs the first time, {again:6.2} again, {bare:6.2} bare", round + 1, lane.client.service);
            lane.first_us.push(first);
            lane.again_us.push(again);
            lane.bare_us.push(bare);
            lane.alone_us.push(primitive_us(&lane.client)?);
        }
    }
    tell(&lanes, report)
}

fn tell(lanes: &[Lane], report: &mut Report) -> Result<()> {
    let mut figures = Vec::new();
    for lane in lanes {
        let name = lane.client.signing.map_or("opaque", TokenSigning::as_str);
        let (first, again, bare) = (median(&lane.first_us), median(&lane.again_us), median(&lane.bare_us));
        let primitive = median(&lane.alone_us);
        // Those of each round: what is slow for one is slow for the other.
        let rounds = || (0..lane.first_us.len()).map(|n| (lane.first_us[n], lane.bare_first_us[n], lane.again_us[n], lane.bare_us[n], lane.alone_us[n]));
        let beyond = median(&rounds().map(|(first, bare, _, _, alone)| first - bare - 1.10 * alone).collect::<Vec<_>>());
        let against_bare = median(&rounds().map(|(_, _, again, bare, _)| again / bare).collect::<Vec<_>>());
        report.row(&format!("a token for the first time, {name}: beyond bare axum and 1.10 × its proof alone"), beyond, " µs", &Target::AtMost(BEYOND_US));
        report.row(&format!("a token again, {name}, against bare axum"), against_bare, " ×", &Target::AtMost(1.30));
        let bytes = lane.known.first().map_or(0, String::len);
        figures.push(format!("{name} {first:.2} the first time, {again:.2} again, {bare:.2} bare ({:.2} with the bytes of the first time), {primitive:.2} its proof alone ({bytes} B)", median(&lane.bare_first_us)));
    }
    report.note(format!("Processor time of an access token at `/verify` in µs: {}.", figures.join("; ")));
    Ok(())
}
