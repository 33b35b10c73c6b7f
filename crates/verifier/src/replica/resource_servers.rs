//! Who may ask: resource servers and their tokens.

use std::sync::Arc;

use keywright_crypto::digest;
use keywright_domain::change::ResourceServerRecord;
use keywright_domain::credential::Environment;
use keywright_domain::ids::ResourceServerId;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

use super::services::{self, Services};
use crate::question::Beyond;

/// All of them. There are few, so a change copies the lists.
#[derive(Clone, Default)]
pub(crate) struct ResourceServers {
    servers: Vec<ResourceServer>,
    /// Sorted by digest.
    tokens: Vec<Token>,
}

#[derive(Clone)]
struct ResourceServer {
    id: ResourceServerId,
    services: Vec<u16>,
    environments: Vec<Environment>,
}

#[derive(Clone)]
struct Token {
    digest: [u8; 32],
    until: Option<Timestamp>,
    server: ResourceServerId,
}

/// The resource server that asks.
#[derive(Clone, Copy)]
pub struct Asker<'r> {
    server: &'r ResourceServer,
    services: &'r Services,
}

/// What a question is about, within what its asker may ask.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'r> {
    asker: Asker<'r>,
    service: Option<u16>,
    environment: Option<Environment>,
}

impl ResourceServers {
    pub(crate) fn put(&mut self, record: &ResourceServerRecord, services: &mut Arc<Services>) {
        self.remove(record.id);
        let services = record.services.iter().map(|slug| services::number(services, slug)).collect();
        self.servers.push(ResourceServer { id: record.id, services, environments: record.environments.clone() });
        self.tokens.extend(record.tokens.iter().map(|(digest, until)| Token { digest: *digest, until: *until, server: record.id }));
        self.servers.sort_unstable_by_key(|s| s.id);
        self.tokens.sort_unstable_by_key(|t| t.digest);
    }

    pub(crate) fn remove(&mut self, id: ResourceServerId) {
        self.servers.retain(|s| s.id != id);
        self.tokens.retain(|t| t.server != id);
    }

    pub(crate) fn asker<'r>(&'r self, services: &'r Services, token: &[u8], now: Timestamp) -> Option<Asker<'r>> {
        if token.len() > limits::CREDENTIAL_BYTES_MAX {
            return None;
        }
        let digest = digest::sha256(token);
        // The search goes by the first bytes only; what decides is compared in constant time.
        let start = self.tokens.partition_point(|t| t.digest[..8] < digest[..8]);
        let near = self.tokens[start..].iter().take_while(|t| t.digest[..8] == digest[..8]);
        let token = near.filter(|t| digest::equal(&t.digest, &digest)).find(|t| t.until.is_none_or(|until| now < until))?;
        let at = self.servers.binary_search_by_key(&token.server, |s| s.id).ok()?;
        Some(Asker { server: &self.servers[at], services })
    }
}

impl<'r> Asker<'r> {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> ResourceServerId {
        self.server.id
    }

    /// Slugs of the services that it may ask about.
    pub fn services(&self) -> impl Iterator<Item = &'r str> {
        let services = self.services;
        self.server.services.iter().filter_map(move |s| services.slug(*s))
    }

    /// Environments that it may ask about.
    #[must_use]
    pub fn environments(&self) -> &'r [Environment] {
        &self.server.environments
    }

    pub(crate) fn scope(&self, service: Option<&str>, environment: Option<Environment>) -> Result<Scope<'r>, Beyond> {
        let mut scope = Scope { asker: *self, service: None, environment };
        if let Some(slug) = service {
            let number = self.services.number(slug).filter(|n| self.server.services.contains(n));
            let beyond = || Beyond::Service { asked: keywright_domain::text::repeated(slug), may: self.services().map(str::to_owned).collect() };
            scope.service = Some(number.ok_or_else(beyond)?);
        }
        match environment {
            Some(asked) if !self.server.environments.contains(&asked) => Err(Beyond::Environment { asked, may: self.server.environments.clone() }),
            _ => Ok(scope),
        }
    }
}

impl Scope<'_> {
    pub(crate) fn has_environment(&self, environment: Environment) -> bool {
        self.environment.map_or_else(|| self.asker.server.environments.contains(&environment), |asked| asked == environment)
    }

    pub(crate) fn has_service(&self, service: u16) -> bool {
        self.service.map_or_else(|| self.asker.server.services.contains(&service), |asked| asked == service)
    }

    /// The one service that is meant, if it is one.
    pub(crate) fn service(&self) -> Option<u16> {
        self.service.or(match self.asker.server.services.as_slice() {
            [only] => Some(*only),
            _ => None,
        })
    }

    /// Whether all services that may be meant are answered without proof of freshness.
    pub(crate) fn serves_stale(&self) -> bool {
        let serves = |service: &u16| self.asker.services.get(*service).is_some_and(|s| s.serves_stale);
        self.service.as_ref().map_or_else(|| self.asker.server.services.iter().all(serves), serves)
    }
}
