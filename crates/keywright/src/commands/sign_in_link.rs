//! `keywright sign-in-link`

use std::io::IsTerminal;

use serde_json::json;

use super::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;
use crate::sign_in_file;

pub(super) async fn run(settings: &Settings, email: &str, public_url: Option<&str>, as_json: bool) -> Result<Output, Failure> {
    if public_url.is_some_and(|url| !keywright_web::is_public_url(url)) {
        return Err(Failure::usage("--public-url: write the whole address with a host and without a name or password, such as https://keys.example.com"));
    }
    let Context { caller, operations } = Context::open(settings).await?;
    let made = operations.reached_at(&settings.base_url(public_url)).sign_in_link(&caller, email).await?;
    let until = made.until.to_string();
    if std::io::stdout().is_terminal() && !as_json {
        return Ok(Output::new(json!({}), format!("Open this link to sign in as {email} (until {until}, once):\n  {}", made.link.reveal())));
    }
    // What is not read by somebody at a terminal ends up in logs.
    let path = sign_in_file::keep(settings, sign_in_file::ASKED_FOR, made.link.reveal())?;
    let path = path.display().to_string();
    Ok(Output::new(json!({ "file": path, "until": until }), format!("The link to sign in as {email} (until {until}, once) is in {path}")))
}
