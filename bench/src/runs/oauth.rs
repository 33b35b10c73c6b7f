//! The OAuth 2 server beside npm `oidc-provider`: processor time of a token and of an introspection, asked for by the same client in the same way.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_domain::credential::Environment;
use keywright_domain::token::audience;
use tokio::runtime::Runtime;

use super::until_answered;
use crate::clients::{self, Client, HOST, PUBLIC_URL, SCOPE};
use crate::cores;
use crate::dataset::said;
use crate::load::{ask, measure};
use crate::options::Options;
use crate::process::Server;
use crate::questions::Requests;
use crate::report::{Report, Target, median};

/// The other server, from the root of the repository.
const PEER: &str = "bench/peers/oidc-provider";
/// The client's secret there.
const PEER_SECRET: &str = "a-secret-of-the-benchmark-and-of-nobody-else";
/// Tokens that are introspected in turn; the other server's memory holds a thousand.
const TOKENS: usize = 200;

const TOKEN: &str = r#"{"access_token":""#;
const ACTIVE: &str = r#"{"active":true,"#;

/// What is asked of a server.
#[derive(Clone, Copy)]
enum Work {
    Opaque,
    Jwt,
    Introspection,
}

impl Work {
    const ALL: [(Self, &'static str, f64); 3] =
        [(Self::Opaque, "an opaque token", 7.0), (Self::Jwt, "a JWT (ES256)", 5.0), (Self::Introspection, "an introspection", 6.0)];

    const fn expected(self) -> &'static str {
        match self {
            Self::Opaque | Self::Jwt => TOKEN,
            Self::Introspection => ACTIVE,
        }
    }
}

/// One of the two servers, and what its client sends.
struct Side {
    name: &'static str,
    server: Server,
    /// The name by which it is asked.
    host: String,
    /// `/token` and `/introspect`, wherever they are.
    paths: [&'static str; 2],
    /// For opaque tokens and for JWTs: the client's id and secret, and the resource.
    asks: [Ask; 2],
    us: [Vec<f64>; 3],
}

struct Ask {
    id: String,
    secret: String,
    resource: String,
}

impl Ask {
    fn ours(client: &Client) -> Self {
        Self { id: client.id.clone(), secret: client.secret.clone(), resource: audience(PUBLIC_URL, client.service, Environment::Production) }
    }
}

impl Side {
    fn post(&self, path: &str, ask: &Ask, form: &str) -> Vec<u8> {
        let (host, basic) = (&self.host, BASE64_STANDARD.encode(format!("{}:{}", ask.id, ask.secret)));
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {basic}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
        .into_bytes()
    }

    fn token_request(&self, ask: &Ask) -> Vec<u8> {
        let resource = ask.resource.replace(':', "%3A").replace('/', "%2F");
        self.post(self.paths[0], ask, &format!("grant_type=client_credentials&scope={SCOPE}&resource={resource}"))
    }

    /// What is sent over and over, after a look at one answer to it.
    fn requests(&self, work: Work) -> Result<Arc<Requests>> {
        let [opaque, jwt] = &self.asks;
        let requests = match work {
            Work::Opaque => vec![self.token_request(opaque)],
            Work::Jwt => vec![self.token_request(jwt)],
            Work::Introspection => {
                let ask_for_one = self.token_request(opaque);
                let token = || {
                    let answer = self.answer(&ask_for_one, TOKEN)?;
                    let answer: serde_json::Value = serde_json::from_slice(&answer)?;
                    Ok(self.post(self.paths[1], opaque, &format!("token={}", answer["access_token"].as_str().context("no token")?)))
                };
                (0..TOKENS).map(|_| token()).collect::<Result<_>>()?
            }
        };
        self.answer(&requests[0], work.expected())?;
        Ok(Arc::new(Requests::Whole(requests)))
    }

    fn answer(&self, request: &[u8], expected: &str) -> Result<Vec<u8>> {
        match ask(self.server.address, request)? {
            (200, body) if body.starts_with(expected.as_bytes()) => Ok(body),
            (status, body) => bail!("{} answers {status}: {}", self.name, String::from_utf8_lossy(&body)),
        }
    }
}

/// Runs the part `oauth`.
///
/// # Errors
/// A server or the load broke off.
pub(crate) fn run(runtime: &Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let (core, load_core) = cores::server_and_load()?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let (running, made) = runtime.block_on(clients::make(&data))?;
    runtime.block_on(running.stop()).map_err(said)?;
    let server = Server::keywright_with(&data, Some(core), &["--public-url", PUBLIC_URL])?;
    let asks = [Ask::ours(made.of("opaque")?), Ask::ours(made.of("es256")?)];
    let mut sides =
        vec![Side { name: "keywright", server, host: HOST.to_owned(), paths: ["/oauth2/token", "/oauth2/introspect"], asks, us: Default::default() }];
    match peer(core)? {
        Some(peer) => sides.push(peer),
        None => report.note(format!("oidc-provider is left out: node is not here, or its packages are not (`npm ci` in {PEER})")),
    }
    for side in &sides {
        // A server that has just started refuses until it has loaded its store.
        until_answered(side.server.address, &side.token_request(&side.asks[1]), TOKEN)?;
    }
    for round in 0..options.rounds {
        for (at, (work, name, _)) in Work::ALL.into_iter().enumerate() {
            for side in &mut sides {
                let requests = side.requests(work)?;
                let cost = measure(&side.server, load_core, &requests, work.expected(), options)?;
                eprintln!("  round {}: {:<13} {name:<16} {:7.2} µs, {:7.0} a second", round + 1, side.name, cost.us, cost.per_s);
                side.us[at].push(cost.us);
            }
        }
    }
    let mut figures = Vec::new();
    for (at, (_, name, least)) in Work::ALL.into_iter().enumerate() {
        let us: Vec<f64> = sides.iter().map(|side| median(&side.us[at])).collect();
        if let [ours, theirs] = us[..] {
            report.row(&format!("{name} of oidc-provider 9 against ours"), theirs / ours, " ×", &Target::AtLeast(least));
        }
        figures.push(format!("{name} {}", us.iter().map(|us| format!("{us:.2}")).collect::<Vec<_>>().join(" and ")));
    }
    let with = if sides.len() > 1 { format!(", Keywright and oidc-provider on node {}", node().unwrap_or_default()) } else { String::new() };
    report.note(format!("Processor time in µs{with}: {}.", figures.join("; ")));
    Ok(())
}

/// The version of node, where it is installed.
fn node() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('v').to_owned())
}

/// The other server; none where it is not installed.
fn peer(core: usize) -> Result<Option<Side>> {
    let place = Path::new(PEER);
    if node().is_none() || !place.join("node_modules/oidc-provider").exists() {
        return Ok(None);
    }
    let resources = ["urn:benchmark:opaque", "urn:benchmark:jwt"];
    let asks = resources.map(|resource| Ask { id: "benchmark".into(), secret: PEER_SECRET.into(), resource: resource.into() });
    let server = Server::peer(Path::new("node"), &place.join("server.mjs"), &["benchmark", PEER_SECRET, resources[0], resources[1]], core)?;
    let host = server.address.to_string();
    Ok(Some(Side { name: "oidc-provider", server, host, paths: ["/token", "/token/introspection"], asks, us: Default::default() }))
}
