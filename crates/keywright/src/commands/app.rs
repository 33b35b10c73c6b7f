//! `keywright app`

use keywright_domain::limits::PAGE_ROWS_MAX;
use keywright_operations::applications::NewApplication;
use keywright_store::applications::Application;
use keywright_web::api::shapes::ApplicationShape;
use serde_json::{Value, json};

use super::{Context, before, id, registration_token};
use crate::cli::App;
use crate::failure::Failure;
use crate::output::{Output, more, table};

pub(super) async fn run(context: &Context, command: App) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        App::Create { organisation, name, service, domain } => {
            let new = NewApplication { name, services: service, domain, ..NewApplication::default() };
            let application = operations.application_create(caller, id(&organisation)?, new).await?;
            let text = format!(
                "{} is {}; sandbox credentials work at once, production ones after: keywright app activate {}",
                application.id, application.state, application.id
            );
            Ok(Output::new(shape(&application), text))
        }
        App::List { organisation, page } => {
            let listed = operations.application_list(caller, id(&organisation)?, before(&page)?, PAGE_ROWS_MAX as u32).await?;
            let rows: Vec<Vec<String>> = listed
                .iter()
                .map(|a| vec![a.id.to_string(), a.name.clone(), a.state.to_string(), a.services.join(","), if a.own { "own".into() } else { String::new() }])
                .collect();
            let shapes: Vec<ApplicationShape> = listed.iter().map(Into::into).collect();
            Ok(Output::new(
                json!(shapes),
                table(&["id", "name", "state", "services", ""], &rows) + &more(listed.len(), listed.last().map(|a| a.id.to_string())),
            ))
        }
        App::Activate { app } => {
            let activated = operations.application_activate(caller, id(&app)?).await?;
            let mut value = shape(&activated.application);
            value["missing"] = json!(activated.missing);
            let mut text = format!("{} is active", activated.application.id);
            for missing in &activated.missing {
                text.push_str(&format!("\npassed over: {missing}"));
            }
            Ok(Output::new(value, text))
        }
        App::Deactivate { app } => {
            let application = operations.application_deactivate(caller, id(&app)?).await?;
            Ok(Output::new(shape(&application), format!("{} is deactivated: none of its credentials work; everything is kept", application.id)))
        }
        App::Delete { app, confirm } => {
            let credentials = operations.application_delete(caller, id(&app)?, &confirm).await?;
            let text = format!("{app} is deleted, with {credentials} credentials, which are unknown from now on");
            Ok(Output::new(json!({ "id": app, "deleted": true, "credentials": credentials }), text))
        }
        App::RegistrationToken(command) => registration_token::run(context, command).await,
    }
}

fn shape(application: &Application) -> Value {
    json!(ApplicationShape::from(application))
}
