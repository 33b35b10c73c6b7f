//! How long verdicts take while RSA keys are made on the same core, against without.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, bail};
use keywright_domain::caller::Caller;
use keywright_domain::ids::CredentialId;
use keywright_operations::applications::NewApplication;
use keywright_operations::credentials::{Handed, KeySource, NewCredential};
use keywright_operations::management_tokens::NewManagementToken;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::{VALID, until_answered};
use crate::cores;
use crate::dataset::{PERMISSION, SERVICE, machine, said, start};
use crate::load::{Answer, ask_within};
use crate::options::Options;
use crate::process::Server;
use crate::questions::post;
use crate::report::{Report, Target, median, quantile};

/// Connections that ask about a key, each so often.
const CONNECTIONS: u32 = 16;
const EVERY: Duration = Duration::from_millis(8);
/// Who has keys made at the same time, each of these in turn.
const CALLERS: usize = 4;
const KEY_TYPES: [&str; 2] = ["rsa-2048", "rsa-4096"];
/// How long they wait for one.
const PATIENCE: Duration = Duration::from_secs(60);

struct Prepared {
    /// The token of the resource server.
    asker: String,
    /// A management token.
    token: String,
    /// A valid key.
    key: String,
    /// The key pairs that are rotated.
    pairs: Vec<CredentialId>,
}

/// A catalogue in which an application may have several key pairs.
fn catalogue() -> String {
    format!(
        "brand = \"kw\"\n\n[service.{SERVICE}]\nname = \"API\"\nkinds = [\"api_key\"]\npermissions = {{ \"{PERMISSION}\" = \"See transactions\" }}\nform = \"condensed\"\nproduction_requires = []\n\n\
         [service.pairs]\nname = \"Pairs\"\nkinds = [\"key_pair\"]\npermissions = {{ default = \"Call the API\" }}\nform = \"condensed\"\nproduction_requires = []\n"
    )
}

async fn make(data: &Path) -> Result<Prepared> {
    let running = start(data).await?;
    let operations = &running.operations;
    operations.catalogue_apply(&machine(), &catalogue()).await?;
    let asker = operations.resource_server_create(&machine(), "Benchmark", &[SERVICE.to_owned()], &["production".to_owned()]).await?.token;
    let organisation = operations.organisation_create(&machine(), "Benchmark", "bench@example.com").await?.id;
    let grants = vec!["view".to_owned(), "edit".to_owned()];
    let token = NewManagementToken { name: "Benchmark".into(), grants, ..NewManagementToken::default() };
    let token = operations.management_token_create(&machine(), organisation, token).await?.token;
    let new = NewApplication { name: "Benchmark".into(), services: vec![SERVICE.into(), "pairs".into()], ..NewApplication::default() };
    let application = operations.application_create(&machine(), organisation, new).await?.id;
    operations.application_activate(&machine(), application).await?;
    let caller: Caller = machine();
    let credential = async |service: &str, n: usize, key_type: Option<&str>| {
        let key = KeySource { key_type: key_type.map(str::to_owned), ..KeySource::default() };
        let new = NewCredential { service: service.into(), environment: "production".into(), name: format!("Key {n}"), key, ..NewCredential::default() };
        operations.credential_create(&caller, application, new).await
    };
    let Handed::Key(key) = credential(SERVICE, 0, None).await?.handed else { bail!("{SERVICE} takes another kind of credential") };
    let mut pairs = Vec::new();
    for n in 0..CALLERS {
        pairs.push(credential("pairs", n, Some("ed25519")).await?.id);
    }
    let made = Prepared { asker: asker.reveal().into(), token: token.reveal().into(), key: key.reveal().into(), pairs };
    running.stop().await.map_err(said)?;
    Ok(made)
}

