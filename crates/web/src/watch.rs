//! Time limits of a connection: a client that sends half a request must not hold on to it.
//!
//! Each connection has one coarse timer that counts ticks; reading bytes and calling a handler only note the tick. So a request
//! costs neither a timer nor a look at the clock.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use keywright_domain::limits;
use tokio::net::TcpStream;

/// How long a client may take. Each is kept within a quarter of the shortest.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the head of a request, from its first byte; for the first one, from the connection's start.
    pub head: Duration,
    /// For the body of a request, from the end of its head.
    pub body: Duration,
    /// Between requests.
    pub idle: Duration,
    /// For open requests when the server stops.
    pub stop: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            head: Duration::from_millis(limits::HEAD_READ_MS),
            body: Duration::from_millis(limits::BODY_READ_MS),
            // Longer than the 60 s after which nginx closes idle connections to its upstreams, so that it is not we who close
            // one that is just being used again.
            idle: Duration::from_secs(90),
            stop: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    /// How often a connection looks: a quarter of the shortest limit, at least every half second.
    pub(crate) fn tick(&self) -> Duration {
        (self.head.min(self.body).min(self.idle) / 4).clamp(Duration::from_millis(5), Duration::from_millis(500))
    }
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Idle = 0,
    Head = 1,
    Body = 2,
    Answering = 3,
}

/// Shared by a connection's socket, its handler and its timer, which all run in one task: the atomics are never contended.
#[derive(Debug)]
pub(crate) struct Watch {
    phase: AtomicU8,
    since: AtomicU32,
    tick: AtomicU32,
    late: AtomicBool,
}

/// What is due after a tick.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    /// Whoever is reading finds out when it looks: [`Watched`] or [`crate::body`].
    Late,
    /// Nobody is reading, so nobody can be told.
    Close,
}

impl Watch {
    /// A connection that has just begun and owes its first head.
    pub(crate) fn new() -> Self {
        Self { phase: AtomicU8::new(Phase::Head as u8), since: AtomicU32::new(0), tick: AtomicU32::new(0), late: AtomicBool::new(false) }
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.since.store(self.tick.load(Relaxed), Relaxed);
    }

    /// A head has been read; its body follows.
    pub(crate) fn body_begins(&self) {
        self.enter(Phase::Body);
    }

    /// The request is whole, or nobody reads the rest.
    pub(crate) fn answering(&self) {
        self.enter(Phase::Answering);
    }

    /// The answer is made.
    pub(crate) fn answered(&self) {
        self.enter(Phase::Idle);
    }

    /// Whether the limit of what is being read has passed.
    pub(crate) fn late(&self) -> bool {
        self.late.load(Relaxed)
    }

    /// Another tick has passed, `length` after the one before.
    pub(crate) fn tick(&self, length: Duration, timeouts: &Timeouts) -> Due {
        let tick = self.tick.load(Relaxed).wrapping_add(1);
        self.tick.store(tick, Relaxed);
        let waited = length * tick.wrapping_sub(self.since.load(Relaxed));
        let phase = self.phase.load(Relaxed);
        if phase == Phase::Head as u8 && waited >= timeouts.head || phase == Phase::Body as u8 && waited >= timeouts.body {
            // A second round: the answer that says so cannot be delivered either.
            if self.late.swap(true, Relaxed) && waited >= timeouts.head.max(timeouts.body) * 2 { Due::Close } else { Due::Late }
        } else if phase == Phase::Idle as u8 && waited >= timeouts.idle {
            Due::Close
        } else {
            Due::Nothing
        }
    }
}

/// A socket that tells its watch when a head begins.
pub(crate) struct Watched {
    io: TokioIo<TcpStream>,
    watch: std::sync::Arc<Watch>,
}

const LATE_HEAD: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: 178\r\n\r\n\
{\"type\":\"urn:keywright:problem:request_timeout\",\"title\":\"The request was not sent in time\",\"status\":408,\"code\":\"request_timeout\",\"detail\":\"The head of the request is not whole.\"}";

impl Watched {
    pub(crate) fn new(stream: TcpStream, watch: std::sync::Arc<Watch>) -> Self {
        Self { io: TokioIo::new(stream), watch }
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        let phase = self.watch.phase.load(Relaxed);
        if phase == Phase::Head as u8 && self.watch.late() {
            // The answer is short, so the empty send buffer of a fresh exchange takes it whole or not at all.
            let _ = self.io.inner().try_write(LATE_HEAD);
            return Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()));
        }
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if phase == Phase::Idle as u8 && read.is_ready() {
            self.watch.enter(Phase::Head);
        }
        read
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_answer_says_its_own_length() {
        let text = std::str::from_utf8(LATE_HEAD).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["status"], 408);
    }

    #[test]
    fn a_head_and_a_body_that_do_not_end_are_late_and_an_idle_connection_is_closed() {
        let s = Duration::from_secs;
        let timeouts = Timeouts { head: s(2), body: s(4), idle: s(6), stop: s(1) };
        let watch = Watch::new();
        assert_eq!(watch.tick(s(1), &timeouts), Due::Nothing);
        assert_eq!(watch.tick(s(1), &timeouts), Due::Late);

        let watch = Watch::new();
        watch.body_begins();
        assert_eq!((1..=4).map(|_| watch.tick(s(1), &timeouts)).collect::<Vec<_>>(), [Due::Nothing, Due::Nothing, Due::Nothing, Due::Late]);

        let watch = Watch::new();
        watch.answering();
        assert!((0..100).all(|_| watch.tick(s(1), &timeouts) == Due::Nothing), "a handler may take its time");
        watch.answered();
        assert_eq!((1..=6).map(|_| watch.tick(s(1), &timeouts)).filter(|d| *d == Due::Close).count(), 1);
    }
}
