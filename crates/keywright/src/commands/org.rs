//! `keywright org`

use keywright_domain::organisation::Decision;
use keywright_operations::organisations::OrganisationShown;
use keywright_web::api::shapes::OrganisationShape;
use serde_json::{Value, json};

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
        Org::Show { org } => Ok(shown(&operations.organisation_show(caller, id(&org)?).await?)),
        Org::Verify { org } => {
            let organisation = operations.organisation_review(caller, id(&org)?, Decision::Verify).await?;
            Ok(Output::new(json!(OrganisationShape::from(&organisation)), format!("{} ({}) is verified", organisation.id, organisation.name)))
        }
        Org::HandBack { org, remark } => {
            let organisation = operations.organisation_review(caller, id(&org)?, Decision::HandBack { remark }).await?;
            let text = format!("{} ({}) is a draft again; its members see the remark", organisation.id, organisation.name);
            Ok(Output::new(json!(OrganisationShape::from(&organisation)), text))
        }
        Org::Allow { org, service, permissions } => {
            let allowance = operations.organisation_service_allow(caller, id(&org)?, &service, permissions).await?;
            let names = allowance.permissions.as_ref().map(|p| p.names().to_vec());
            let with = names.as_ref().map_or_else(|| "every permission".into(), |n| n.join(", "));
            let value = json!({ "organisation_id": org, "service": allowance.service, "permissions": names });
            Ok(Output::new(value, format!("{org} has {} with {with}", allowance.service)))
        }
        Org::Disallow { org, service } => {
            operations.organisation_service_disallow(caller, id(&org)?, &service).await?;
            let text = format!("{org} makes no more credentials for {service}; those that there are work on");
            Ok(Output::new(json!({ "organisation_id": org, "service": service, "allowed": false }), text))
        }
    }
}

fn shown(shown: &OrganisationShown) -> Output {
    let (o, p) = (&shown.organisation, &shown.profile);
    let services: Vec<Value> =
        shown.services.iter().map(|a| json!({ "service": a.service, "permissions": a.permissions.as_ref().map(|p| p.names().to_vec()) })).collect();
    let mut value = json!(OrganisationShape::from(o));
    value["own_application_id"] = json!(shown.own_application.to_string());
    value["services_on_request"] = json!(services);
    let fields = [
        ("legal_name", &p.legal_name),
        ("address", &p.address),
        ("country", &p.country),
        ("tax_id", &p.tax_id),
        ("billing_mail", &p.billing_mail),
        ("website", &p.website),
        ("purpose", &p.purpose),
        ("remark", &p.remark),
    ];
    for (name, field) in fields {
        value["profile"][name] = json!(field);
    }
    value["profile"]["handed_in_at"] = json!(p.handed_in_at.map(|t| t.to_string()));
    let list: Vec<&str> = shown.services.iter().map(|a| a.service.as_str()).collect();
    let mut lines = vec![
        ("organisation", format!("{} ({})", o.id, o.name)),
        ("review", o.review.to_string()),
        ("suspended", if o.suspended { "yes".into() } else { "no".to_owned() }),
        ("own application", shown.own_application.to_string()),
        ("on request", list.join(", ")),
    ];
    lines.extend(fields.iter().map(|(name, field)| (*name, (*field).clone().unwrap_or_default().replace('\n', ", "))));
    Output::new(value, pairs(&lines))
}

async fn switched(context: &Context, org: &str, suspended: bool) -> Result<Output, Failure> {
    let organisation = context.operations.organisation_suspend(&context.caller, id(org)?, suspended).await?;
    let word = if suspended { "suspended" } else { "accepted again" };
    Ok(Output::new(json!(OrganisationShape::from(&organisation)), format!("{} ({}) is {word}", organisation.id, organisation.name)))
}
