//! What handlers of pages give back.

use std::fmt::Display;

use askama::Template;
use hyper::StatusCode;
use hyper::header::{HeaderName, SET_COOKIE};
use utoipa::openapi::{RefOr, Schema};

use super::call::Call;
use super::endpoint::{Answer, Schemas};
use super::reply::{Reply, ShownOnce, Without};
use crate::problem::{Kind, Problem};

/// A page, or the way to another one.
#[derive(Debug)]
pub(crate) struct Html(Reply);

impl Html {
    /// The page of this template.
    ///
    /// # Errors
    /// The template broke off: a fault of ours.
    pub(crate) fn page(template: &impl Template) -> Result<Self, Problem> {
        Self::page_as(StatusCode::OK, template)
    }

    /// The same with another status: 400 for a form with bad fields.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub(crate) fn page_as(status: StatusCode, template: &impl Template) -> Result<Self, Problem> {
        let text = template.render().map_err(|error| Problem::internal(&error))?;
        Ok(Self(Reply::new(status, "text/html; charset=utf-8", text)))
    }

    /// After a form has done its work: the browser fetches this page of ours.
    pub(crate) fn see(path: impl AsRef<str>) -> Self {
        Self(Reply::see(path.as_ref()))
    }

    /// With one more header.
    #[must_use]
    pub(crate) fn with(self, name: HeaderName, value: &str) -> Self {
        Self(self.0.with(name, value))
    }

    /// With a cookie, as it is written in `Set-Cookie`.
    #[must_use]
    pub(crate) fn cookie(self, value: &str) -> Self {
        self.with(SET_COOKIE, value)
    }

    /// The page holds a secret of this subject and version: the same form sent again shows it within ten minutes and before its first use, and
    /// leads to `instead` afterwards.
    #[must_use]
    pub(crate) fn shown_once(mut self, subject: impl Display, version: Option<u32>, instead: impl Into<String>) -> Self {
        self.0.shown_once = Some(ShownOnce { subject: subject.to_string(), version, without: Without::Page(instead.into()) });
        self
    }

    pub(crate) fn into_reply(self) -> Reply {
        self.0
    }
}

impl Answer for Html {
    const STATUS: StatusCode = StatusCode::OK;
    fn give(self, _: &Call) -> Reply {
        self.0
    }
    fn schema(_: &mut Schemas) -> Option<RefOr<Schema>> {
        None
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a template broke off");
        Self::new(Kind::Internal, "Keywright made a mistake. Its log says more under the trace id.")
    }
}
