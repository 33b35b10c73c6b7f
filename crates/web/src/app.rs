//! What all requests of a node share.

use std::pin::Pin;
use std::sync::Arc;

use hyper::{HeaderMap, Uri};
use ipnet::IpNet;
use keywright_crypto::proof::ProofPublicKey;
use keywright_domain::time::{Boot, Timestamp};
use keywright_operations::Operations;
use keywright_verifier::{NonceAnswer, NonceClaim, Verifier};

use crate::answer::Answer;
use crate::hosts::{Hosts, PublicHost};
use crate::problem::Problem;
use crate::watch::Timeouts;

/// How this node serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Networks of proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The address under which people reach this installation; none: any `Host` is answered.
    pub public_url: Option<String>,
    /// Where each problem's code has a page; none: types are URNs.
    pub problems_url: Option<String>,
    /// Whether this node has the hub's role.
    pub hub: bool,
    /// Whether this node has the verifier's role. One that has not keeps its replica for the OAuth 2 server alone.
    pub verify: bool,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// Connections that are served at a time, at least one. Further ones wait, and idle ones make room.
    pub connections_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            public_url: None,
            problems_url: None,
            hub: false,
            verify: true,
            timeouts: Timeouts::default(),
            connections_max: 10_000,
        }
    }
}

/// What only the process knows that runs the loops beside the server.
pub trait Node: Send + Sync + 'static {
    /// Figures for `/metrics`.
    fn figures(&self) -> Figures;

    /// Whether the hub can do its work.
    ///
    /// # Errors
    /// Why not, and what to do, for `/readyz`.
    fn hub_ready(&self) -> Result<(), String>;

    /// The public halves of the keys that sign revocation proofs, newest first; empty while they are not known.
    fn proof_keys(&self) -> Vec<ProofPublicKey>;

    /// Uses nonces up, several at a time and in their order: in the memory that all nodes share, or on this node's disk. `now` is the calendar of who asks. Where nobody
    /// answers, which is in the log, the answer is [`NonceAnswer::Silent`].
    fn claim_nonces<'n>(&'n self, claims: &'n [NonceClaim], now: Timestamp) -> Pin<Box<dyn Future<Output = Vec<NonceAnswer>> + Send + 'n>>;
}

/// Gauges of the process; none where this node has no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Uses that are counted and not yet in the store.
    pub usage_backlog: Option<u64>,
    /// Writes that wait for the store's writer.
    pub writer_queue: Option<u64>,
}

/// What the hub and the management API need.
pub struct Hub {
    /// What people and programs do.
    pub operations: Operations,
    /// Under which people reach the hub: the public URL, or this machine's address; without a slash at the end.
    pub base_url: String,
    /// The origin without cookies from which uploaded images come.
    pub share_url: Option<String>,
    /// Cookies are for https only, as the public URL says.
    pub secure_cookies: bool,
    /// The directory where mails are files, for whoever signs in on this very machine; none: they are sent, or nobody there can read it.
    pub outbox: Option<String>,
}

impl Hub {
    /// The cookie of a session. The prefix binds it to this very host (RFC 6265bis section 4.1.3).
    #[must_use]
    pub const fn session_cookie(&self) -> &'static str {
        if self.secure_cookies { "__Host-keywright" } else { "keywright" }
    }

    /// The cookie of a browser that has asked to sign in: the code of the mail works with it only.
    #[must_use]
    pub const fn browser_cookie(&self) -> &'static str {
        if self.secure_cookies { "__Host-keywright-browser" } else { "keywright-browser" }
    }
}

/// What all requests of a node share.
pub struct App {
    verifier: Option<Arc<Verifier>>,
    clock: fn() -> Boot,
    settings: Settings,
    hosts: Hosts,
    share_host: Option<PublicHost>,
    node: Box<dyn Node>,
    hub: Option<Hub>,
}

impl App {
    /// `clock` reads `CLOCK_BOOTTIME`. Without a verifier this node answers no question and gives no token, without a hub no page and nothing of the
    /// management API.
    #[must_use]
    pub fn new(verifier: Option<Arc<Verifier>>, hub: Option<Hub>, clock: fn() -> Boot, settings: Settings, node: Box<dyn Node>) -> Self {
        let hosts = Hosts::new(settings.public_url.as_deref(), hub.as_ref().map(|hub| hub.base_url.as_str()));
        let share_host = hub.as_ref().and_then(|hub| hub.share_url.as_deref()).and_then(PublicHost::of_url);
        Self { verifier, clock, settings, hosts, share_host, node, hub }
    }

    /// What answers questions about requests; none: this node was told not to.
    pub(crate) fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_deref().filter(|_| self.settings.verify)
    }

    /// This node's copy of clients, resource servers and tokens, from which the OAuth 2 server answers.
    pub(crate) fn replica(&self) -> Option<&Verifier> {
        self.verifier.as_deref()
    }

    /// A reading of the clock that counts suspend, never a kept one.
    pub(crate) fn now(&self) -> Boot {
        (self.clock)()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a request names the origin of uploaded images, where that is this listener under another name.
    pub(crate) fn is_share_host(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        self.share_host.as_ref().is_some_and(|host| host.is_named_by(headers, uri))
    }

    pub(crate) const fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    pub(crate) const fn hub(&self) -> Option<&Hub> {
        self.hub.as_ref()
    }

    pub(crate) fn node(&self) -> &dyn Node {
        &*self.node
    }

    pub(crate) fn render(&self, problem: Problem) -> Answer {
        problem.render(self.settings.problems_url.as_deref())
    }
}
