//! `keywright verifiers`

use keywright_web::api::shapes::VerifierShape;
use serde_json::json;

use super::Context;
use crate::failure::Failure;
use crate::output::{Output, table};

pub(super) async fn run(context: &Context) -> Result<Output, Failure> {
    let listed = context.operations.verifier_list(&context.caller).await?;
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|v| {
            vec![
                v.reported.verifier.to_string(),
                v.node.clone(),
                v.role.clone(),
                v.reported.position.to_string(),
                v.reported.at.to_string(),
                v.software.clone(),
            ]
        })
        .collect();
    let shapes: Vec<VerifierShape> = listed.iter().map(Into::into).collect();
    Ok(Output::new(json!(shapes), table(&["id", "node", "role", "position", "reported", "software"], &rows)))
}
