//! What organisations, applications, credentials and the rest look like as JSON. A form here is a promise to whoever reads it.

use keywright_domain::credential::VersionState;
use keywright_domain::resource_server::ResourceServer;
use keywright_domain::time::Timestamp;
use keywright_operations::credentials::{FoundToken, Shown};
use keywright_store::applications::Application;
use keywright_store::organisations::Organisation;
use keywright_store::usage::UsageEntry;
use keywright_store::verifiers::Verifier;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::words;

fn text(time: Option<Timestamp>) -> Option<String> {
    time.map(|t| t.to_string())
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Its name, 1 to 100 characters.
    name: String,
    /// Whether the provider knows who it is.
    #[schema(value_type = words::Review)]
    review: String,
    /// Whether the provider has switched it off: its production credentials are refused.
    suspended: bool,
    /// When it was registered, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Organisation> for OrganisationShape {
    fn from(o: &Organisation) -> Self {
        Self { id: o.id.to_string(), name: o.name.clone(), review: o.review.to_string(), suspended: o.suspended, created_at: o.created_at.to_string() }
    }
}

/// An application.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApplicationShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Id of the organisation that it belongs to.
    organisation_id: String,
    /// What users see, 1 to 100 characters.
    name: String,
    /// The host under which its users meet it, such as `app.example.com`; null: none was given.
    domain: Option<String>,
    /// Whether it is the organisation's own application, for account-level services; each organisation has one.
    own: bool,
    /// Where it stands: production credentials work while it is `active`, sandbox ones unless it is `deactivated`.
    #[schema(value_type = words::ApplicationState)]
    state: String,
    /// Slugs of the services that it uses.
    services: Vec<String>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

impl From<&Application> for ApplicationShape {
    fn from(a: &Application) -> Self {
        Self {
            id: a.id.to_string(),
            organisation_id: a.organisation.to_string(),
            name: a.name.clone(),
            domain: a.domain.clone(),
            own: a.own,
            state: a.state.to_string(),
            services: a.services.clone(),
            created_at: a.created_at.to_string(),
        }
    }
}

/// A credential with its versions; never a secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialShape {
    /// Its id, a prefix and 26 characters. It never changes, also when its secret is rotated.
    id: String,
    /// Id of the organisation that it belongs to.
    organisation_id: String,
    /// Id of the application that it belongs to.
    application_id: String,
    /// What it is made of, such as `api_key`.
    #[schema(value_type = words::Kind)]
    kind: &'static str,
    /// What names it openly and stays the same over rotations, such as the API key of an `hmac` credential; null: nothing does.
    public_id: Option<String>,
    /// Slug of the service that it is for.
    service: String,
    /// Where it works.
    #[schema(value_type = words::Environment)]
    environment: &'static str,
    /// Its label, 1 to 100 characters.
    name: String,
    /// The beginning and the last four characters of the current secret, to recognise it by.
    key: String,
    /// What it counts as now.
    #[schema(value_type = words::CredentialState)]
    state: &'static str,
    /// Names of the permissions that it holds; empty: none.
    permissions: Vec<String>,
    /// Networks from which it may be used, as CIDR such as `192.0.2.0/24`; empty: from everywhere.
    networks: Vec<String>,
    /// Origins of web pages from which it may be used, as browsers send them, such as `https://app.example.com`; empty: any.
    origins: Vec<String>,
    /// Calls in a length of time, such as `100/1s`; null: no limit of its own.
    rate_limit: Option<String>,
    /// The form of its access tokens; null: what its service says, or it gets none.
    #[schema(value_type = Option<words::TokenForm>)]
    token_form: Option<&'static str>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it stops being accepted, RFC 3339 in UTC; null: it does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was ended for good, RFC 3339 in UTC; null: it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When any version was last accepted, RFC 3339 in UTC, a few seconds late; null: never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Its secrets, oldest first, each without what is secret.
    versions: Vec<VersionShape>,
}

/// An access token that was found somewhere, without what would let anybody use it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundTokenShape {
    /// `jwt` or `opaque`.
    #[schema(value_type = words::TokenForm)]
    form: &'static str,
    /// Its `jti`.
    id: String,
    /// When it was issued, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    issued_at: String,
    /// When it expires, or did, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether it was ended before that.
    revoked: bool,
}

impl From<&FoundToken> for FoundTokenShape {
    fn from(token: &FoundToken) -> Self {
        Self {
            form: token.form.as_str(),
            id: token.id.to_string(),
            issued_at: token.issued_at.to_string(),
            expires_at: token.expires_at.to_string(),
            revoked: token.revoked,
        }
    }
}

/// A version, and who uses it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionShape {
    /// Its number; the first is 1.
    version: u32,
    /// What it counts as now; all versions of a credential that has ended are `retired`.
    #[schema(value_type = words::VersionState)]
    state: &'static str,
    /// Until when it is accepted while it is `retiring`, or when it lapses unused while it is `pending`, RFC 3339 in UTC; else null.
    #[schema(format = DateTime)]
    until: Option<String>,
    /// Since when it is no longer accepted, RFC 3339 in UTC; null: it has not ended.
    #[schema(format = DateTime)]
    retired_at: Option<String>,
    /// The last four characters of its secret, to recognise it by.
    key: String,
    /// What it is for, where a credential has several secrets side by side; null: nobody said.
    description: Option<String>,
    /// When it ends by itself, RFC 3339 in UTC; null: with its credential.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last accepted, RFC 3339 in UTC, a few seconds late; null: never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Address that the last accepted call came from, as far as the verifier was told; null: none was accepted, or it was not told.
    last_source: Option<String>,
    /// How many calls with it were accepted.
    accepted: u64,
    /// How often it was presented, by verdict.
    usage: Vec<UsageShape>,
}

