//! `keywright migrate` and `keywright restore`

use keywright_store::Purpose;
use serde_json::json;

use super::{Context, open_store};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn migrate(settings: &Settings) -> Result<Output, Failure> {
    let store = open_store(settings, Purpose::Migrate).await?;
    let schema = store.schema_version().await?;
    Ok(Output::new(json!({ "schema_version": schema }), format!("the store is at schema version {schema}")))
}

pub(super) async fn accept_rewind(settings: &Settings) -> Result<Output, Failure> {
    // On SQLite this holds the directory alone, so that no server serves what is about to be restarted.
    let context = Context::open_alone(settings).await?;
    let place = context.operations.accept_rewind(&context.caller).await?;
    let text = format!(
        "a new epoch starts at position {}. Start every server now. What was written after the backup is lost, revocations too: look for keys that were revoked since, and revoke them again",
        place.position
    );
    Ok(Output::new(json!({ "epoch": format!("{:?}", place.epoch), "position": place.position.0 }), text))
}