/// Runs the part `key-making`.
///
/// # Errors
/// A server or a caller broke off.
pub(crate) fn run(runtime: &Runtime, options: &Options, report: &mut Report) -> Result<()> {
    let (core, load_core) = cores::server_and_load()?;
    let directory = tempfile::tempdir()?;
    let data = directory.path().join("data");
    let prepared = runtime.block_on(make(&data))?;
    let server = Server::keywright(&data, Some(core))?;
    server.listens()?;
    let body = format!(r#"{{"credential":"{}","service":"{SERVICE}","environment":"production"}}"#, prepared.key);
    let question: Arc<[u8]> = post(server.address, "/verify", &prepared.asker, &body).into_bytes().into();
    until_answered(server.address, &question, VALID)?;
    let (mut quiet, mut making, mut keys) = (Vec::new(), Vec::new(), 0);
    for round in 0..options.rounds {
        quiet.push(delays(options, server.address, load_core, &question)?);
        let callers = Callers::start(server.address, load_core, &prepared);
        // Each of them waits or has its key made by now.
        std::thread::sleep(Duration::from_millis(200));
        making.push(delays(options, server.address, load_core, &question)?);
        let made = callers.stop()?;
        keys += made;
        let p99 = |turn: Option<&Vec<f64>>| turn.map_or(f64::NAN, |turn| quantile(turn, 0.99));
        eprintln!("  round {}: 99 % within {:.0} µs, and within {:.0} µs while {made} keys are made", round + 1, p99(quiet.last()), p99(making.last()));
    }
    let of = |turns: &[Vec<f64>], part| median(&turns.iter().map(|turn| quantile(turn, part)).collect::<Vec<_>>());
    let ratio = of(&making, 0.99) / of(&quiet, 0.99);
    report.row("99 % of verdicts while RSA keys are made on the same core, against without", ratio, " ×", &Target::AtMost(2.0));
    report.note(format!(
        "Verdicts in µs without keys being made: 50 % within {:.0}, 99 % within {:.0}, 99.9 % within {:.0}; while {keys} RSA keys are made by {CALLERS} callers: {:.0}, \
         {:.0} and {:.0}. Medians of {} turns, {:.0} questions a second.",
        of(&quiet, 0.5),
        of(&quiet, 0.99),
        of(&quiet, 0.999),
        of(&making, 0.5),
        of(&making, 0.99),
        of(&making, 0.999),
        options.rounds,
        f64::from(CONNECTIONS) / EVERY.as_secs_f64(),
    ));
    Ok(())
}

/// How long each answer of a turn took, in microseconds.
fn delays(options: &Options, address: SocketAddr, core: usize, question: &Arc<[u8]>) -> Result<Vec<f64>> {
    let turn = options.turn;
    let ask_all = || {
        cores::pin(core)?;
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut connections = tokio::task::JoinSet::new();
            let began = Instant::now();
            for n in 0..CONNECTIONS {
                connections.spawn(connection(address, began + EVERY * n / CONNECTIONS, began + turn, Arc::clone(question)));
            }
            let mut all = Vec::new();
            while let Some(done) = connections.join_next().await {
                all.extend(done??);
            }
            anyhow::Ok(all)
        })
    };
    std::thread::scope(|scope| scope.spawn(ask_all).join().map_err(|_| anyhow::anyhow!("the load panicked"))?)
}

/// Asks on one connection every so often. Where an answer is so late that the next question should have been on its way, that one's delay begins when
/// it should have been sent.
async fn connection(address: SocketAddr, first: Instant, end: Instant, question: Arc<[u8]>) -> Result<Vec<f64>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut answer, mut found, mut due) = (Answer::new(), Vec::new(), first);
    while due < end {
        let late = Instant::now() > due;
        tokio::time::sleep_until(due).await;
        let began = if late { due } else { Instant::now() };
        stream.write_all(&question).await?;
        let (status, body) = answer.next(&mut stream).await?;
        if status != 200 || !body.starts_with(VALID.as_bytes()) {
            bail!("no verdict but {status}: {}", String::from_utf8_lossy(body));
        }
        found.push(began.elapsed().as_secs_f64() * 1e6);
        due += EVERY;
    }
    Ok(found)
}

/// Those who have RSA keys made, one after the other.
struct Callers {
    stop: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    threads: Vec<std::thread::JoinHandle<Result<()>>>,
}

impl Callers {
    fn start(address: SocketAddr, core: usize, prepared: &Prepared) -> Self {
        let (stop, made) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let call = |(n, pair): (usize, &CredentialId)| {
            let (path, token) = (format!("/api/v1/credentials/{pair}/rotate"), prepared.token.clone());
            let (stop, made) = (Arc::clone(&stop), Arc::clone(&made));
            std::thread::spawn(move || {
                cores::pin(core)?;
                for key_type in KEY_TYPES.iter().cycle().skip(n) {
                    if stop.load(Relaxed) {
                        break;
                    }
                    let request = post(address, &path, &token, &format!(r#"{{"policy":"immediate","key_type":"{key_type}"}}"#));
                    // Whoever has waited too long for others' keys is asked to come back.
                    match ask_within(address, request.as_bytes(), PATIENCE)? {
                        (201, _) => drop(made.fetch_add(1, Relaxed)),
                        (503, _) => {}
                        (status, body) => bail!("no key pair but {status}: {}", String::from_utf8_lossy(&body)),
                    }
                }
                Ok(())
            })
        };
        let threads = prepared.pairs.iter().enumerate().map(call).collect();
        Self { stop, made, threads }
    }

    /// Waits for the keys that are being made, and gives their number.
    fn stop(self) -> Result<u64> {
        self.stop.store(true, Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow::anyhow!("a caller panicked"))??;
        }
        Ok(self.made.load(Relaxed))
    }
}
