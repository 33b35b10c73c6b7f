//! What all requests of a node share.

use std::sync::Arc;

use ipnet::IpNet;
use keywright_crypto::proof::ProofPublicKey;
use keywright_domain::time::Boot;
use keywright_verifier::Verifier;

use crate::answer::Answer;
use crate::hosts::PublicHost;
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
    /// Whether this node has the hub's role; its verifier's role follows from whether it has a verifier.
    pub hub: bool,
    /// How long clients may take.
    pub timeouts: Timeouts,
    /// Connections that are served at a time, at least one. Further ones wait, and idle ones make room.
    pub connections_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { trusted_proxies: Vec::new(), public_url: None, problems_url: None, hub: false, timeouts: Timeouts::default(), connections_max: 10_000 }
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
}

/// Gauges of the process; none where this node has no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Uses that are counted and not yet in the store.
    pub usage_backlog: Option<u64>,
    /// Writes that wait for the store's writer.
    pub writer_queue: Option<u64>,
}

/// What all requests of a node share.
pub struct App {
    verifier: Option<Arc<Verifier>>,
    clock: fn() -> Boot,
    settings: Settings,
    public_host: Option<PublicHost>,
    node: Box<dyn Node>,
}

impl App {
    /// `clock` reads `CLOCK_BOOTTIME`. Without a verifier this node answers no question.
    #[must_use]
    pub fn new(verifier: Option<Arc<Verifier>>, clock: fn() -> Boot, settings: Settings, node: Box<dyn Node>) -> Self {
        let public_host = settings.public_url.as_deref().and_then(PublicHost::of_url);
        Self { verifier, clock, settings, public_host, node }
    }

    pub(crate) fn verifier(&self) -> Option<&Verifier> {
        self.verifier.as_deref()
    }

    /// A reading of the clock that counts suspend, never a kept one.
    pub(crate) fn now(&self) -> Boot {
        (self.clock)()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn public_host(&self) -> Option<&PublicHost> {
        self.public_host.as_ref()
    }

    pub(crate) fn node(&self) -> &dyn Node {
        &*self.node
    }

    pub(crate) fn render(&self, problem: Problem) -> Answer {
        problem.render(self.settings.problems_url.as_deref())
    }
}
