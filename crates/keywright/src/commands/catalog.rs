//! `keywright catalog`

use std::path::Path;

use keywright_domain::catalogue::Warning;
use keywright_domain::limits;
use keywright_operations::catalogue::check;
use serde_json::{Value, json};

use super::{Context, read_file};
use crate::cli::Catalog;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, command: Catalog) -> Result<Output, Failure> {
    match command {
        Catalog::Check { file } => {
            let (catalogue, warnings) = check(&read(&file)?)?;
            let text = format!("{} declares {} services: {}{}", file.display(), catalogue.services.len(), catalogue.slugs().join(", "), lines(&warnings));
            Ok(Output::new(json!({ "services": catalogue.slugs(), "brand": catalogue.brand().as_str(), "warnings": values(&warnings) }), text))
        }
        Catalog::Apply { file } => {
            let text = read(&file)?;
            let context = Context::open(settings).await?;
            let applied = context.operations.catalogue_apply(&context.caller, &text).await?;
            let said = if applied.changed { "applied" } else { "is what applies already" };
            let text = format!("{} {said}: {}{}", file.display(), applied.services.join(", "), lines(&applied.warnings));
            let json = json!({ "changed": applied.changed, "position": applied.place.position.0, "services": applied.services, "warnings": values(&applied.warnings) });
            Ok(Output::new(json, text))
        }
        Catalog::Show => {
            let context = Context::open(settings).await?;
            let text = context.operations.catalogue_text(&context.caller).await?;
            Ok(Output::new(json!({ "toml": text }), text))
        }
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    read_file(file, limits::CATALOGUE_BYTES_MAX)
}

fn lines(warnings: &[Warning]) -> String {
    warnings.iter().map(|w| format!("\nwarning: line {}, column {}: {}", w.line, w.column, w.message)).collect()
}

fn values(warnings: &[Warning]) -> Vec<Value> {
    warnings.iter().map(|w| json!({ "line": w.line, "column": w.column, "message": w.message })).collect()
}
