//! Who is calling: a session's cookie, an access token or a management token. Whether they may is for the operations to say.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::Method;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::Caller as Actor;
use keywright_domain::limits;
use keywright_operations::Operations;
use keywright_operations::sessions::{Bearer, SignedIn as Session};

use super::origin;
use crate::app::{App, Hub};
use crate::client_address;
use crate::problem::{Kind, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Way};

/// Who is calling, and what their calls are made with.
#[derive(Clone)]
pub(crate) struct Who {
    app: Arc<App>,
    actor: Actor,
    session: Option<Arc<Session>>,
    operations: Operations,
}

impl Who {
    /// The caller, as operations take it.
    pub(crate) const fn caller(&self) -> &Actor {
        &self.actor
    }

    /// The operations, which remember this call where it carries a key against repeats.
    pub(crate) const fn operations(&self) -> &Operations {
        &self.operations
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The hub's settings.
    pub(crate) fn hub(&self) -> &Hub {
        self.app.hub().expect("nobody is found out without a hub")
    }

    /// The session of the hub, where it is one.
    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        self.session.as_ref()
    }

    /// The same with operations that remember this call.
    pub(crate) fn remember(&mut self, operations: Operations) {
        self.operations = operations;
    }
}

/// Finds out who is calling. None: anybody may, and nobody in particular does.
///
/// # Errors
/// 401 without a proof that is accepted where one is needed; 403 for a write that another site's page sent with a session.
pub(crate) async fn find(app: &Arc<App>, parts: &Parts, access: Access, way: Way) -> Result<Option<Who>, Problem> {
    let Some(hub) = app.hub() else { return Ok(None) };
    let public = access == Access::Public;
    if matches!(way, Way::Machine | Way::Open) || (way == Way::Api && public) {
        return Ok(None);
    }
    let who = |actor, session| Who { app: Arc::clone(app), actor, session, operations: hub.operations.clone() };
    if way == Way::Api
        && let Some(given) = parts.headers.get(AUTHORIZATION)
    {
        return match hub.operations.bearer(&token(given)?).await? {
            Bearer::Accepted(actor) => Ok(Some(who(actor, None))),
            Bearer::ApiKey => Err(unauthorised("this needs an access token, not an API key")),
            Bearer::Refused => Err(unauthorised("the token is not accepted: it is unknown, has expired or was revoked").challenge(challenge(true))),
        };
    }
    let session = match cookie(&parts.headers, hub.session_cookie()) {
        Some(secret) => hub.operations.session_of(&secret).await?,
        None => None,
    };
    match session {
        Some(session) => {
            if way == Way::Api && !matches!(parts.method, Method::GET | Method::HEAD) {
                origin::from_our_page(app, parts)?;
            }
            Ok(Some(who(session.caller.clone(), Some(Arc::new(session)))))
        }
        None if public => Ok(None),
        None if way == Way::Page => Err(Problem::new(Kind::SignInNeeded, "Sign in to see this page.")),
        None => Err(unauthorised("send an access token or a management token as a bearer token").challenge(challenge(false))),
    }
}

fn unauthorised(detail: &'static str) -> Problem {
    Problem::new(Kind::TokenNeeded, detail)
}

/// RFC 6750 section 3: no error code where no token was sent.
fn challenge(refused: bool) -> HeaderValue {
    HeaderValue::from_static(if refused { "Bearer realm=\"keywright\", error=\"invalid_token\"" } else { "Bearer realm=\"keywright\"" })
}

fn token(given: &HeaderValue) -> Result<Secret, Problem> {
    let text = given.to_str().ok().filter(|text| text.len() <= limits::CREDENTIAL_BYTES_MAX);
    let token = text.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let token = token.ok_or_else(|| unauthorised("write `Authorization: Bearer` and an access token or a management token").challenge(challenge(false)))?;
    Ok(Secret::new(token.to_owned()))
}

/// The cookie of this name (RFC 6265 section 5.4), as long as one that we set.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<Secret> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(given, value)| *given == name && value.len() <= 256)?;
    Some(Secret::new(value.to_owned()))
}

/// Health and metrics: machines of the installation.
pub(crate) struct Machine(Arc<App>);

/// Whoever names this host.
pub(crate) struct Open(Arc<App>);

macro_rules! openly {
    ($($name:ident $way:expr),+) => { $(
        impl $name {
            pub(crate) fn app(&self) -> &App {
                &self.0
            }
        }

        impl Caller for $name {
            const WHO: Access = Access::Public;
            const WAY: Way = $way;
            fn take(call: &Call) -> Result<Self, Problem> {
                Ok(Self(Arc::clone(call.app())))
            }
        }
    )+ };
}

openly!(Machine Way::Machine, Open Way::Open);

/// A browser that fetches what a page refers to.
pub(crate) struct Browser {
    path: String,
    headers: HeaderMap,
}

impl Browser {
    /// What it fetches.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// What it takes and has.
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl Caller for Browser {
    const WHO: Access = Access::Public;
    const WAY: Way = Way::Open;
    fn take(call: &Call) -> Result<Self, Problem> {
        Ok(Self { path: call.parts().uri.path().to_owned(), headers: call.parts().headers.clone() })
    }
}

/// Anybody, at the API: for signing in.
pub(crate) struct Public {
    app: Arc<App>,
    source: Option<IpAddr>,
}

impl Public {
    /// The hub's settings.
    pub(crate) fn hub(&self) -> &Hub {
        self.app.hub().expect("a route of the API is answered with a hub only")
    }

    pub(crate) fn operations(&self) -> &Operations {
        &self.hub().operations
    }

    /// Where the request comes from, as far as trusted proxies say it.
    pub(crate) const fn source(&self) -> Option<IpAddr> {
        self.source
    }
}

impl Caller for Public {
    const WHO: Access = Access::Public;
    const WAY: Way = Way::Api;
    fn take(call: &Call) -> Result<Self, Problem> {
        Ok(Self { app: Arc::clone(call.app()), source: source(call) })
    }
}

/// Where a call comes from, as far as trusted proxies say it.
pub(super) fn source(call: &Call) -> Option<IpAddr> {
    client_address(call.peer(), &call.parts().headers, &call.app().settings().trusted_proxies)
}

/// Who is calling, of a call that is answered to nobody else.
pub(super) fn known(call: &Call) -> Result<Who, Problem> {
    call.who().cloned().ok_or_else(|| Problem::new(Kind::TokenNeeded, "sign in").challenge(challenge(false)))
}

/// Anybody who has signed in, and programs with a token.
pub(crate) struct SignedIn(Who);

/// Operators of the provider.
pub(crate) struct AsOperator(Who);

macro_rules! by_person {
    ($($name:ident $who:expr),+) => { $(
        impl std::ops::Deref for $name {
            type Target = Who;
            fn deref(&self) -> &Who {
                &self.0
            }
        }

        impl Caller for $name {
            const WHO: Access = $who;
            const WAY: Way = Way::Api;
            fn take(call: &Call) -> Result<Self, Problem> {
                Ok(Self(known(call)?))
            }
        }
    )+ };
}

by_person!(SignedIn Access::SignedIn, AsOperator Access::Operator);
