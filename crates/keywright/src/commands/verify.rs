//! `keywright verify`

use std::time::Duration;

use keywright_domain::credential::secret_form::{self, Brand, Class};
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
/// A key or token that another command made just now is known to every verifier that runs well after this. What is unknown is asked about once more then.
const MADE_JUST_NOW: Duration = Duration::from_millis(limits::POLL_MS);

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
    let ask = async || {
        let answer = client.post(&url).bearer_auth(token.trim()).json(&body).send().await.map_err(away)?;
        let status = answer.status().as_u16();
        Ok::<(u16, Value), Failure>((status, answer.json().await.map_err(away)?))
    };
    let (mut status, mut value) = ask().await?;
    if status == 401 || value.get("code").and_then(Value::as_str) == Some(Code::Unknown.as_str()) {
        tokio::time::sleep(MADE_JUST_NOW).await;
        (status, value) = ask().await?;
    }
    if status != 200 {
        return Err(Failure::answered(&url, status, &value));
    }
    let valid = value.get("valid") == Some(&Value::Bool(true));
    let said = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let text = if valid { format!("valid: {} of {}", said("credential_id"), said("organisation_id")) } else { not_valid(&said("code"), credential.expose()) };
    Ok(Output::new(value.clone(), text).exit(if valid { 0 } else { Exit::Refused as u8 }))
}

/// The code, and what it means.
fn not_valid(code: &str, credential: &str) -> String {
    let Some(known) = Code::from_word(code) else { return format!("not valid: {code}") };
    let why = if known == Code::Malformed { other_class(credential) } else { None };
    format!("not valid: {code}. {}", why.unwrap_or_else(|| known.told_to_caller()))
}

/// What it is instead, where it is whole and of a class that nobody presents to a service. The brand is taken from itself: only the server knows which
/// are its own.
fn other_class(credential: &str) -> Option<&'static str> {
    let brand = Brand::new(credential.split('_').next()?).ok()?;
    match secret_form::recognise(credential.as_bytes(), &[brand]).ok()? {
        Class::SecretKey(_) => Some(
            "This is a secret key: it signs or gets tokens, and is never sent with a request. If it was, rotate it. Why a signed request was refused, \
             `keywright explain-signature` says.",
        ),
        Class::Management => Some("This is a management token, for the management API alone. If it was sent to a service, revoke it."),
        Class::ResourceServer => Some("This is a resource server's token, by which it asks about others' credentials. If it was sent to a service, rotate it."),
        Class::InitialAccess | Class::RegistrationAccess => {
            Some("This is a token for the registration of clients alone. If it was sent to a service, revoke it.")
        }
        Class::ApiKey(_) | Class::HmacApiKey(_) | Class::ClientId(_) | Class::AccessToken => None,
    }
}

/// The innermost reason, which names what the system said.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    format!("{cause}: is the server running there?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_of_another_class_is_told_as_such_and_not_repeated() {
        let whole = |start: &str| {
            let mut text = start.to_owned() + &"0".repeat(secret_form::RANDOM_DIGITS);
            secret_form::complete(&mut text);
            text
        };
        for (start, says) in [
            ("acme_sk_test_", "This is a secret key"),
            ("kw_rs_", "resource server's token"),
            ("kw_mgmt_", "management token"),
            ("kw_ia_", "registration of clients"),
            ("kw_live_", "copied whole"),
        ] {
            let secret = whole(start);
            let told = not_valid("malformed", &secret);
            assert!(told.contains(says) && !told.contains(&secret), "{told}");
            assert!(not_valid("malformed", &secret[1..secret.len() - 1]).contains("copied whole"));
        }
        assert!(!not_valid("unknown", &whole("kw_sk_test_")).contains("secret key"));
    }
}
