//! `/livez` and `/readyz`.

use hyper::StatusCode;
use hyper::header::CACHE_CONTROL;
use serde::Serialize;

use crate::extract::Machine;
use crate::routes::{Reply, Result};

#[derive(Serialize)]
struct Ready {
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verifier: Option<ReplicaReady>,
    /// Of a node that keeps a replica for the OAuth 2 server alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth2: Option<ReplicaReady>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hub: Option<Role>,
}

#[derive(Serialize)]
struct Role {
    ready: bool,
    /// Why not, and what to do.
    reason: Option<String>,
}

#[derive(Serialize)]
struct ReplicaReady {
    #[serde(flatten)]
    role: Role,
    id: Option<String>,
    position: u64,
    /// Newest position that the store has shown.
    head: Option<u64>,
    lease_left_ms: u64,
    /// Why the last attempt to reach the store failed.
    last_failure: Option<String>,
    clock_offset_ms: Option<i64>,
    /// Things that somebody should look at although verdicts are given.
    warnings: Vec<String>,
}

/// 200: the process runs.
pub(crate) async fn live(_: Machine) -> Result<Reply> {
    Ok(json(StatusCode::OK, &serde_json::json!({"live": true})))
}

/// 200 when each role of this node can do its work, else 503 with the reason.
pub(crate) async fn ready(machine: Machine) -> Result<Reply> {
    let app = machine.app();
    let replica = app.replica().map(|replica| {
        let health = replica.health(app.now());
        let mut warnings = Vec::new();
        if health.clock_alarm {
            warnings.push("this machine's clock and the store's differ by more than 5 s: set the clocks, by NTP for example".to_owned());
        }
        if let Some(back) = health.store_clock_back {
            let s = back.us() / 1_000_000;
            warnings.push(format!("the store's clock went back by {s} s within the last hour, and expiry with it: watch the clock of the store's machine"));
        }
        ReplicaReady {
            role: Role { ready: health.stale.is_none(), reason: health.stale.map(|stale| stale.to_string()) },
            id: health.verifier.map(|id| id.to_string()),
            position: health.place.position.0,
            head: health.head.map(|head| head.0),
            lease_left_ms: health.lease_left_ms,
            last_failure: health.last_failure,
            clock_offset_ms: health.clock_offset_us.map(|us| us / 1_000),
            warnings,
        }
    });
    let hub = app.settings().hub.then(|| {
        let reason = app.node().hub_ready().err();
        Role { ready: reason.is_none(), reason }
    });
    let ready = replica.as_ref().is_none_or(|replica| replica.role.ready) && hub.as_ref().is_none_or(|h| h.ready);
    let (verifier, oauth2) = if app.verifier().is_some() { (replica, None) } else { (None, replica) };
    Ok(json(if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &Ready { ready, verifier, oauth2, hub }))
}

/// JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    Reply::json(status, body).with(CACHE_CONTROL, "no-store")
}
