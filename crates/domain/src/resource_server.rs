//! A resource server: an API or gateway of the provider that may ask for verdicts, with its own token.

use crate::credential::Environment;
use crate::ids::ResourceServerId;
use crate::time::Timestamp;

/// A resource server as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceServer {
    /// Its id.
    pub id: ResourceServerId,
    /// The provider's label.
    pub name: String,
    /// Slugs of the services that it may ask about.
    pub services: Vec<String>,
    /// Environments that it may ask about; production only unless it was made otherwise.
    pub environments: Vec<Environment>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked; final.
    pub revoked_at: Option<Timestamp>,
    /// SHA-256 of each token, with the time until when it is accepted; none: without end. At most two.
    pub tokens: Vec<([u8; 32], Option<Timestamp>)>,
}
