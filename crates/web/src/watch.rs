//! Time limits of a connection: a client that sends half a request must not hold on to it.
//!
//! Each connection has one coarse timer that counts ticks; reading bytes and calling a handler only note the tick. So a request
//! costs neither a timer nor a look at the clock.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use keywright_domain::limits;
use tokio::net::TcpStream;

/// How long a client may take. Each is kept within half of the shortest.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the head of a request, from its first byte; for the first one, from the connection's start.
    pub head: Duration,
    /// For the body of a request, from the end of its head.
    pub body: Duration,
    /// Between requests.
    pub idle: Duration,
    /// Between requests, and for the head of one, while no more connections can be had.
    pub idle_when_full: Duration,
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
            idle_when_full: Duration::from_secs(1),
            stop: Duration::from_secs(10),
        }
    }
}

impl Timeouts {
    /// How often a connection looks: twice in the shortest limit, at least every half second.
    pub(crate) fn tick(&self) -> Duration {
        (self.head.min(self.body).min(self.idle).min(self.idle_when_full) / 2).clamp(Duration::from_millis(5), Duration::from_millis(500))
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
    /// The answer is all that the client still gets; what it is sending nobody reads.
    Leaving = 4,
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

    /// The connection ends with the answer, before its request was read.
    pub(crate) fn leaving(&self) {
        self.enter(Phase::Leaving);
    }

    /// The answer is made.
    pub(crate) fn answered(&self) {
        if !self.is(Phase::Leaving) {
            self.enter(Phase::Idle);
        }
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    /// Whether the limit of what is being read has passed.
    pub(crate) fn late(&self) -> bool {
        self.late.load(Relaxed)
    }

    /// Another tick has passed, `length` after the one before; `full` while no more connections can be had.
    pub(crate) fn tick(&self, length: Duration, timeouts: &Timeouts, full: bool) -> Due {
        let tick = self.tick.load(Relaxed).wrapping_add(1);
        self.tick.store(tick, Relaxed);
        let waited = length * tick.wrapping_sub(self.since.load(Relaxed));
        let spare = |limit: Duration| if full { limit.min(timeouts.idle_when_full) } else { limit };
        if self.is(Phase::Head) && waited >= spare(timeouts.head) || self.is(Phase::Body) && waited >= spare(timeouts.body) {
            // A second round: the answer that says so cannot be delivered either.
            if self.late.swap(true, Relaxed) && waited >= timeouts.head.max(timeouts.body) * 2 { Due::Close } else { Due::Late }
        } else if self.is(Phase::Idle) && waited >= spare(timeouts.idle) || self.is(Phase::Leaving) && waited >= spare(timeouts.body) {
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
    left: usize,
}

/// Bytes that are passed over at the end, so that the answer reaches a client that is still sending: closing a socket with unread bytes resets
/// the connection, and may take the answer with it.
const LEFT_MAX: usize = 2 * limits::BATCH_BYTES_MAX;

const LATE_HEAD: &[u8] = b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/problem+json\r\nconnection: close\r\ncontent-length: 178\r\n\r\n\
{\"type\":\"urn:keywright:problem:request_timeout\",\"title\":\"The request was not sent in time\",\"status\":408,\"code\":\"request_timeout\",\"detail\":\"The head of the request is not whole.\"}";

impl Watched {
    pub(crate) fn new(stream: TcpStream, watch: std::sync::Arc<Watch>) -> Self {
        Self { io: TokioIo::new(stream), watch, left: 0 }
    }
}

impl Read for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<std::io::Result<()>> {
        if self.watch.is(Phase::Head) && self.watch.late() {
            // The answer is short, so the empty send buffer of a fresh exchange takes it whole or not at all.
            let _ = self.io.inner().try_write(LATE_HEAD);
            return Poll::Ready(Err(std::io::ErrorKind::TimedOut.into()));
        }
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if self.watch.is(Phase::Idle) && read.is_ready() {
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
        ready!(Pin::new(&mut self.io).poll_shutdown(cx))?;
        while self.watch.is(Phase::Leaving) && self.left < LEFT_MAX {
            ready!(self.io.inner().poll_read_ready(cx))?;
            match self.io.inner().try_read(&mut [0; 4096]) {
                Ok(0) => break,
                Ok(n) => self.left += n,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
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
        let timeouts = Timeouts { head: s(2), body: s(4), idle: s(6), idle_when_full: s(1), stop: s(1) };
        let watch = Watch::new();
        assert_eq!(watch.tick(s(1), &timeouts, false), Due::Nothing);
        assert_eq!(watch.tick(s(1), &timeouts, false), Due::Late);

        let watch = Watch::new();
        watch.body_begins();
        assert_eq!((1..=4).map(|_| watch.tick(s(1), &timeouts, false)).collect::<Vec<_>>(), [Due::Nothing, Due::Nothing, Due::Nothing, Due::Late]);

        let watch = Watch::new();
        watch.answering();
        assert!((0..100).all(|_| watch.tick(s(1), &timeouts, false) == Due::Nothing), "a handler may take its time");
        watch.answered();
        assert_eq!((1..=6).map(|_| watch.tick(s(1), &timeouts, false)).filter(|d| *d == Due::Close).count(), 1);
    }
    #[test]
    fn while_it_is_full_nobody_holds_on_to_a_connection_without_a_request() {
        let s = Duration::from_secs;
        let timeouts = Timeouts { head: s(10), body: s(10), idle: s(90), idle_when_full: s(1), stop: s(1) };
        let after = |begin: fn(&Watch), full: bool| {
            let watch = Watch::new();
            begin(&watch);
            watch.tick(s(1), &timeouts, full)
        };
        assert_eq!([after(Watch::answered, false), after(|_| {}, false)], [Due::Nothing, Due::Nothing]);
        assert_eq!([after(Watch::answered, true), after(|_| {}, true)], [Due::Close, Due::Late]);
        assert_eq!([after(Watch::body_begins, true), after(Watch::answering, true)], [Due::Late, Due::Nothing]);
        assert_eq!([after(Watch::leaving, false), after(Watch::leaving, true)], [Due::Nothing, Due::Close]);
    }
}
