//! `keywright verify`

use std::time::Duration;

use keywright_domain::limits;
use keywright_domain::verdict::Code;
use serde_json::{Map, Value, json};

use super::secret_from_stdin;
use crate::cli::Verify;
use crate::failure::{Exit, Failure};
use crate::output::Output;

/// The variable that holds the resource server's token.
const TOKEN: &str = "KEYWRIGHT_TOKEN";
/// A server that has not answered by then is not reachable.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn run(question: Verify) -> Result<Output, Failure> {
    let token = std::env::var(TOKEN)
        .map_err(|_| Failure::usage(format!("put the resource server's token into {TOKEN}; `keywright resource-server create` makes one")))?;
    let credential = secret_from_stdin("credential", limits::CREDENTIAL_BYTES_MAX)?;
    let mut body = Map::new();
    body.insert("credential".into(), json!(credential.expose()));
    for (name, value) in [("service", question.service), ("environment", question.environment), ("source_ip", question.source_ip), ("origin", question.origin)]
    {
        body.extend(value.map(|v| (name.to_owned(), json!(v))));
    }
    if !question.permissions.is_empty() {
        body.insert("permissions".into(), json!(question.permissions));
    }
    let url = format!("{}/verify", question.url.trim_end_matches('/'));
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Failure::usage(format!("--url {}: write the whole address, such as http://127.0.0.1:8080", question.url)));
    }
    let away = |e: reqwest::Error| Failure::unreachable(format!("{url}: {}", cause(&e)));
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build().map_err(away)?;
    let request = client.post(&url).bearer_auth(token.trim()).json(&body);
    let answer = request.send().await.map_err(away)?;
    let status = answer.status().as_u16();
    let value: Value = answer.json().await.map_err(away)?;
    if status != 200 {
        return Err(Failure::answered(&url, status, &value));
    }
    let valid = value.get("valid") == Some(&Value::Bool(true));
    let said = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let text = if valid { format!("valid: {} of {}", said("credential_id"), said("organisation_id")) } else { not_valid(&said("code")) };
    Ok(Output::new(value.clone(), text).exit(if valid { 0 } else { Exit::Refused as u8 }))
}

/// The code, and what it means.
fn not_valid(code: &str) -> String {
    Code::from_word(code).map_or_else(|| format!("not valid: {code}"), |known| format!("not valid: {code}. {}", known.told_to_caller()))
}

/// The innermost reason, which names what the system said.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("{cause}: is the server running there?")
}
