//! A call that is repeated does its work once.

use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;

use crate::app::App;
use crate::extract::Who;
use crate::problem::Problem;
use crate::routes::{Reply, Way};

/// A call that carries a key against repeats.
pub(crate) struct Once;

/// What has become of it.
pub(crate) enum Begun {
    /// It carries no key.
    Unkeyed,
    /// It is the first with its key.
    First(Arc<Once>),
    /// It was answered before.
    Again(Reply),
}

impl Once {
    pub(crate) async fn begin(_: &App, _: &mut Who, _: &Parts, _: &Bytes, _: Way) -> Result<Begun, Problem> {
        Ok(Begun::Unkeyed)
    }

    pub(crate) async fn end(&self, answered: Result<Reply, Problem>) -> Result<Reply, Problem> {
        answered
    }
}
