//! `/provider/verifiers`: who answers, how far they are, and for how long they may.

use askama::Template;
use keywright_domain::time::{Span, Timestamp};
use keywright_store::verifiers::Verifier;
use keywright_verifier::Health;

use crate::extract::{AsOperator, OnPage};
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Badge, Shape, Tone};
use crate::hub::words::{Length, Number, When};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "provider/verifiers.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    head: Number,
    lease: Length,
    /// Why the verifier of this node answers nothing, and what to do.
    stale: Option<String>,
    failure: Option<String>,
    clock_alarm: bool,
}

struct Row {
    id: String,
    node: String,
    role: String,
    position: Number,
    lag: Number,
    state: Badge,
    /// What is left of the lease and the whole of it, in milliseconds: known of the verifier in this process only.
    lease_left: Option<(u64, u64, String)>,
    reported: When,
    software: String,
    here: bool,
}

/// Silent for longer than a lease: it answers nothing until it has caught up. What is younger may be on its way.
const SILENT: Badge = Badge::new("Silent", Tone::Bad, Shape::Cross);
const STALE: Badge = Badge::new("Refuses", Tone::Bad, Shape::Pause);
const ANSWERS: Badge = Badge::new("Answers", Tone::Good, Shape::Disc);
const REPORTS: Badge = Badge::new("Reports", Tone::Good, Shape::Ring);

impl Row {
    fn of(verifier: &Verifier, head: u64, lease_ms: u64, now: Timestamp, local: Option<&Health>) -> Self {
        let local = local.filter(|health| health.verifier == Some(verifier.reported.verifier));
        let position = local.map_or(verifier.reported.position.0, |health| health.place.position.0);
        let silent = now.since(verifier.reported.at).us() > lease_ms.cast_signed().saturating_mul(1_000);
        Self {
            id: verifier.reported.verifier.to_string(),
            node: verifier.node.clone(),
            role: verifier.role.clone(),
            position: Number(position),
            lag: Number(head.saturating_sub(position)),
            state: match local {
                Some(health) if health.stale.is_some() => STALE,
                Some(_) => ANSWERS,
                None if silent => SILENT,
                None => REPORTS,
            },
            lease_left: local.map(|health| (health.lease_left_ms, lease_ms, seconds(health.lease_left_ms))),
            reported: When::new(verifier.reported.at.min(now), now),
            software: verifier.software.clone(),
            here: local.is_some(),
        }
    }
}

/// `1.4 s`
fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
}

/// All of them.
pub(crate) async fn show(visit: OnPage<AsOperator>) -> Result<Html> {
    let operations = visit.operations();
    let listed = operations.verifier_list(visit.caller()).await?;
    let lease_ms = operations.store().installation().await?.lease_ms;
    let local = visit.app().replica().map(|verifier| verifier.health(visit.app().now()));
    // The newest position that anybody has shown: the head, unless a write is on its way this very moment.
    let known = local.as_ref().map(|health| health.head.map_or(health.place.position.0, |head| head.0));
    let head = listed.iter().map(|v| v.reported.position.0).chain(known).max().unwrap_or(0);
    let now = operations.now();
    let page = Page {
        frame: visit.frame("Verifiers", Section::Verifiers, None),
        rows: listed.iter().map(|v| Row::of(v, head, lease_ms, now, local.as_ref())).collect(),
        head: Number(head),
        lease: Length(Span::from_us(lease_ms.cast_signed().saturating_mul(1_000))),
        stale: local.as_ref().and_then(|health| health.stale.as_ref().map(ToString::to_string)),
        failure: local.as_ref().and_then(|health| health.last_failure.clone()),
        clock_alarm: local.as_ref().is_some_and(|health| health.clock_alarm),
    };
    Html::page(&page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_have_one_digit_behind_the_point() {
        assert_eq!((seconds(0), seconds(1_449), seconds(2_000)), ("0.0 s".into(), "1.4 s".into(), "2.0 s".into()));
    }
}
