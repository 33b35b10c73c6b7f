//! `keywright org`

use keywright_web::api::shapes::OrganisationShape;
use serde_json::json;

use super::{Context, before, id};
use crate::cli::Org;
use crate::failure::Failure;
use crate::output::{Output, more, pairs, table};

pub(super) async fn run(context: &Context, command: Org) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        Org::Create { name, owner } => {
            let made = operations.organisation_create(caller, &name, &owner).await?;
            let (id, own) = (made.id.to_string(), made.own_application.to_string());
            let text = pairs(&[("organisation", id.clone()), ("own application", own.clone())]);
            Ok(Output::new(json!({ "id": id, "own_application_id": own }), text))
        }
        Org::List(page) => {
            let listed = operations.organisation_list(caller, before(&page)?).await?;
            let rows: Vec<Vec<String>> = listed
                .iter()
                .map(|o| vec![o.id.to_string(), o.name.clone(), if o.suspended { "suspended".into() } else { o.review.to_string() }, o.created_at.to_string()])
                .collect();
            let shapes: Vec<OrganisationShape> = listed.iter().map(Into::into).collect();
            Ok(Output::new(json!(shapes), table(&["id", "name", "state", "created"], &rows) + &more(listed.len(), listed.last().map(|o| o.id.to_string()))))
        }
        Org::Suspend { org } => switched(context, &org, true).await,
        Org::Resume { org } => switched(context, &org, false).await,
    }
}

async fn switched(context: &Context, org: &str, suspended: bool) -> Result<Output, Failure> {
    let organisation = context.operations.organisation_suspend(&context.caller, id(org)?, suspended).await?;
    let word = if suspended { "suspended" } else { "accepted again" };
    Ok(Output::new(json!(OrganisationShape::from(&organisation)), format!("{} ({}) is {word}", organisation.id, organisation.name)))
}
