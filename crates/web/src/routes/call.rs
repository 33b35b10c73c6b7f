//! One request on its way through a route.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::Method;
use hyper::body::Incoming;
use hyper::http::request::Parts;

use super::access::{Access, Way};
use crate::app::App;
use crate::body::{self, BodyError};
use crate::extract::caller::{self, Who};
use crate::extract::origin;
use crate::idempotency::{self, Begun, Key, Once};
use crate::problem::{Kind, Problem};
use crate::watch::Watch;

/// One request: what it says, and what has been found out about it.
pub(crate) struct Call {
    app: Arc<App>,
    parts: Parts,
    /// Names and values of what the path holds; an escaped character is never part of an id.
    ids: Vec<(String, String)>,
    peer: IpAddr,
    unread: Option<Incoming>,
    watch: Arc<Watch>,
    bytes_max: usize,
    body: Bytes,
    who: Option<Who>,
}

impl Call {
    pub(crate) fn new(app: Arc<App>, parts: Parts, ids: Vec<(String, String)>, peer: IpAddr, unread: Incoming, watch: Arc<Watch>, bytes_max: usize) -> Self {
        Self { app, parts, ids, peer, unread: Some(unread), watch, bytes_max, body: Bytes::new(), who: None }
    }

    /// A call of which nothing is left but what it asked for.
    pub(crate) fn over(app: Arc<App>, parts: Parts, peer: IpAddr, watch: Arc<Watch>) -> Self {
        Self { app, parts, ids: Vec::new(), peer, unread: None, watch, bytes_max: 0, body: Bytes::new(), who: None }
    }

    /// Finds out who is calling, and reads the body.
    ///
    /// # Errors
    /// Nobody may call like this: no or a bad proof of who it is, not an operator where it takes one, another site's page, too much or too slow a body.
    pub(crate) async fn arrive(&mut self, access: Access, way: Way) -> Result<(), Problem> {
        if matches!(way, Way::Api | Way::Page) && self.app.hub().is_none() {
            return Err(Problem::not_found());
        }
        if way == Way::Page && self.writes() {
            origin::same_site(&self.app, &self.parts)?;
        }
        self.who = caller::find(&self.app, &self.parts, access, way).await?;
        // Operators may send the most, so nobody else's body is read for them.
        if let (Access::Operator, Some(who)) = (access, &self.who) {
            who.operations().operate(who.caller())?;
        }
        self.read_body().await
    }

    /// The key against repeats, of a call that somebody makes to change something.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn key(&self, way: Way) -> Result<Option<Key>, Problem> {
        if self.parts.method == Method::POST && self.who.is_some() { idempotency::key(&self.parts, &self.body, way) } else { Ok(None) }
    }

    /// Begins a call with a key to a route for these callers; its operations mark it as done from then on.
    ///
    /// # Errors
    /// It must not be made (again).
    pub(crate) async fn begin(&mut self, access: Access, key: Key) -> Result<Begun, Problem> {
        let who = self.who.as_ref().ok_or_else(Problem::not_found)?;
        let taken = idempotency::taken(access, who, |name| self.id(name))?;
        let who = self.who.as_mut().ok_or_else(Problem::not_found)?;
        Once::begin(who, &self.parts, taken, key).await
    }

    /// Reads the body, once, where it has at most so many bytes.
    ///
    /// # Errors
    /// Too long, too slow, broken off.
    pub(crate) async fn read_body_of(&mut self, bytes_max: usize) -> Result<(), Problem> {
        self.bytes_max = self.bytes_max.min(bytes_max);
        self.read_body().await
    }

    /// Reads the body, once.
    ///
    /// # Errors
    /// Too long, too slow, broken off.
    pub(crate) async fn read_body(&mut self) -> Result<(), Problem> {
        let Some(mut unread) = self.unread.take() else { return Ok(()) };
        self.watch.body_begins();
        let read = body::read(&mut unread, &self.parts.headers, self.bytes_max, &self.watch).await;
        self.watch.answering();
        self.body = read.map_err(|error| match error {
            BodyError::TooLarge { closing } => {
                let problem = Problem::new(Kind::ContentTooLarge, format!("The body may have {} bytes.", self.bytes_max));
                if closing { problem.closing() } else { problem }
            }
            BodyError::Late => Problem::new(Kind::RequestTimeout, "The body of the request is not whole.").closing(),
            BodyError::Broken => Problem::new(Kind::InvalidRequest, "The body of the request broke off.").closing(),
        })?;
        Ok(())
    }

    /// Whether the method changes something.
    pub(crate) fn writes(&self) -> bool {
        !matches!(self.parts.method, Method::GET | Method::HEAD)
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.app
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    /// Who is calling, where that was found out.
    pub(crate) fn who(&self) -> Option<&Who> {
        self.who.as_ref()
    }

    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// The machine at the other end of the connection.
    pub(crate) const fn peer(&self) -> IpAddr {
        self.peer
    }

    /// A part of the path.
    pub(crate) fn id(&self, name: &str) -> Option<&str> {
        self.ids.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}
