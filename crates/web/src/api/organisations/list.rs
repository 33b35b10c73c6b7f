//! `GET /organisations`

use keywright_operations::sessions::Reached;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::words;
use crate::extract::SignedIn;
use crate::routes::{Listed, Result};

/// An organisation, as one of its members has it.
#[derive(Serialize, ToSchema)]
pub(crate) struct MembershipShape {
    /// Id of the organisation, a prefix and 26 characters.
    id: String,
    /// Name of the organisation.
    name: String,
    /// Whether the provider knows who it is.
    #[schema(value_type = words::Review)]
    review: &'static str,
    /// Whether the provider has switched it off: its production credentials are refused.
    suspended: bool,
    /// What the caller holds over it.
    grants: Vec<&'static str>,
}

impl From<&Reached> for MembershipShape {
    fn from(r: &Reached) -> Self {
        Self { id: r.organisation.to_string(), name: r.name.clone(), review: r.review.as_str(), suspended: r.suspended, grants: r.grants.names() }
    }
}

/// The organisations that the caller is a member of; of a management token, its own. By name.
pub(crate) async fn list(who: SignedIn) -> Result<Listed<MembershipShape>> {
    let reached = who.operations().organisations_reached(who.caller()).await?;
    Ok(Listed::whole(reached.iter().map(Into::into).collect()))
}
