//! `keywright token`

use keywright_operations::management_tokens::{ManagementToken, NewManagementToken};
use serde_json::{Value, json};

use super::{Context, id};
use crate::cli::Token;
use crate::failure::Failure;
use crate::output::{Output, pairs, table};

pub(super) async fn run(context: &Context, command: Token) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        Token::Create { organisation, name, grants, expires_at } => {
            let new = NewManagementToken { name, grants, expires_at };
            let shown = operations.management_token_create(caller, id(&organisation)?, new).await?;
            let (id, token) = (shown.made.id.to_string(), shown.token.reveal());
            let text = pairs(&[("management token", id.clone()), ("token", token.to_owned())]);
            Ok(Output::new(json!({ "id": id, "token": token }), format!("{text}\nThis is the only time that the token is shown.")))
        }
        Token::List { organisation } => {
            let listed = operations.management_token_list(caller, id(&organisation)?).await?;
            let rows: Vec<Vec<String>> = listed
                .iter()
                .map(|t| vec![t.id.to_string(), t.name.clone(), t.masked.clone(), grants(t).join(","), made_by(t), state(t, operations.now())])
                .collect();
            let values: Vec<Value> = listed.iter().map(value).collect();
            Ok(Output::new(json!(values), table(&["id", "name", "token", "grants", "made by", "state"], &rows)))
        }
        Token::Revoke { token } => {
            let revoked = operations.management_token_revoke(caller, id(&token)?).await?;
            Ok(Output::new(value(&revoked), format!("{} ({}) is revoked: it is refused from now on", revoked.id, revoked.name)))
        }
    }
}

fn grants(token: &ManagementToken) -> Vec<&'static str> {
    [token.grants.organisation.names(), token.grants.application.names()].concat()
}

fn made_by(token: &ManagementToken) -> String {
    token.person_mail.clone().unwrap_or_else(|| "the command line".into())
}

fn state(token: &ManagementToken, now: keywright_domain::time::Timestamp) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) if at <= now => format!("expired {at}"),
        (None, Some(at)) => format!("active until {at}"),
        (None, None) => "active".into(),
    }
}

fn value(token: &ManagementToken) -> Value {
    let time = |at: Option<keywright_domain::time::Timestamp>| at.map(|t| t.to_string());
    json!({
        "id": token.id.to_string(),
        "organisation_id": token.organisation.to_string(),
        "name": token.name,
        "token": token.masked,
        "grants": grants(token),
        "person_id": token.person.map(|p| p.to_string()),
        "created_at": token.created_at.to_string(),
        "expires_at": time(token.expires_at),
        "revoked_at": time(token.revoked_at),
        "last_used_at": time(token.seen_at),
    })
}
