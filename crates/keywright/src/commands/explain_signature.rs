//! `keywright explain-signature`: why a request's signature was refused.

use std::io::{IsTerminal, Read};
use std::path::Path;

use keywright_crypto::scheme::explain::Comparison;
use keywright_crypto::scheme::explain::paste::TEXT_BYTES_MAX;
use keywright_operations::credentials::{SignatureExplained, SignatureQuestion};
use keywright_web::api::explained::SignatureExplainedShape;
use serde_json::json;

use super::{Context, id, read_file};
use crate::cli::ExplainSignature;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, asked: ExplainSignature) -> Result<Output, Failure> {
    let ExplainSignature { key, request, signed, scheme, at } = asked;
    let request = match request.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => read_file(path, TEXT_BYTES_MAX)?,
        None => from_stdin()?,
    };
    let signed_text = signed.as_deref().map(|path| read_file(path, TEXT_BYTES_MAX)).transpose()?;
    let context = Context::open_with_keys_if_there(settings).await?;
    let Context { caller, operations } = &context;
    let credential = match key {
        Some(key) => id(&key)?,
        None => operations.signature_subject(caller, &request).await?,
    };
    let scheme = scheme.map(|scheme| scheme.as_str().to_owned());
    let explained = operations.signature_explain(caller, credential, SignatureQuestion { request, signed_text, scheme, at }).await?;
    let text = text(&explained);
    let mut shape = json!(SignatureExplainedShape::from(explained));
    shape["id"] = json!(credential.to_string());
    Ok(Output::new(shape, text))
}

/// All of standard input: each line end may be one that was signed.
fn from_stdin() -> Result<String, Failure> {
    if std::io::stdin().is_terminal() {
        crate::output::note("Paste the request and press Enter, then Ctrl-D:");
    }
    let mut text = String::new();
    let read = std::io::stdin().take(TEXT_BYTES_MAX as u64 + 1).read_to_string(&mut text);
    read.map_err(|_| Failure::usage("the request on standard input is not text: give its body as a curl line does, or leave it out"))?;
    Ok(text)
}

/// The sentence first, then everything that it rests on.
fn text(explained: &SignatureExplained) -> String {
    let mut lines = vec![explained.sentence.clone()];
    lines.extend(explained.also.iter().map(|also| format!("also: {also}")));
    if let Some(version) = explained.version {
        lines.push(format!("signed by version {version}"));
    }
    match &explained.comparison {
        Some(both) => lines.extend(side_by_side(both, explained.found_out)),
        None if explained.server.is_empty() => {}
        None => {
            lines.push(format!("\nthe server builds ({}):", explained.scheme.as_str()));
            lines.extend(explained.server.iter().map(|line| format!("  {line}")));
        }
    }
    lines.extend(explained.notes.iter().map(|note| format!("note: {note}")));
    lines.join("\n")
}

/// Lines of both as they are, of the server with `-`, of the client with `+`.
fn side_by_side(both: &Comparison, found_out: bool) -> Vec<String> {
    let whose = if found_out { "the client, found out by trying" } else { "the client" };
    let mut lines = vec![format!("\n- the server builds, + {whose} signed:")];
    for pair in &both.lines {
        if pair.server == pair.client {
            lines.extend(pair.server.iter().map(|line| format!("  {line}")));
        } else {
            lines.extend(pair.server.iter().map(|line| format!("- {line}")));
            lines.extend(pair.client.iter().map(|line| format!("+ {line}")));
        }
    }
    lines.extend(both.first.as_ref().map(|d| {
        let end = |text: &str| if text.is_empty() { "nothing more".to_owned() } else { text.to_owned() };
        format!("first difference: line {}, byte {}: the server has {}, the client {}", d.line, d.column, end(&d.server), end(&d.client))
    }));
    lines
}
