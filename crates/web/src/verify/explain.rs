//! What is wrong with a body that did not parse. Names every bad field, and repeats no value: one of them is a secret.

use keywright_domain::limits;
use serde_json::{Map, Value};

use super::{question, signed_request};
use crate::problem::FieldError;

/// Bad fields named in one answer; a batch may have thousands.
const ERRORS_MAX: usize = 20;

/// What is wrong with one question. Never empty.
pub(super) fn one(body: &[u8]) -> Vec<FieldError> {
    explain(body, |value, errors| question(value, "", errors))
}

/// What is wrong with a batch. Never empty.
pub(super) fn batch(body: &[u8]) -> Vec<FieldError> {
    explain(body, |value, errors| {
        let Some(members) = object(value, "", errors) else { return };
        known(members, "", "questions", &["questions"], errors);
        match members.get("questions") {
            None => errors.add("questions", "is missing: a list of questions"),
            Some(Value::Array(list)) if list.len() > limits::BATCH_QUESTIONS_MAX => {
                errors.add("questions", format!("has {} questions: at most {} are answered at once", list.len(), limits::BATCH_QUESTIONS_MAX));
            }
            Some(Value::Array(list)) => list.iter().enumerate().for_each(|(i, q)| question(q, &format!("questions[{i}]"), errors)),
            Some(other) => errors.add("questions", format!("must be a list of questions, not {}", kind(other))),
        }
    })
}

#[derive(Default)]
struct Errors(Vec<FieldError>);

impl Errors {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        if self.0.len() < ERRORS_MAX {
            self.0.push(FieldError { field: field.into(), message: message.into() });
        }
    }
}

fn explain(body: &[u8], check: impl FnOnce(&Value, &mut Errors)) -> Vec<FieldError> {
    let whole = |message: String| vec![FieldError { field: String::new(), message }];
    if body.is_empty() {
        return whole("the body is empty: send a JSON object".into());
    }
    if let Err(error) = std::str::from_utf8(body) {
        return whole(format!("the body is not UTF-8 from byte {} on", error.valid_up_to()));
    }
    match serde_json::from_slice::<Value>(body) {
        Err(error) => whole(format!("the body is not JSON: {error}")),
        Ok(value) => {
            let mut errors = Errors::default();
            check(&value, &mut errors);
            if errors.0.is_empty() {
                // All members are right by themselves: only a member that is there twice is left.
                return whole("a member is there twice".into());
            }
            errors.0
        }
    }
}

fn question(value: &Value, path: &str, errors: &mut Errors) {
    let Some(members) = object(value, path, errors) else { return };
    let all: Vec<&str> = question::MEMBERS.split(", ").collect();
    known(members, path, question::MEMBERS, &all, errors);
    match (present(members, "credential"), present(members, "request")) {
        (None, None) => {
            errors.add(at(path, "credential"), "is missing: the credential as the caller presented it, or the whole \"request\" where it is signed")
        }
        (Some(_), Some(_)) => errors.add(at(path, "request"), "is there beside \"credential\": send one of the two"),
        (Some(given), None) => text(given, at(path, "credential"), question::credential, errors),
        (None, Some(given)) => request(given, &at(path, "request"), errors),
    }
    for (name, check) in [
        ("service", (|t| question::service_slug(t)) as fn(&str) -> Result<(), String>),
        ("environment", |t| question::environment(t).map(drop)),
        ("source_ip", |t| question::source_ip(t).map(drop)),
        ("origin", |_| Ok(())),
    ] {
        if let Some(given) = present(members, name) {
            text(given, at(path, name), check, errors);
        }
    }
    match present(members, "permissions") {
        None => {}
        Some(Value::Array(list)) if list.len() > limits::PERMISSIONS_MAX => {
            errors.add(at(path, "permissions"), format!("has {} names: at most {} are read", list.len(), limits::PERMISSIONS_MAX));
        }
        Some(Value::Array(list)) => {
            for (i, name) in list.iter().enumerate() {
                text(name, format!("{}[{i}]", at(path, "permissions")), question::permission, errors);
            }
        }
        Some(other) => errors.add(at(path, "permissions"), format!("must be a list of strings, not {}", kind(other))),
    }
    if let Some(given) = present(members, "min_position").filter(|p| !p.is_u64()) {
        errors.add(at(path, "min_position"), format!("must be a position (a whole number from 0), not {}", kind(given)));
    }
}

fn request(value: &Value, path: &str, errors: &mut Errors) {
    let Some(members) = object(value, path, errors) else { return };
    known(members, path, signed_request::MEMBERS, &signed_request::MEMBERS.split(", ").collect::<Vec<_>>(), errors);
    for (name, check) in [("method", signed_request::method as fn(&str) -> Result<(), String>), ("url", signed_request::url)] {
        match members.get(name) {
            None => errors.add(at(path, name), "is missing"),
            Some(given) => text(given, at(path, name), check, errors),
        }
    }
    match members.get("headers") {
        None => errors.add(at(path, "headers"), "is missing: a list of [name, value], in the order in which they came"),
        Some(Value::Array(list)) if list.len() > limits::REQUEST_HEADERS_MAX => {
            errors.add(at(path, "headers"), format!("has {} headers: at most {} are read", list.len(), limits::REQUEST_HEADERS_MAX));
        }
        Some(Value::Array(list)) => {
            for (i, header) in list.iter().enumerate() {
                let field = format!("{}[{i}]", at(path, "headers"));
                match header.as_array().map(Vec::as_slice) {
                    Some([name, value]) => {
                        text(name, format!("{field}[0]"), signed_request::header_name, errors);
                        text(value, format!("{field}[1]"), signed_request::header_value, errors);
                    }
                    _ => errors.add(field, "must be a list of two strings: [name, value]"),
                }
            }
        }
        Some(other) => errors.add(at(path, "headers"), format!("must be a list of [name, value], not {}", kind(other))),
    }
    let mut bodies = signed_request::BODIES.iter().filter_map(|name| Some((*name, present(members, name)?)));
    let first = bodies.next();
    if let Some((name, given)) = first {
        text(given, at(path, name), |t| signed_request::body(name, t).map(drop), errors);
    }
    for (other, _) in bodies {
        errors.add(at(path, other), format!("is there beside {:?}: tell the body in one way", first.map_or("", |(name, _)| name)));
    }
}

fn present<'v>(members: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    members.get(name).filter(|v| !v.is_null())
}

fn at(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn object<'v>(value: &'v Value, path: &str, errors: &mut Errors) -> Option<&'v Map<String, Value>> {
    let members = value.as_object();
    if members.is_none() {
        let subject = if path.is_empty() { "the body must be a JSON object" } else { "must be an object" };
        errors.add(path, format!("{subject}, not {}", kind(value)));
    }
    members
}

fn known(members: &Map<String, Value>, path: &str, listed: &str, all: &[&str], errors: &mut Errors) {
    for name in members.keys().filter(|n| !all.contains(&n.as_str())) {
        // A name that does not look like one may be a secret in the wrong place.
        let plain = name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let shown = if plain { name.as_str() } else { "(a name that is not shown)" };
        errors.add(at(path, shown), format!("is not known here; known are: {listed}"));
    }
}

fn text(value: &Value, field: String, check: impl FnOnce(&str) -> Result<(), String>, errors: &mut Errors) {
    match value {
        Value::String(text) => {
            if let Err(message) = check(text) {
                errors.add(field, message);
            }
        }
        other => errors.add(field, format!("must be a string, not {}", kind(other))),
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
