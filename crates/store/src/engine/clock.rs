//! This machine's calendar clock: the store's clock where the store is a file.

use std::time::{SystemTime, UNIX_EPOCH};

use keywright_domain::time::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_us(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
