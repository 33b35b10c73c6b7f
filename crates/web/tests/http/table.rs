//! The table of routes, reviewed like code.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use keywright_store::testing::TestPlace;
use keywright_web::routes::{Access, Way, matrix};
use serde_json::Value;

use crate::support::{As, Office};

#[test]
fn who_may_call_what() {
    let mut text = String::new();
    for row in matrix() {
        let _ = writeln!(text, "{:6} {:75} {:?}: {}", row.method, row.path, row.way, row.access);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn nobody_but_those_who_sign_in_gets_anything_without_a_right() {
    for row in matrix().into_iter().filter(|row| row.access == Access::Public) {
        let for_signing_in = ["/api/v1/auth/", "/sign-in", "/sign-out", "/static/"].iter().any(|start| row.path.starts_with(start));
        let about_nobody = ["/", "/theme", "/favicon.ico", "/api/v1/openapi.json"].contains(&row.path) || row.path.starts_with("/api/docs");
        assert!(for_signing_in || about_nobody || matches!(row.way, Way::Machine | Way::Open), "{} {}", row.method, row.path);
    }
}

#[tokio::test]
async fn the_description_says_all_of_it_and_each_reference_leads_somewhere() {
    let office = Office::open(TestPlace::sqlite()).await;
    let reply = office.send(As::Nobody, "GET /api/v1/openapi.json", &[], "").await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    assert_eq!((document["openapi"].as_str(), document["servers"][0]["url"].as_str().unwrap().ends_with("/api/v1")), (Some("3.1.0"), true));

    let api: BTreeSet<(String, &str)> =
        matrix().into_iter().filter(|r| r.way == Way::Api).map(|r| (r.path.strip_prefix("/api/v1").unwrap().to_owned(), r.method)).collect();
    let mut described = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|m| m.eq_ignore_ascii_case(method)).unwrap();
            described.insert((path.clone(), method));
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} names two operations");
            assert!(operation["responses"]["default"].is_object(), "{name}");
        }
    }
    assert_eq!(api, described);

    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    for reference in references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference} leads nowhere");
    }
    let mut bare = Vec::new();
    without_words(&document, "", &mut bare);
    assert!(bare.is_empty(), "neither a property nor a parameter goes without a description: {bare:#?}");
    let mut document = document;
    document["servers"][0]["url"] = "[url]".into();
    insta::assert_json_snapshot!(document);
}

/// Pointers to properties of schemas, and to parameters, that nothing describes where they stand.
fn without_words(value: &Value, at: &str, bare: &mut Vec<String>) {
    let says = |one: &Value| one["description"].as_str().is_some_and(|words| !words.trim().is_empty());
    // "Or null" has its words at what it is otherwise.
    let mute = |described: &Value| !says(described) && !described["oneOf"].as_array().is_some_and(|all| all.iter().any(says));
    match value {
        Value::Object(members) => {
            // Not the member of that name that a schema may have.
            if let Some(properties) = members.get("properties").and_then(Value::as_object).filter(|_| !at.ends_with("/properties")) {
                bare.extend(properties.iter().filter(|(_, property)| mute(property)).map(|(name, _)| format!("{at}/properties/{name}")));
            }
            if let Some(parameters) = members.get("parameters").and_then(Value::as_array) {
                bare.extend(parameters.iter().filter(|p| mute(p)).map(|p| format!("{at}/parameters: {}", p["name"])));
            }
            members.iter().for_each(|(name, member)| without_words(member, &format!("{at}/{name}"), bare));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| without_words(item, &format!("{at}/{i}"), bare)),
        _ => {}
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
