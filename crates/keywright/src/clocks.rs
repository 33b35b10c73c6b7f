//! The clocks of this machine.

use keywright_domain::time::{Boot, Timestamp};
use keywright_operations::Clocks;

/// The calendar of this machine.
#[must_use]
pub fn wall() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The clock that counts suspend.
#[must_use]
pub fn boot() -> Boot {
    let at = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Boot::from_ns(at.tv_sec.unsigned_abs() * 1_000_000_000 + at.tv_nsec.unsigned_abs())
}

/// Both, for operations.
#[must_use]
pub const fn real() -> Clocks {
    Clocks { wall, boot }
}
