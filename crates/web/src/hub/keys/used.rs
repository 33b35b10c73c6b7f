//! When and from where a key was used, for pages.

use std::net::IpAddr;

use keywright_domain::credential::VersionState;
use keywright_domain::time::Span;
use keywright_domain::verdict::Code;
use keywright_operations::credentials::Shown;

use crate::hub::words::{Number, When};

/// The last use, and how many there were.
pub(super) struct Used {
    pub(super) when: When,
    /// Where it came from, where resource servers say so.
    pub(super) source: Option<IpAddr>,
    pub(super) count: Number,
}

/// A version that is on its way out.
pub(super) struct Old {
    pub(super) number: u32,
    pub(super) until: When,
    pub(super) used: Option<Used>,
}

/// Accepted uses of one version; none: of all together.
pub(super) fn used(shown: &Shown, version: Option<u32>) -> Option<Used> {
    counted(shown, Code::Valid, version)
}

/// Calls that were refused because they came with this version after it had ended.
pub(super) fn refused(shown: &Shown, version: u32) -> Option<Used> {
    counted(shown, Code::RetiredVersion, Some(version))
}

fn counted(shown: &Shown, code: Code, version: Option<u32>) -> Option<Used> {
    let of = || shown.usage.iter().filter(move |u| u.code == code && version.is_none_or(|v| v == u.version));
    let last = of().max_by_key(|u| u.last)?;
    let count = of().fold(0_u64, |sum, u| sum.saturating_add(u.count));
    Some(Used { when: When::new(last.last.min(shown.now), shown.now), source: last.source, count: Number(count) })
}

/// Calls with an ended version count as lately for so long.
const LATELY: Span = Span::from_d(1);

/// Versions that have ended, and with which somebody called within a day: the newest first.
pub(super) fn ended_in_use(shown: &Shown) -> Vec<(u32, Used)> {
    let tried = |number| shown.usage.iter().any(|u| u.code == Code::RetiredVersion && u.version == number && shown.now.since(u.last) < LATELY);
    let numbers = shown.credential.versions.iter().rev().map(|v| v.number).filter(|number| tried(*number));
    numbers.filter_map(|number| Some((number, refused(shown, number)?))).collect()
}

/// The version whose overlap runs.
pub(super) fn retiring(shown: &Shown) -> Option<Old> {
    shown.credential.versions.iter().find_map(|v| match v.state {
        VersionState::Retiring { until } => Some(Old { number: v.number, until: When::new(until, shown.now), used: used(shown, Some(v.number)) }),
        _ => None,
    })
}

/// The version that waits for its first use.
pub(super) fn pending(shown: &Shown) -> Option<u32> {
    shown.credential.versions.iter().find(|v| matches!(v.state, VersionState::Pending { .. })).map(|v| v.number)
}

/// The version that counts.
pub(super) fn current(shown: &Shown) -> u32 {
    shown.credential.versions.iter().rev().find(|v| v.state == VersionState::Active).map_or(0, |v| v.number)
}
