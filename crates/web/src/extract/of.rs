//! Who is calling about what: the id of the path, and the right that the call takes.

use std::marker::PhantomData;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use keywright_domain::caller::{Caller as Actor, Right};
use keywright_domain::ids::{ApplicationId, CredentialId, InvitationId, ManagementTokenId, MemberId, OrganisationId, ResourceServerId};
use keywright_operations::Operations;
use keywright_operations::sessions::SignedIn as Session;

use super::caller::{Who, known, source};
use super::csrf;
use crate::app::Hub;
use crate::hub::frame::{Frame, FrameOrganisation, FramePerson, Section, Theme};
use crate::problem::{FieldError, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Way};

/// The rights as types, for the first arguments of handlers.
pub(crate) mod rights {
    use keywright_domain::caller::Right;

    /// A right, as a type.
    pub(crate) trait Needs: Send + Sync + 'static {
        const RIGHT: Right;
    }

    macro_rules! rights {
        ($($name:ident),+) => { $(
            pub(crate) enum $name {}
            impl Needs for $name {
                const RIGHT: Right = Right::$name;
            }
        )+ };
    }

    rights!(Operate, Register, See, CreateApplications, EditSettings, ManageMembers, Administer, View, End, Edit, Admin);
}

use rights::Needs;

/// What the thing of an id belongs to.
pub(crate) enum Within {
    Organisation,
    Application,
    Installation,
}

/// An id that stands in paths.
pub(crate) trait PathId: FromStr + Copy + Send + Sync + 'static {
    /// Its name in the table: `{organisation}`.
    const NAME: &'static str;
    const WITHIN: Within;
}

macro_rules! path_ids {
    ($($id:ident $name:literal $within:ident),+ $(,)?) => { $(
        impl PathId for $id {
            const NAME: &'static str = $name;
            const WITHIN: Within = Within::$within;
        }
    )+ };
}

path_ids! {
    OrganisationId "organisation" Organisation,
    MemberId "member" Organisation,
    InvitationId "invitation" Organisation,
    ManagementTokenId "token" Organisation,
    ApplicationId "application" Application,
    CredentialId "credential" Application,
    ResourceServerId "resource_server" Installation,
}

/// Somebody who calls about the thing with this id, and needs this right over it: [`Register`](rights::Register) where it is their own,
/// [`Operate`](rights::Operate) for operators.
pub(crate) struct Of<I, R> {
    who: Who,
    /// The id of the path.
    pub(crate) id: I,
    right: PhantomData<fn(R)>,
}

/// Somebody who calls about an organisation.
pub(crate) type InOrganisation<R> = Of<OrganisationId, R>;
/// Somebody who calls about an application.
pub(crate) type InApplication<R> = Of<ApplicationId, R>;
/// Somebody who calls about a credential.
pub(crate) type OfCredential<R> = Of<CredentialId, R>;

impl<I, R> Deref for Of<I, R> {
    type Target = Who;
    fn deref(&self) -> &Who {
        &self.who
    }
}

impl<I: PathId, R: Needs> Caller for Of<I, R> {
    const WHO: Access = match (R::RIGHT, I::WITHIN) {
        (Right::Operate, _) | (_, Within::Installation) => Access::Operator,
        (Right::Register, _) => Access::SignedIn,
        (right, Within::Organisation) => Access::Organisation(right),
        (right, Within::Application) => Access::Application(right),
    };
    const WAY: Way = Way::Api;

    fn take(call: &Call) -> Result<Self, Problem> {
        // What is no id is as unknown as an id that never was.
        let id = call.id(I::NAME).and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?;
        Ok(Self { who: known(call)?, id, right: PhantomData })
    }
}

/// Somebody who calls about their organisation's own application, as the Business API does: the organisation follows from the token.
pub(crate) struct InOwnApplication<R> {
    who: Who,
    /// Whose.
    pub(crate) organisation: OrganisationId,
    /// The key's id, as it stands in the path; none where the path has none.
    pub(crate) named: Option<String>,
    right: PhantomData<fn(R)>,
}

/// The organisation that follows from the token, or from being a member of one only.
pub(crate) fn own_organisation(who: &Who) -> Option<OrganisationId> {
    match who.caller() {
        Actor::Token(token) => Some(token.organisation),
        Actor::Person(person) => person.only.or_else(|| match who.session().map(|s| s.memberships.as_slice()) {
            Some([only]) => Some(only.organisation),
            Some(_) | None => None,
        }),
        Actor::Machine { .. } | Actor::System { .. } | Actor::Registrar(_) | Actor::Client(_) => None,
    }
}

impl<R> Deref for InOwnApplication<R> {
    type Target = Who;
    fn deref(&self) -> &Who {
        &self.who
    }
}

impl<R: Needs> Caller for InOwnApplication<R> {
    const WHO: Access = Access::Application(R::RIGHT);
    const WAY: Way = Way::Api;

