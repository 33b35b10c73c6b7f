//! What organisations, applications, credentials and the rest look like as JSON. A form here is a promise to whoever reads it.

use keywright_domain::credential::VersionState;
use keywright_domain::resource_server::ResourceServer;
use keywright_domain::time::Timestamp;
use keywright_operations::credentials::Shown;
use keywright_store::applications::Application;
use keywright_store::organisations::Organisation;
use keywright_store::usage::UsageEntry;
use keywright_store::verifiers::Verifier;
use serde::Serialize;
use utoipa::ToSchema;

fn text(time: Option<Timestamp>) -> Option<String> {
    time.map(|t| t.to_string())
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganisationShape {
    id: String,
    name: String,
    review: String,
    suspended: bool,
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
    id: String,
    organisation_id: String,
    name: String,
    domain: Option<String>,
    own: bool,
    state: String,
    services: Vec<String>,
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
    id: String,
    organisation_id: String,
    application_id: String,
    kind: &'static str,
    service: String,
    environment: &'static str,
    name: String,
    key: String,
    state: &'static str,
    permissions: Vec<String>,
    networks: Vec<String>,
    origins: Vec<String>,
    rate_limit: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_used_at: Option<String>,
    versions: Vec<VersionShape>,
}

/// A version, and who uses it.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionShape {
    version: u32,
    state: &'static str,
    until: Option<String>,
    retired_at: Option<String>,
    key: String,
    created_at: String,
    last_used_at: Option<String>,
    last_source: Option<String>,
    accepted: u64,
    usage: Vec<UsageShape>,
}

/// How often a version was presented, by verdict.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageShape {
    code: &'static str,
    count: u64,
    last_at: String,
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
            service: c.service.clone(),
            environment: c.environment.as_str(),
            name: c.name.clone(),
            key: shown.masked.clone(),
            state: c.standing(shown.now).as_str(),
            permissions: c.permissions.names().to_vec(),
            networks: c.restrictions.networks.list().iter().map(ToString::to_string).collect(),
            origins: c.restrictions.origins.list().to_vec(),
            rate_limit: c.restrictions.rate_limit.map(|r| r.to_string()),
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
    id: String,
    name: String,
    services: Vec<String>,
    environments: Vec<&'static str>,
    created_at: String,
    revoked_at: Option<String>,
    tokens: Vec<TokenShape>,
}

/// A token that is accepted, or was until a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenShape {
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
    id: String,
    node: String,
    role: String,
    software: String,
    position: u64,
    reported_at: String,
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
