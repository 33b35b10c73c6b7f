//! `/provider/catalogue`

use keywright_operations::catalogue::check;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{AsOperator, Body};
use crate::routes::{Done, Result};

/// The text of a catalogue.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CatalogueText {
    /// TOML, as `catalog.toml` has it.
    text: String,
}

/// What a catalogue came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct CatalogueShape {
    /// Whether it differs from the one that applied before; null where it was only checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    /// Slugs of its services.
    services: Vec<String>,
    /// What its author may want to look at.
    warnings: Vec<WarningShape>,
}

/// A warning with its place.
#[derive(Serialize, ToSchema)]
pub(crate) struct WarningShape {
    /// Line of the catalogue, the first is 1.
    line: u64,
    /// Character of that line, the first is 1.
    column: u64,
    /// What to look at, for people.
    message: String,
}

fn warnings(warnings: &[keywright_domain::catalogue::Warning]) -> Vec<WarningShape> {
    warnings.iter().map(|w| WarningShape { line: w.line as u64, column: w.column as u64, message: w.message.clone() }).collect()
}

/// The catalogue that applies.
pub(crate) async fn show(operator: AsOperator) -> Result<Done<CatalogueText>> {
    let text = operator.operations().catalogue_text(operator.caller()).await?;
    Ok(Done(CatalogueText { text }))
}

/// Reads a catalogue and says what is wrong with it, with line and column; applies nothing.
pub(crate) async fn check_only(operator: AsOperator, Body(given): Body<CatalogueText>) -> Result<Done<CatalogueShape>> {
    operator.operations().operate(operator.caller())?;
    let (catalogue, found) = check(&given.text)?;
    let services = catalogue.slugs().into_iter().map(str::to_owned).collect();
    Ok(Done(CatalogueShape { changed: None, services, warnings: warnings(&found) }))
}

/// Applies a catalogue, whole or not at all. Refused where it drops what a live credential holds.
pub(crate) async fn apply(operator: AsOperator, Body(given): Body<CatalogueText>) -> Result<Done<CatalogueShape>> {
    let applied = operator.operations().catalogue_apply(operator.caller(), &given.text).await?;
    Ok(Done(CatalogueShape { changed: Some(applied.changed), services: applied.services, warnings: warnings(&applied.warnings) }))
}
