//! The load: 32 connections that each keep one request in flight, on one thread of one core.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cores;
use crate::keys::mixed;
use crate::questions::Requests;

/// Connections of a load.
pub(crate) const CONNECTIONS: u64 = 32;

/// A load that runs.
pub(crate) struct Load {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<()>>,
}

struct Shared {
    answered: AtomicU64,
    stop: AtomicBool,
}

impl Load {
    /// Starts one. Every answer must be 200 and its body begin with `expected`.
    #[must_use]
    pub(crate) fn start(address: SocketAddr, core: usize, requests: Arc<Requests>, expected: &'static str) -> Self {
        let shared = Arc::new(Shared { answered: AtomicU64::new(0), stop: AtomicBool::new(false) });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            cores::pin(core)?;
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async move {
                // Never asleep: to wake a client on another processor costs the server microseconds, and the more often the slower it answers.
                let stopping = Arc::clone(&theirs);
                let awake = tokio::spawn(async move { stay_awake(&stopping.stop).await });
                let mut connections = tokio::task::JoinSet::new();
                for n in 0..CONNECTIONS {
                    connections.spawn(connection(address, n, Arc::clone(&requests), expected, Arc::clone(&theirs)));
                }
                while let Some(ended) = connections.join_next().await {
                    ended??;
                }
                theirs.stop.store(true, Relaxed);
                Ok(awake.await?)
            })
        });
        Self { shared, thread }
    }

    /// Requests answered so far.
    ///
    /// # Errors
    /// The load has broken off: see [`stop`](Self::stop).
    pub(crate) fn answered(&self) -> Result<u64> {
        if self.thread.is_finished() {
            bail!("the load has broken off");
        }
        Ok(self.shared.answered.load(Relaxed))
    }

    /// Ends it.
    ///
    /// # Errors
    /// An answer was not what it should be.
    pub(crate) fn stop(self) -> Result<()> {
        self.shared.stop.store(true, Relaxed);
        self.thread.join().map_err(|_| anyhow::anyhow!("the load panicked"))?
    }
}

async fn connection(address: SocketAddr, number: u64, requests: Arc<Requests>, expected: &'static str, shared: Arc<Shared>) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut state = number << 32;
    let mut own = match &*requests {
        Requests::Keys { template, .. } => template.clone(),
        Requests::Whole(_) | Requests::Once { .. } => Vec::new(),
    };
    let mut answer = Answer { buffer: vec![0; 4_096], filled: 0 };
    while !shared.stop.load(Relaxed) {
        state += 1;
        match &*requests {
            Requests::Keys { at, keys, .. } => {
                own[*at..][..keys[0].len()].copy_from_slice(&keys[mixed(state) as usize % keys.len()]);
                stream.write_all(&own).await?;
            }
            Requests::Once { requests, next } => {
                let at = usize::try_from(next.fetch_add(1, Relaxed))?;
                match requests.get(at) {
                    Some(request) => stream.write_all(request).await?,
                    // Idle for the rest of the turn: what a request costs is not changed by that.
                    None => {
                        wait_for_the_end(&shared).await;
                        return Ok(());
                    }
                }
            }
            Requests::Whole(whole) => stream.write_all(&whole[mixed(state) as usize % whole.len()]).await?,
        }
        answer.read(&mut stream, expected.as_bytes()).await?;
        shared.answered.fetch_add(1, Relaxed);
    }
    Ok(())
}

async fn stay_awake(stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        tokio::task::yield_now().await;
    }
}

/// Does `work` while this core is as busy as a load keeps it: cores may share what they compute with.
///
/// # Errors
/// There is no such core.
pub(crate) fn beside_a_busy_core<T>(core: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let busy = scope.spawn(|| -> Result<()> {
            cores::pin(core)?;
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(stay_awake(&stop));
            Ok(())
        });
        let done = work();
        stop.store(true, Relaxed);
        busy.join().map_err(|_| anyhow::anyhow!("the busy core panicked"))??;
        done
    })
}

