//! Resource servers and their tokens.

use keywright_domain::credential::Environment;
use keywright_domain::ids::ResourceServerId;
use keywright_domain::resource_server::ResourceServer;
use keywright_domain::time::Timestamp;

use crate::args;
use crate::engine::{FromRow, RowRef, Tx};
use crate::error::StoreError;
use crate::scope::AsOperator;

struct Stored(ResourceServer);

impl FromRow for Stored {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        let environments = row.text(3)?;
        Ok(Self(ResourceServer {
            id: row.parse(0)?,
            name: row.text(1)?,
            services: row.text(2)?.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            environments: environments.split(' ').map(str::parse).collect::<Result<Vec<Environment>, _>>().map_err(StoreError::corrupt)?,
            created_at: Timestamp::from_us(row.int(4)?),
            revoked_at: row.opt_int(5)?.map(Timestamp::from_us),
            tokens: Vec::new(),
        }))
    }
}

struct Token(ResourceServerId, [u8; 32], Option<Timestamp>);

impl FromRow for Token {
    fn from_row(row: &RowRef<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.parse(0)?, row.digest(1)?, row.opt_int(2)?.map(Timestamp::from_us)))
    }
}

fn with_tokens(mut servers: Vec<Stored>, tokens: Vec<Token>) -> Vec<ResourceServer> {
    for Token(id, digest, until) in tokens {
        if let Some(Stored(server)) = servers.iter_mut().find(|s| s.0.id == id) {
            server.tokens.push((digest, until));
        }
    }
    servers.into_iter().map(|Stored(server)| server).collect()
}

impl Tx<'_> {
    /// Adds a resource server with its tokens.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn resource_server_insert(&mut self, r: &ResourceServer) -> Result<(), StoreError> {
        let environments: Vec<&str> = r.environments.iter().map(|e| e.as_str()).collect();
        self.exec(
            "INSERT INTO resource_server (id, name, services, environments, created_us, revoked_us) VALUES ($1, $2, $3, $4, $5, NULL)",
            args![r.id, r.name.as_str(), r.services.join(" "), environments.join(" "), r.created_at],
        )
        .await?;
        self.resource_server_tokens_save(r, r.created_at).await
    }

    /// A resource server, to be changed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn resource_server_for_update(&mut self, id: ResourceServerId) -> Result<Option<ResourceServer>, StoreError> {
        // The update takes the row's lock on both engines, and changes nothing.
        self.exec("UPDATE resource_server SET name = name WHERE id = $1", args![id]).await?;
        let found = self.opt::<Stored>("SELECT id, name, services, environments, created_us, revoked_us FROM resource_server WHERE id = $1", args![id]).await?;
        let tokens = self
            .all::<Token>("SELECT resource_server_id, digest, until_us FROM resource_server_token WHERE resource_server_id = $1 ORDER BY created_us", args![id])
            .await?;
        Ok(with_tokens(found.into_iter().collect(), tokens).pop())
    }

    /// Stores the tokens and the revocation of a resource server.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn resource_server_save(&mut self, r: &ResourceServer, now: Timestamp) -> Result<(), StoreError> {
        self.exec("UPDATE resource_server SET revoked_us = $2 WHERE id = $1", args![r.id, r.revoked_at]).await?;
        self.exec("DELETE FROM resource_server_token WHERE resource_server_id = $1", args![r.id]).await?;
        self.resource_server_tokens_save(r, now).await
    }

    async fn resource_server_tokens_save(&mut self, r: &ResourceServer, now: Timestamp) -> Result<(), StoreError> {
        for (digest, until) in &r.tokens {
            self.exec(
                "INSERT INTO resource_server_token (resource_server_id, digest, until_us, created_us) VALUES ($1, $2, $3, $4)",
                args![r.id, &digest[..], *until, now],
            )
            .await?;
        }
        Ok(())
    }
}

impl AsOperator<'_> {
    /// All resource servers, oldest first. A provider has tens of them.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn resource_server_list(&self) -> Result<Vec<ResourceServer>, StoreError> {
        let servers = self.all::<Stored>("SELECT id, name, services, environments, created_us, revoked_us FROM resource_server ORDER BY id", args![]).await?;
        let tokens = self.all::<Token>("SELECT resource_server_id, digest, until_us FROM resource_server_token ORDER BY created_us", args![]).await?;
        Ok(with_tokens(servers, tokens))
    }
}
