//! Revoking under load: is a key ever accepted in a request that was sent after its revocation had taken effect?

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Instant;

use anyhow::{Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::VALID;
use crate::dataset::{DataSet, credential, machine, said, start};
use crate::keys::{key, mixed};
use crate::load::{Answer, CONNECTIONS};
use crate::questions::{Requests, single};
use crate::report::{Report, Target, quantile};

/// Revocations that are under way at the same time.
const AT_ONCE: u64 = 32;
/// How many keys before and behind the newest revocation are asked about.
const NEAR: u64 = 256;

/// What revokers and askers share. Times are nanoseconds since the start, plus one; 0: not yet.
struct World {
    began: Instant,
    /// When the answer to the revocation of each key had come.
    answered: Vec<AtomicU64>,
    /// The next key to revoke.
    next: AtomicU64,
    over: AtomicBool,
    accepted_before: AtomicU64,
    accepted_after: AtomicU64,
    refused_after: AtomicU64,
}

impl World {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// Runs the part `revocations`.
///
/// # Errors
/// The server broke off, or an answer was none.
pub(crate) async fn run(count: u64, data: &DataSet, report: &mut Report) -> Result<()> {
    if data.shape.live < count {
        bail!("{count} revocations need as many keys");
    }
    let running = start(&data.data()).await?;
    let requests = Arc::new(single(running.address, &data.token, (0..count).map(key)));
    let world = Arc::new(World {
        began: Instant::now(),
        answered: (0..count).map(|_| AtomicU64::new(0)).collect(),
        next: AtomicU64::new(0),
        over: AtomicBool::new(false),
        accepted_before: AtomicU64::new(0),
        accepted_after: AtomicU64::new(0),
        refused_after: AtomicU64::new(0),
    });
    wait_until_fresh(&running).await?;
    let mut askers = tokio::task::JoinSet::new();
    for n in 0..CONNECTIONS {
        askers.spawn(asker(running.address, n, Arc::clone(&requests), Arc::clone(&world)));
    }
    let mut revokers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONCE {
        let (operations, world) = (running.operations.clone(), Arc::clone(&world));
        revokers.spawn(async move {
            let mut each = Vec::new();
            loop {
                let n = world.next.fetch_add(1, SeqCst);
                let Some(answered) = world.answered.get(n as usize) else { return Ok::<_, keywright_operations::Error>(each) };
                let began = Instant::now();
                let revoked = operations.credential_revoke(&machine(), credential(n)).await?;
                operations.revocation_effective(&revoked).await?;
                answered.store(world.now(), SeqCst);
                each.push(began.elapsed().as_secs_f64() * 1e3);
            }
        });
    }
    let mut each = Vec::new();
    while let Some(revoker) = revokers.join_next().await {
        each.extend(revoker??);
    }
    let seconds = world.began.elapsed().as_secs_f64();
    // The last ones are asked about for a moment more.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    world.over.store(true, SeqCst);
    while let Some(asker) = askers.join_next().await {
        asker??;
    }
    running.stop().await.map_err(said)?;
    let [before, after, refused] = [&world.accepted_before, &world.accepted_after, &world.refused_after].map(|n| n.load(SeqCst));
    if before == 0 || refused == 0 {
        bail!("the load asked about nothing that matters: {before} accepted before, {refused} refused after");
    }
    report.row(&format!("acceptances after the answer of {count} revocations under load"), after as f64, "", &Target::AtMost(0.0));
    report.note(format!(
        "{count} revocations, {AT_ONCE} at a time, in {seconds:.1} s; effective on this node after {:.1} ms (median), {:.1} ms (99 %), {:.1} ms at most, from the call to the signed proof. \
         Meanwhile {CONNECTIONS} connections asked about keys near the newest: {before} times accepted before the answer, {refused} times refused in requests sent after it.",
        quantile(&each, 0.5),
        quantile(&each, 0.99),
        quantile(&each, 1.0)
    ));
    Ok(())
}

/// Until the replica answers.
async fn wait_until_fresh(running: &keywright::serve::Running) -> Result<()> {
    let verifier = &running.verifier;
    let since = Instant::now();
    while verifier.health(keywright::clocks::boot()).stale.is_some() {
        if since.elapsed().as_secs() > 60 {
            bail!("the replica is not loaded after a minute");
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn asker(address: SocketAddr, number: u64, requests: Arc<Requests>, world: Arc<World>) -> Result<()> {
    let Requests::Keys { template, at, keys } = &*requests else { bail!("not single requests") };
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer, mut state) = (template.clone(), Answer::new(), number << 32);
    while !world.over.load(SeqCst) {
        state += 1;
        let n = (world.next.load(SeqCst) + mixed(state) % NEAR).saturating_sub(NEAR / 2) as usize;
        let n = n.min(keys.len() - 1);
        request[*at..][..keys[n].len()].copy_from_slice(&keys[n]);
        // Sent before the answer to the revocation came, as far as anybody can tell: then both verdicts are right.
        let revoked_before = world.answered[n].load(SeqCst);
        let sent = world.now();
        stream.write_all(&request).await?;
        let (status, body) = answer.next(&mut stream).await?;
        let accepted = body.starts_with(VALID.as_bytes());
        if status != 200 || !(accepted || body.starts_with(br#"{"valid":false,"code":"revoked","#)) {
            bail!("expected a verdict, got {status} and {}", String::from_utf8_lossy(&body[..body.len().min(300)]));
        }
        let after = revoked_before != 0 && sent > revoked_before;
        let counter = match (accepted, after) {
            (true, true) => &world.accepted_after,
            (true, false) => &world.accepted_before,
            (false, true) => &world.refused_after,
            (false, false) => continue,
        };
        counter.fetch_add(1, SeqCst);
    }
    Ok(())
}