async fn wait_for_the_end(shared: &Shared) {
    while !shared.stop.load(Relaxed) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// One answer after the other, in one buffer.
pub(crate) struct Answer {
    buffer: Vec<u8>,
    filled: usize,
}

impl Answer {
    /// With room for short answers; it grows for longer ones.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; 4_096], filled: 0 }
    }

    /// Reads a whole answer and compares its beginning.
    async fn read(&mut self, stream: &mut TcpStream, expected: &[u8]) -> Result<()> {
        let (status, body) = self.next(stream).await?;
        if status != 200 || !body.starts_with(expected) {
            bail!("expected 200 and {}, got {status} and {}", String::from_utf8_lossy(expected), String::from_utf8_lossy(&body[..body.len().min(300)]));
        }
        Ok(())
    }

    /// Reads a whole answer: its status and its body.
    ///
    /// # Errors
    /// The connection broke, or what came is no answer.
    pub(crate) async fn next(&mut self, stream: &mut TcpStream) -> Result<(u16, &[u8])> {
        self.filled = 0;
        let (head, length) = loop {
            self.fill(stream).await?;
            if let Some(found) = head(&self.buffer[..self.filled])? {
                break found;
            }
        };
        if self.buffer.len() < head + length {
            self.buffer.resize(head + length, 0);
        }
        while self.filled < head + length {
            self.fill(stream).await?;
        }
        if self.filled != head + length {
            bail!("more came than one answer");
        }
        let status = std::str::from_utf8(&self.buffer[9..12])?.parse()?;
        Ok((status, &self.buffer[head..self.filled]))
    }

    async fn fill(&mut self, stream: &mut TcpStream) -> Result<()> {
        let read = stream.read(&mut self.buffer[self.filled..]).await?;
        if read == 0 {
            bail!("the server closed the connection");
        }
        self.filled += read;
        Ok(())
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::new()
    }
}

/// Length of the head and of the body; none while the head is not whole.
fn head(bytes: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    const NAME: &[u8] = b"content-length: ";
    let at = bytes[..end].windows(NAME.len()).position(|name| name.eq_ignore_ascii_case(NAME)).context("an answer without content-length")?;
    let digits = bytes[at + NAME.len()..end].iter().take_while(|b| b.is_ascii_digit());
    Ok(Some((end + 4, digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))))
}

/// What a load cost its server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time of a request, in microseconds.
    pub(crate) us: f64,
    /// Requests in a second.
    pub(crate) per_s: f64,
}

/// Puts a load on a server and measures after the warm-up; `meanwhile` tells when the turn begins.
///
/// # Errors
/// An answer was not what it should be, or the server ended.
pub(crate) fn measure(
    server: &crate::process::Server,
    core: usize,
    requests: &Arc<Requests>,
    expected: &'static str,
    options: &crate::options::Options,
) -> Result<Cost> {
    let load = Load::start(server.address, core, Arc::clone(requests), expected);
    let measured = (|| {
        std::thread::sleep(options.warm_up);
        let (began, cpu, answered) = (std::time::Instant::now(), server.cpu_us()?, load.answered()?);
        std::thread::sleep(options.turn);
        let (cpu, answered) = (server.cpu_us()? - cpu, load.answered()? - answered);
        if answered == 0 {
            bail!("nothing was answered in a turn");
        }
        Ok(Cost { us: cpu / answered as f64, per_s: answered as f64 / began.elapsed().as_secs_f64() })
    })();
    // Why the load broke off says more than that it did.
    load.stop()?;
    measured
}

/// Asks one question and gives status and body.
///
/// # Errors
/// There is nobody, or no answer within five seconds.
pub(crate) fn ask(address: SocketAddr, request: &[u8]) -> Result<(u16, Vec<u8>)> {
    ask_within(address, request, Duration::from_secs(5))
}

/// The same, with more patience or less.
///
/// # Errors
/// There is nobody, or no answer in time.
pub(crate) fn ask_within(address: SocketAddr, request: &[u8], patience: Duration) -> Result<(u16, Vec<u8>)> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let asked = async {
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request).await?;
            let mut answer = Answer::new();
            let (status, body) = answer.next(&mut stream).await?;
            Ok((status, body.to_vec()))
        };
        tokio::time::timeout(patience, asked).await?
    })
}