    fn take(call: &Call) -> Result<Self, Problem> {
        let who = known(call)?;
        let organisation = own_organisation(&who).ok_or_else(|| {
            let message = "cannot be told, because you are a member of none or of several: ask for an access token for one of them".to_owned();
            Problem::invalid(vec![FieldError { field: "organisation".into(), message }])
        })?;
        Ok(Self { who, organisation, named: call.id(CredentialId::NAME).map(str::to_owned), right: PhantomData })
    }
}

/// A page, for a person who has signed in: what `C` is to the API. Whoever has not is led to where they can.
pub(crate) struct OnPage<C> {
    call: C,
    session: Arc<Session>,
    view: View,
}

/// How the browser wants the page.
#[derive(Debug, Clone)]
struct View {
    path: String,
    theme: Theme,
}

impl View {
    fn of(call: &Call) -> Self {
        Self { path: call.parts().uri.path().to_owned(), theme: Theme::of(&call.parts().headers) }
    }
}

impl<C> OnPage<C> {
    /// Who is looking: the person, and their organisations for the switcher.
    pub(crate) fn visit(&self) -> &Arc<Session> {
        &self.session
    }

    /// What stands around the page. `organisation` is the one that the page is about; one that the person is no member of, as operators see it,
    /// is put into the frame afterwards.
    pub(crate) fn frame(&self, title: impl Into<String>, section: Section, organisation: Option<OrganisationId>) -> Frame {
        let mut frame = signed_in(&self.session, title.into(), &self.view);
        frame.section = section;
        let id = organisation.map(|id| id.to_string());
        frame.organisation = frame.organisations.iter().find(|o| Some(&o.id) == id.as_ref()).cloned();
        frame
    }
}

fn signed_in(session: &Session, title: String, view: &View) -> Frame {
    let person = &session.session;
    Frame {
        organisations: session.memberships.iter().map(|m| FrameOrganisation { id: m.organisation.to_string(), name: m.name.clone() }).collect(),
        person: Some(FramePerson { mail: person.mail.clone(), name: Some(person.name.clone()).filter(|name| !name.is_empty()) }),
        operator: person.person.operator,
        csrf: csrf::masked(&session.csrf),
        ..Frame::plain(title, view.theme, view.path.as_str())
    }
}

impl<C> Deref for OnPage<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.call
    }
}

impl<C: Caller> Caller for OnPage<C> {
    const WHO: Access = C::WHO;
    const WAY: Way = Way::Page;

    fn take(call: &Call) -> Result<Self, Problem> {
        let session = call.who().and_then(Who::session).cloned();
        let session = session.ok_or_else(|| Problem::new(crate::problem::Kind::SignInNeeded, "Sign in to see this page."))?;
        Ok(Self { call: C::take(call)?, session, view: View::of(call) })
    }
}

/// A page for anybody, signed in or not.
pub(crate) struct Visitor {
    app: Arc<crate::app::App>,
    who: Option<Who>,
    source: Option<std::net::IpAddr>,
    headers: hyper::HeaderMap,
    view: View,
}

impl Visitor {
    /// The hub's settings.
    pub(crate) fn hub(&self) -> &Hub {
        self.app.hub().expect("a page is answered with a hub only")
    }

    pub(crate) fn operations(&self) -> &Operations {
        &self.hub().operations
    }

    /// Who it is, where they have signed in.
    pub(crate) fn visit(&self) -> Option<&Arc<Session>> {
        self.who.as_ref().and_then(Who::session)
    }

    /// Where the request comes from, as far as trusted proxies say it.
    pub(crate) const fn source(&self) -> Option<std::net::IpAddr> {
        self.source
    }

    /// What stands around the page.
    pub(crate) fn frame(&self, title: impl Into<String>) -> Frame {
        match self.visit() {
            Some(session) => signed_in(session, title.into(), &self.view),
            None => Frame::plain(title, self.view.theme, self.view.path.as_str()),
        }
    }

    /// The same for somebody who has signed in just now.
    pub(crate) fn frame_of(&self, session: &Session, title: impl Into<String>) -> Frame {
        signed_in(session, title.into(), &self.view)
    }

    /// What the browser calls itself.
    pub(crate) fn agent(&self) -> &str {
        self.headers.get(hyper::header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
    }

    /// A cookie of the request.
    pub(crate) fn cookie(&self, name: &str) -> Option<keywright_crypto::secret::Secret> {
        super::caller::cookie(&self.headers, name)
    }
}

impl Caller for Visitor {
    const WHO: Access = Access::Public;
    const WAY: Way = Way::Page;

    fn take(call: &Call) -> Result<Self, Problem> {
        let headers = call.parts().headers.clone();
        Ok(Self { app: Arc::clone(call.app()), who: call.who().cloned(), source: source(call), headers, view: View::of(call) })
    }
}
