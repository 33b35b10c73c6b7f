//! `keywright app registration-token`

use keywright_domain::time::Timestamp;
use keywright_operations::registration_tokens::{NewRegistrationToken, RegistrationToken as Made};
use keywright_web::api::registration_tokens::RegistrationTokenShape;
use serde_json::json;

use super::{Context, id};
use crate::cli::RegistrationToken;
use crate::failure::Failure;
use crate::output::{Output, pairs, table};

pub(super) async fn run(context: &Context, command: RegistrationToken) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        RegistrationToken::Create { application, name, service, environment, clients_max, expires_at } => {
            let new = NewRegistrationToken { name, service, environment, clients_max, expires_at };
            let shown = operations.registration_token_create(caller, id(&application)?, new).await?;
            let (id, token) = (shown.made.id.to_string(), shown.token.reveal());
            let text = pairs(&[("initial access token", id.clone()), ("token", token.to_owned()), ("ends", shown.made.expires_at.to_string())]);
            let value = json!({ "id": id, "token": token, "expires_at": shown.made.expires_at.to_string(), "warning": shown.warning });
            let beside = shown.warning.as_ref().map(|warning| format!("note: {warning}"));
            Ok(Output::new(value, format!("{text}\nThis is the only time that the token is shown.")).beside(beside))
        }
        RegistrationToken::List { application } => {
            let listed = operations.registration_token_list(caller, id(&application)?).await?;
            let row = |t: &Made| {
                let clients = format!("{} of {}", t.clients, t.clients_max);
                vec![t.id.to_string(), t.name.clone(), t.masked.clone(), t.service.clone(), t.environment.to_string(), clients, state(t, operations.now())]
            };
            let rows: Vec<Vec<String>> = listed.iter().map(row).collect();
            let shapes: Vec<RegistrationTokenShape> = listed.iter().map(Into::into).collect();
            Ok(Output::new(json!(shapes), table(&["id", "name", "token", "service", "environment", "clients", "state"], &rows)))
        }
        RegistrationToken::Revoke { application, token } => {
            let revoked = operations.registration_token_revoke(caller, id(&application)?, id(&token)?).await?;
            let text = format!("{} ({}) is revoked: it registers no more clients; the {} that it registered stay", revoked.id, revoked.name, revoked.clients);
            Ok(Output::new(json!(RegistrationTokenShape::from(&revoked)), text))
        }
    }
}

fn state(token: &Made, now: Timestamp) -> String {
    match token.revoked_at {
        Some(at) => format!("revoked {at}"),
        None if token.expires_at <= now => format!("expired {}", token.expires_at),
        None if token.clients >= token.clients_max => "used up".to_owned(),
        None => format!("active until {}", token.expires_at),
    }
}
