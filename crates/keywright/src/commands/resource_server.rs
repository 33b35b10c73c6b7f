//! `keywright resource-server`

use keywright_domain::time::Span;
use keywright_web::api::shapes::ResourceServerShape;
use serde_json::json;

use super::{Context, id};
use crate::cli::ResourceServer;
use crate::failure::Failure;
use crate::output::{Output, pairs, table};

pub(super) async fn run(context: &Context, command: ResourceServer) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        ResourceServer::Create { name, services, environments } => {
            let made = operations.resource_server_create(caller, &name, &services, &environments).await?;
            let (id, token) = (made.id.to_string(), made.token.reveal());
            let text = pairs(&[("resource server", id.clone()), ("token", token.to_owned())]);
            Ok(Output::new(json!({ "id": id, "token": token }), format!("{text}\nThis is the only time that the token is shown.")))
        }
        ResourceServer::List => {
            let listed = operations.resource_server_list(caller).await?;
            let rows: Vec<Vec<String>> = listed
                .iter()
                .map(|r| {
                    let environments: Vec<&str> = r.environments.iter().map(|e| e.as_str()).collect();
                    vec![
                        r.id.to_string(),
                        r.name.clone(),
                        r.services.join(","),
                        environments.join(","),
                        r.revoked_at.map_or_else(|| "active".into(), |t| format!("revoked {t}")),
                    ]
                })
                .collect();
            let shapes: Vec<ResourceServerShape> = listed.iter().map(Into::into).collect();
            Ok(Output::new(json!(shapes), table(&["id", "name", "services", "environments", "state"], &rows)))
        }
        ResourceServer::Rotate { id: server, overlap } => {
            let overlap: Span = overlap.parse().map_err(|e: keywright_domain::time::SpanError| Failure::usage(format!("--overlap: {e}")))?;
            let made = operations.resource_server_rotate(caller, id(&server)?, overlap).await?;
            let until = made.previous_until.map(|u| u.to_string());
            let text =
                pairs(&[("resource server", server.clone()), ("token", made.token.reveal().to_owned()), ("previous until", until.clone().unwrap_or_default())]);
            Ok(Output::new(json!({ "id": server, "token": made.token.reveal(), "previous_until": until }), text))
        }
        ResourceServer::Revoke { id: server } => {
            let revoked = operations.resource_server_revoke(caller, id(&server)?).await?;
            Ok(Output::new(json!(ResourceServerShape::from(&revoked)), format!("{server} is revoked: its tokens are refused")))
        }
    }
}
