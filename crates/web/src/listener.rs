//! Connections: accepting them, serving their requests, and ending well.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use keywright_domain::limits;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::app::App;
use crate::problem::Problem;
use crate::routes;
use crate::share;
use crate::verify;
use crate::watch::{Due, Watch, Watched};

/// Bytes that are read ahead.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long to wait when the system has no socket to give; trying at once would only keep it busy.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Connections of the listener of images: a page has few, browsers keep them, and what they get is kept for a year.
const IMAGES_CONNECTIONS_MAX: usize = 200;

/// For so long a trouble must not have come again before it is said again.
const SPELL: Duration = Duration::from_secs(10);

/// A trouble that is worth one line in the log, however often it comes in a row.
#[derive(Default)]
struct Spell {
    over: Option<Instant>,
}

impl Spell {
    /// Whether the trouble, which is there now, was gone before.
    fn begins(&mut self, now: Instant) -> bool {
        self.over.replace(now + SPELL).is_none_or(|over| now >= over)
    }
}

/// What all connections share.
struct Server {
    app: Arc<App>,
    /// It is the listener of the origin for uploaded images, and nothing else is to be had here.
    images_only: bool,
    stopping: AtomicBool,
    /// No more connections can be had, so those without a request make room.
    full: AtomicBool,
}

/// One connection.
struct Connection {
    server: Arc<Server>,
    peer: IpAddr,
    watch: Arc<Watch>,
}

/// Serves until `stop` is there, then lets open requests end, for [`Timeouts::stop`](crate::Timeouts::stop) at most.
pub async fn serve(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    run(listener, app, false, stop).await;
}

/// The same for a listener of uploaded images, an origin of their own without cookies.
pub async fn serve_images(listener: TcpListener, app: Arc<App>, stop: impl Future<Output = ()>) {
    run(listener, app, true, stop).await;
}

async fn run(listener: TcpListener, app: Arc<App>, images_only: bool, stop: impl Future<Output = ()>) {
    let server = Arc::new(Server { app, images_only, stopping: AtomicBool::new(false), full: AtomicBool::new(false) });
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    let max = server.app.settings().connections_max.clamp(1, if images_only { IMAGES_CONNECTIONS_MAX } else { usize::MAX });
    let (mut crowded, mut failing) = (Spell::default(), Spell::default());
    loop {
        let full = connections.len() >= max;
        server.full.store(full, Relaxed);
        if full && crowded.begins(Instant::now()) {
            tracing::warn!(connections = max, "all connections are in use: new ones wait until idle ones are closed");
        }
        tokio::select! {
            () = &mut stop => break,
            // Ended ones are taken out as they end, so that the set does not grow.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if !full => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer.ip(), Arc::clone(&server)));
                }
                Err(error) => {
                    if failing.begins(Instant::now()) {
                        tracing::warn!(%error, "no connection could be accepted: this is tried again until it works");
                    }
                    server.full.store(true, Relaxed);
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    drop(listener);
    server.stopping.store(true, Relaxed);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(server.app.settings().timeouts.stop, ended).await.is_err() {
        tracing::warn!(open = connections.len(), "connections were still open and are cut");
    }
}

async fn connection(stream: TcpStream, peer: IpAddr, server: Arc<Server>) {
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let watch = Arc::new(Watch::new());
    let io = Watched::new(stream, Arc::clone(&watch));
    let this = Arc::new(Connection { server: Arc::clone(&server), peer, watch: Arc::clone(&watch) });
    let service = service_fn(move |request| {
        let this = Arc::clone(&this);
        async move { Ok::<_, Infallible>(this.answer(request).await) }
    });
    // Heads and bodies are short: one buffer and one write are cheaper than a vectored write.
    let mut protocol = http1::Builder::new();
    protocol.max_buf_size(BUFFER_BYTES_MAX).max_header_size(limits::HEAD_BYTES_MAX).writev(false);
    let mut http = pin!(protocol.serve_connection(io, service));
    let timeouts = server.app.settings().timeouts;
    let tick = timeouts.tick();
    let mut timer = pin!(tokio::time::sleep(tick));
    let mut stopping = false;
    poll_fn(|cx| {
        loop {
            // After a tick it is polled again, so that whoever is reading sees that it is late.
            if http.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            timer.as_mut().reset(Instant::now() + tick);
            if watch.tick(tick, &timeouts, server.full.load(Relaxed)) == Due::Close {
                return Poll::Ready(());
            }
            if !stopping && server.stopping.load(Relaxed) {
                stopping = true;
                http.as_mut().graceful_shutdown();
            }
        }
    })
    .await;
}

impl Connection {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        self.watch.body_begins();
        let app = &self.server.app;
        let answer = match request.uri().path() {
            _ if self.server.images_only => {
                self.watch.answering();
                share::answer(app, request.method(), request.uri(), request.headers()).await
            }
            "/verify" if request.method() == Method::POST => verify::verify(app, &self.watch, request).await,
            "/verify/batch" if request.method() == Method::POST => Box::pin(verify::batch::batch(app, &self.watch, request)).await,
            "/verify/forward" => {
                self.watch.answering();
                verify::forward::forward(app, self.peer, &request).await
            }
            "/verify" | "/verify/batch" => app.render(Problem::method("POST")),
            _ if app.is_share_host(request.headers(), request.uri()) => {
                self.watch.answering();
                share::answer(app, request.method(), request.uri(), request.headers()).await
            }
            _ => {
                self.watch.answering();
                Box::pin(routes::answer(app, &self.watch, self.peer, request)).await
            }
        };
        self.watch.answered();
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_that_goes_on_is_said_once() {
        let (mut spell, start) = (Spell::default(), Instant::now());
        let said: Vec<bool> = [0, 1, 9, 18, 28, 30].map(|s| spell.begins(start + Duration::from_secs(s))).into();
        assert_eq!(said, [true, false, false, false, true, false]);
    }
}
