//! The matrix of rights, walked: every route of the table as nobody, as each role, and as a stranger. What happens is what the table promises.

use std::collections::BTreeMap;

use keywright_domain::caller::{Caller, Facts, Person, Right, allow, sees};
use keywright_domain::grants::{ApplicationGrant, ApplicationGrants, Held, OrganisationGrant, OrganisationGrants};
use keywright_domain::ids::{ApplicationId, MemberId, OrganisationId, PersonId};
use keywright_domain::time::Timestamp;
use keywright_store::{Done, Purpose, StoreError};
use keywright_web::routes::{Access, MatrixRow, Way, matrix};
use reqwest::Method;
use reqwest::header::ORIGIN;
use serde_json::{Value, json};

use crate::oauth::keyed;
use crate::support::{Browser, Page, Server, stories};

/// Somebody who walks the table.
pub(crate) struct Role {
    name: &'static str,
    pub(crate) browser: Browser,
    /// None: nobody has signed in.
    caller: Option<Caller>,
    /// What they hold in the organisation, and on the application of it.
    held: Option<Held>,
    csrf: String,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Promise {
    Answered,
    SignIn,
    Forbidden,
    /// As if it never was.
    NotThere,
}

const ROLES: [(&str, &[OrganisationGrant], &[ApplicationGrant]); 6] = [
    ("member", &[], &[]),
    ("viewer", &[], &[ApplicationGrant::View]),
    ("editor", &[], &[ApplicationGrant::Edit]),
    ("maker", &[OrganisationGrant::CreateApplications, OrganisationGrant::EditSettings], &[]),
    ("manager", &[OrganisationGrant::ManageMembers], &[]),
    ("admin", &[OrganisationGrant::Admin], &[]),
];

/// What the routes are about: one of each kind, by its name in the paths.
pub(crate) type Things = BTreeMap<&'static str, String>;

stories! {
    async fn each_route_does_for_each_role_what_the_table_promises(kw: Server) {
        let things = things(&kw).await;
        let mut roles = vec![Role { name: "nobody", browser: Browser::at(&kw), caller: None, held: None, csrf: String::new() }];
        for (name, organisation, application) in ROLES {
            let held = Held { organisation: OrganisationGrants::of(organisation), application: ApplicationGrants::of(application) };
            join(&kw, &things, name, held).await;
            roles.push(signed_in(&kw, name, false, Some(held)).await);
        }
        kw.done(&["org", "create", "Elsewhere Ltd", "--owner", "stranger@example.com"]).await;
        roles.push(signed_in(&kw, "stranger", false, None).await);
        kw.done(&["operator", "add", "operator@example.com"]).await;
        roles.push(signed_in(&kw, "operator", true, None).await);

        let bodies = bodies(&kw).await;
        let mut wrong = Vec::new();
        let mut walked = 0;
        for row in matrix().into_iter().filter(|row| matches!(row.way, Way::Api | Way::Page)) {
            for role in &roles {
                let Some(promise) = promise(&row, role) else { continue };
                // Whatever would be done for them is seen in the stories; here nothing may be done for anybody else.
                if promise == Promise::Answered && row.method != "GET" {
                    continue;
                }
                walked += 1;
                let page = call(role, &row, &things, &bodies).await;
                if !keeps(&page, &row, promise) {
                    wrong.push(format!("{} {} as {}: {promise:?} is promised ({}), and {} came: {}", row.method, row.path, role.name, row.access, page.status, page.text()));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(walked > 200, "{walked}");
    }

    async fn what_is_a_strangers_looks_like_what_never_was(kw: Server) {
        let things = things(&kw).await;
        kw.done(&["org", "create", "Elsewhere Ltd", "--owner", "stranger@example.com"]).await;
        let stranger = signed_in(&kw, "stranger", false, None).await;
        let never: Things = things.iter().map(|(name, id)| (*name, format!("{}7ZZZZZZZZZZZZZZZZZZZZZZZZZ", id.split_inclusive('_').next().unwrap()))).collect();
        let bodies = bodies(&kw).await;
        for row in matrix().into_iter().filter(|row| matches!(row.way, Way::Api | Way::Page) && row.path.contains('{')) {
            if promise(&row, &stranger) != Some(Promise::NotThere) {
                continue;
            }
            let (theirs, nobodys) = (call(&stranger, &row, &things, &bodies).await, call(&stranger, &row, &never, &bodies).await);
            // A form without its first answer goes back to the first question, wherever it is.
            assert!(theirs.status == 404 || theirs.leads_to().is_some_and(|to| to.split('?').next() == Some(&theirs.path)), "{theirs:?}");
            let alike = |page: &Page, ids: &Things| ids.values().fold(masked(page), |text, id| text.replace(id.as_str(), "ID"));
            assert_eq!(alike(&theirs, &things), alike(&nobodys, &never), "{} {}", row.method, row.path);
        }
    }
}

/// What differs in every answer.
fn masked(page: &Page) -> String {
    match serde_json::from_str::<Value>(&page.body) {
        Ok(mut problem) => {
            problem["trace_id"] = json!("…");
            problem.to_string()
        }
        Err(_) => page.text(),
    }
}

pub(crate) async fn things(kw: &Server) -> Things {
    let made = kw.done(&["org", "create", "Here Ltd", "--owner", "owner@example.com"]).await;
    let organisation = made["id"].as_str().unwrap().to_owned();
    let own = made["own_application_id"].as_str().unwrap().to_owned();
    let application =
        kw.done(&["app", "create", "--organisation", &organisation, "--name", "Back end", "--service", "business-api", "--service", "rest-apis"]).await;
    let application = application["id"].as_str().unwrap().to_owned();
    let key = ["--service", "business-api", "--environment", "production", "--name", "Key"];
    let credential = kw.done(&[&["key", "create", "--application", &application], &key[..]].concat()).await;
    let own_credential = kw.done(&[&["key", "create", "--application", &own], &key[..]].concat()).await;
    let client = ["--service", "rest-apis", "--environment", "production", "--name", "Client"];
    let client = keyed(kw.place(), &[&["key", "create", "--application", &application], &client[..]].concat()).await;
    let token = kw.done(&["token", "create", "--organisation", &organisation, "--name", "CI", "--grants", "create_applications"]).await;
    let server = kw.done(&["resource-server", "create", "gateway", "--services", "business-api"]).await;
    let owner = signed_in(kw, "owner", false, None).await;
    let invitation =
        json(&owner, Method::POST, &format!("/api/v1/organisations/{organisation}/invitations"), &json!({ "mail": "invited@example.com", "grants": [] })).await;
    let members = json(&owner, Method::GET, &format!("/api/v1/organisations/{organisation}/members"), &Value::Null).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    BTreeMap::from([
        ("file", "mark.svg".to_owned()),
        ("resource", "credentials".to_owned()),
        ("organisation", organisation),
        ("application", application),
        ("credential", text(&credential["id"])),
        ("own_credential", text(&own_credential["id"])),
        ("client", text(&client["id"])),
        ("version", "1".to_owned()),
        ("registration_token", "rgt_01HX9KZMB3F7VNQP8R2WDGT4E5".to_owned()),
        ("token", text(&token["id"])),
        ("resource_server", text(&server["id"])),
        ("invitation", text(&invitation["data"]["id"])),
        ("member", text(&members["data"][0]["id"])),
    ])
}

/// Makes somebody a member with grants, without the mails that lead there.
async fn join(kw: &Server, things: &Things, name: &str, held: Held) {
    let (organisation, application): (OrganisationId, ApplicationId) = (things["organisation"].parse().unwrap(), things["application"].parse().unwrap());
    let allowed = allow(&Caller::Machine { user: "test".into() }, Right::ManageMembers, &Facts::of(organisation)).unwrap();
    let (mail, now) = (format!("{name}@example.com"), Timestamp::from_us(1_700_000_000_000_000));
    let random = || keywright_crypto::random::bits().unwrap();
    let (person, member) = (PersonId::from_parts(1, random()), MemberId::from_parts(1, random()));
    let store = kw.store().open_for(Purpose::Command).await;
    store
        .write(allowed, async move |tx| {
            let person = tx.person_of_mail(&mail, person, now).await?;
            tx.member_insert(member, organisation, person, &held.organisation.to_string(), now).await?;
            if !held.application.is_empty() {
                tx.application_grant_save(organisation, application, member, held.application).await?;
            }
            Ok::<_, StoreError>(Done::new(()))
        })
        .await
        .unwrap();
}

pub(crate) async fn signed_in(kw: &Server, name: &'static str, operator: bool, held: Option<Held>) -> Role {
    let browser = Browser::at(kw);
    browser.sign_in(kw, &format!("{name}@example.com")).await;
    let csrf = browser.get("/person").await.forms().iter().find_map(|form| form.value("csrf").map(str::to_owned)).unwrap();
    let caller = Caller::Person(Person { id: PersonId::from_bits(1), operator, only: None });
    Role { name, browser, caller: Some(caller), held, csrf }
}

/// What the table promises to this role; none: it depends on more than the role.
fn promise(row: &MatrixRow, role: &Role) -> Option<Promise> {
    let Some(caller) = &role.caller else {
        return Some(if row.access == Access::Public { Promise::Answered } else { Promise::SignIn });
    };
    let ours = Facts { organisation: Some(OrganisationId::from_bits(1)), member: role.held };
    // The Business API is about the caller's own organisation, and its own application, on which the roles hold nothing.
    let business = row.path.starts_with("/api/v1/business/");
    if business && role.held.is_none() {
        return row.path.contains('{').then_some(Promise::NotThere).filter(|_| role.name == "stranger");
    }
    let member = role.held.map(|held| if business { Held { application: ApplicationGrants::NONE, ..held } } else { held });
    Some(match row.access {
        Access::Public => Promise::Answered,
        // With an id, it is about an invitation, which is for somebody else.
        Access::SignedIn if row.path.contains('{') => return None,
        Access::SignedIn => Promise::Answered,
        Access::Operator if allow(caller, Right::Operate, &Facts::default()).is_ok() => Promise::Answered,
        Access::Operator => Promise::Forbidden,
        // It shows the own application, on which the roles hold nothing.
        Access::Organisation(_) if row.path.ends_with("/settings/api-keys") && member.is_some_and(|held| !held.organisation.has(OrganisationGrant::Admin)) => {
            Promise::Forbidden
        }
        Access::Organisation(right) => over(sees(caller, &ours), allow(caller, right, &ours).is_ok()),
        Access::Application(right) => {
            let facts = Facts { member, ..ours };
            over(allow(caller, Right::View, &facts).is_ok(), allow(caller, right, &facts).is_ok())
        }
    })
}

const fn over(seen: bool, allowed: bool) -> Promise {
    match (seen, allowed) {
        (false, _) => Promise::NotThere,
        (true, false) => Promise::Forbidden,
        (true, true) => Promise::Answered,
    }
}

fn keeps(page: &Page, row: &MatrixRow, promise: Promise) -> bool {
    // They send the browser on, or look first for what they were given.
    if (row.access == Access::Public && matches!(page.status, 303 | 404)) || page.leads_to().is_some_and(|to| to.split('?').next() == Some(&page.path)) {
        return true;
    }
    let to_sign_in = page.status == 303 && page.leads_to().is_some_and(|to| to.starts_with("/sign-in"));
    match promise {
        Promise::Answered => matches!(page.status, 200 | 303 | 400) && !to_sign_in,
        Promise::SignIn => page.status == 401 || to_sign_in,
        // The provider's part of the hub is nobody else's matter; and a form that names nothing names nothing that is there.
        Promise::Forbidden => page.status == 403 || (page.status == 404 && (row.access == Access::Operator || row.path.ends_with("/tokens/revoke"))),
        Promise::NotThere => page.status == 404,
    }
}

/// Calls a route with everything that it asks for.
pub(crate) async fn call(role: &Role, row: &MatrixRow, things: &Things, bodies: &BTreeMap<String, Value>) -> Page {
    let business = row.path.starts_with("/api/v1/business/");
    let mut path = row.path.to_owned();
    for (name, id) in things {
        let id = match *name {
            "credential" if business => &things["own_credential"],
            // These pages are about clients of the OAuth 2 server only.
            "credential" if path.starts_with("/keys/") && (path.contains("/secrets/") || path.ends_with("/token")) => &things["client"],
            _ => id,
        };
        path = path.replace(&format!("{{{name}}}"), id);
    }
    assert!(!path.contains('{'), "{path}: the walk has no such thing");
    let method: Method = row.method.parse().unwrap();
    if path.ends_with("/keys/new") && method == Method::GET {
        // The form, not the choice between services.
        path.push_str("?service=business-api");
    }
    let request = role.browser.request(method.clone(), &path);
    let request = match (row.way, method == Method::GET) {
        (_, true) => request,
        (Way::Page, false) => return role.browser.post(&path, &[("csrf", role.csrf.as_str()), ("once", "0123456789abcdef0123")]).await,
        (_, false) => {
            let request = request.header(ORIGIN, &role.browser.origin);
            match bodies.get(&format!("{} {}", row.method, row.path)) {
                Some(body) => request.json(body),
                None => request,
            }
        }
    };
    role.browser.send(&path, request).await
}

async fn json(role: &Role, method: Method, path: &str, body: &Value) -> Value {
    let request = role.browser.request(method, path).header(ORIGIN, &role.browser.origin);
    let request = if body.is_null() { request } else { request.json(body) };
    let page = role.browser.send(path, request).await;
    serde_json::from_str(&page.body).unwrap_or_else(|e| panic!("{path}: {e}: {page:?}"))
}

/// A body for each route that takes one, as the description says it.
async fn bodies(kw: &Server) -> BTreeMap<String, Value> {
    let document = json(
        &Role { name: "nobody", browser: Browser::at(kw), caller: None, held: None, csrf: String::new() },
        Method::GET,
        "/api/v1/openapi.json",
        &Value::Null,
    )
    .await;
    let mut bodies = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if !schema.is_null() {
                let path = format!("/api/v1{}", path.trim_start_matches("/api/v1"));
                bodies.insert(format!("{} {path}", method.to_ascii_uppercase()), example(schema, &document));
            }
        }
    }
    assert!(bodies.len() > 10, "{bodies:?}");
    bodies
}

/// A value of the right shape: every member that is required.
fn example(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document.pointer(reference.trim_start_matches('#')).unwrap(), document);
    }
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    match schema["type"].as_str() {
        Some("object") => {
            required.iter().map(|name| (name.as_str().unwrap().to_owned(), example(&schema["properties"][name.as_str().unwrap()], document))).collect()
        }
        Some("array") => json!([]),
        Some("integer") => json!(1),
        Some("boolean") => json!(false),
        _ => json!("x"),
    }
}
