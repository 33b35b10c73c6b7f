//! A question in, a verdict out. Opens no file and no connection and has no clock of its own: times are passed in.
//!
//! The way of a request: [`Verifier::read`] pins one consistent state of the replica, [`Reading::asker`] says which resource server is asking,
//! [`decide`] finds the verdict, and [`Reading::confirm`] turns it into the [`Fresh`] one that may be shown. The way of a change: the loop that
//! owns a [`Follower`] asks the store what [`Follower::next`] says and hands the answers in.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod budget;
mod calendar;
mod decide;
#[cfg(test)]
mod fixture;
mod follow;
mod hot_keys;
mod lease;
mod nonces;
mod question;
mod rate_limits;
mod replica;
mod report;
mod tokens;
mod verdict;
mod verifier;

pub use decide::client::{Client, ClientAttempt, ClientStep, Presented, authenticate};
pub use decide::decide;
pub use decide::introspect::{Concerned, introspect, own_token};
pub use follow::{Ask, Asked, Follower};
pub use lease::{Fresh, Stale};
pub use nonces::{NonceAnswer, NonceClaim, NonceMemory};
pub use question::{Beyond, Question};
pub use rate_limits::RateState;
pub use replica::{Asker, Loading, PermissionSet};
pub use report::{Latency, Totals, UsageReport, Use};
pub use tokens::TokenFacts;
pub use verdict::{Answer, BodySeen, Detail, Found, ReplayScope, Signed, Step, TokenSaid, Unavailable, Verdict};
pub use verifier::{Health, Reading, Verifier};