/// How often a version was presented, by verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageShape {
    /// The verdict.
    #[schema(value_type = words::Verdict)]
    code: &'static str,
    /// How many times that was the answer.
    count: u64,
    /// When that was last the answer, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    last_at: String,
    /// Address that the last one came from, as far as the verifier was told; null: it was not.
    last_source: Option<String>,
}

impl From<&UsageEntry> for UsageShape {
    fn from(u: &UsageEntry) -> Self {
        Self { code: u.code.as_str(), count: u.count, last_at: u.last.to_string(), last_source: u.source.map(|s| s.to_string()) }
    }
}

impl From<&Shown> for CredentialShape {
    fn from(shown: &Shown) -> Self {
        let c = &shown.credential;
        Self {
            id: c.id.to_string(),
            organisation_id: c.organisation.to_string(),
            application_id: c.application.to_string(),
            kind: c.kind.as_str(),
            public_id: c.public_id.clone(),
            service: c.service.clone(),
            environment: c.environment.as_str(),
            name: c.name.clone(),
            key: shown.masked.clone(),
            state: c.standing(shown.now).as_str(),
            permissions: c.permissions.names().to_vec(),
            networks: c.restrictions.networks.list().iter().map(ToString::to_string).collect(),
            origins: c.restrictions.origins.list().to_vec(),
            rate_limit: c.restrictions.rate_limit.map(|r| r.to_string()),
            token_form: c.token_form.map(keywright_domain::credential::TokenForm::as_str),
            created_at: c.created_at.to_string(),
            expires_at: text(c.expires_at),
            revoked_at: text(c.revoked_at),
            last_used_at: text(shown.last_used()),
            versions: c.versions.iter().map(|v| version(v, c.version_state(v, shown.now), &shown.usage)).collect(),
        }
    }
}

impl CredentialShape {
    /// Its versions alone.
    pub(crate) fn into_versions(self) -> Vec<VersionShape> {
        self.versions
    }
}

fn version(v: &keywright_domain::credential::Version, state: VersionState, usage: &[UsageEntry]) -> VersionShape {
    let of_version: Vec<&UsageEntry> = usage.iter().filter(|u| u.version == v.number).collect();
    let accepted = of_version.iter().find(|u| u.code == keywright_domain::verdict::Code::Valid);
    let (until, retired_at) = match state {
        VersionState::Pending { until } | VersionState::Retiring { until } => (Some(until), None),
        VersionState::Retired { since } => (None, Some(since)),
        VersionState::Active => (None, None),
    };
    VersionShape {
        version: v.number,
        state: state.as_str(),
        until: text(until),
        retired_at: text(retired_at),
        key: v.hint.clone(),
        description: v.description.clone(),
        expires_at: text(v.expires_at),
        created_at: v.created_at.to_string(),
        last_used_at: accepted.map(|u| u.last.to_string()),
        last_source: accepted.and_then(|u| u.source).map(|s| s.to_string()),
        accepted: accepted.map_or(0, |u| u.count),
        usage: of_version.into_iter().map(Into::into).collect(),
    }
}

/// A resource server; never a token.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResourceServerShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Its label, 1 to 100 characters.
    name: String,
    /// Slugs of the services that it may ask about.
    services: Vec<String>,
    /// Environments that it may ask about.
    #[schema(value_type = Vec<words::Environment>)]
    environments: Vec<&'static str>,
    /// When it was made, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was ended for good, RFC 3339 in UTC; null: it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// Its tokens, at most two of which are accepted; never what is secret of them.
    tokens: Vec<TokenShape>,
}

/// A token that is accepted, or was until a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenShape {
    /// Until when it is accepted, RFC 3339 in UTC; null: it is the current one.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl From<&ResourceServer> for ResourceServerShape {
    fn from(r: &ResourceServer) -> Self {
        Self {
            id: r.id.to_string(),
            name: r.name.clone(),
            services: r.services.clone(),
            environments: r.environments.iter().map(|e| e.as_str()).collect(),
            created_at: r.created_at.to_string(),
            revoked_at: text(r.revoked_at),
            tokens: r.tokens.iter().map(|(_, until)| TokenShape { until: text(*until) }).collect(),
        }
    }
}

/// A verifier, and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifierShape {
    /// Its id, a prefix and 26 characters.
    id: String,
    /// Name of the machine or process that it runs as.
    node: String,
    /// What its process does beside verifying.
    role: String,
    /// Program and release that it runs, such as `keywright 0.1.0`.
    software: String,
    /// How far into the change log it has applied everything.
    position: u64,
    /// When it last reported, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    reported_at: String,
    /// When it first reported, RFC 3339 in UTC.
    #[schema(format = DateTime)]
    registered_at: String,
}

impl From<&Verifier> for VerifierShape {
    fn from(v: &Verifier) -> Self {
        Self {
            id: v.reported.verifier.to_string(),
            node: v.node.clone(),
            role: v.role.clone(),
            software: v.software.clone(),
            position: v.reported.position.0,
            reported_at: v.reported.at.to_string(),
            registered_at: v.registered_at.to_string(),
        }
    }
}
