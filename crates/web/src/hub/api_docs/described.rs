//! The OpenAPI description, laid out for people.

use std::sync::LazyLock;

use keywright_domain::caller::Right;
use serde_json::Value;

use crate::routes::{Access, openapi};

/// Shapes within shapes that are still written out.
const DEPTH_MAX: usize = 3;

/// What is under one heading.
pub(super) struct Resource {
    /// As in paths: `resource-servers`.
    pub(super) name: String,
    /// In the order of the table.
    pub(super) operations: Vec<Operation>,
}

impl Resource {
    /// As a heading.
    pub(super) fn title(&self) -> String {
        let words = self.name.replace(['_', '-'], " ");
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

/// One operation.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) summary: &'static str,
    pub(super) access: Access,
    /// Of path, query and header.
    pub(super) parameters: Vec<Row>,
    /// Of the body; empty where there is none.
    pub(super) body: Vec<Row>,
    /// Status of success.
    pub(super) status: String,
    /// Of the answer's `data`; empty where there is none.
    pub(super) answer: Vec<Row>,
    /// Whether `data` is a list.
    pub(super) is_list: bool,
}

impl Operation {
    /// Who may call, in words of the members' page.
    pub(super) const fn who(&self) -> &'static str {
        match self.access {
            Access::Public => "Anybody.",
            Access::SignedIn => "Everybody who has signed in, about what is theirs.",
            Access::Operator => "Operators of the provider.",
            Access::Organisation(right) | Access::Application(right) => match right {
                Right::Operate | Right::Housekeep | Right::Gate => "Operators of the provider.",
                Right::Register => "Everybody who has signed in, about what is theirs.",
                Right::See => "Members of the organisation.",
                Right::CreateApplications => "Members with the grant create_applications.",
                Right::EditSettings => "Members with the grant edit_settings.",
                Right::ManageMembers => "Members with the grant manage_members.",
                Right::Administer => "Admins of the organisation.",
                Right::View => "Members with the grant view on the application, or above it.",
                Right::End => "Members with the grant edit on the application, or above it; operators.",
                Right::Edit => "Members with the grant edit on the application, or above it.",
                Right::Admin => "Admins of the application or the organisation.",
            },
        }
    }
}

/// A field or parameter.
pub(super) struct Row {
    /// `restrictions.networks`
    pub(super) name: String,
    /// What it is: `text`, `list of text`, `one of a, b`.
    pub(super) kind: String,
    /// Whether it has to be there.
    pub(super) required: bool,
    /// What the description says.
    pub(super) words: String,
}

/// All resources, in the order of the table.
pub(super) fn resources() -> &'static [Resource] {
    static RESOURCES: LazyLock<Vec<Resource>> = LazyLock::new(|| {
        let document = serde_json::to_value(openapi::document("")).expect("the description is JSON");
        let resource = |(name, all): &(String, Vec<openapi::Described>)| Resource {
            name: name.clone(),
            operations: all.iter().map(|one| operation(&document, one)).collect(),
        };
        openapi::by_resource().iter().map(resource).collect()
    });
    &RESOURCES
}

fn operation(document: &Value, one: &openapi::Described) -> Operation {
    let path = one.path.strip_prefix("/api/v1").unwrap_or(one.path);
    let described = &document["paths"][path][one.method.to_lowercase()];
    let parameters = described["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parameter = |p: &Value| Row {
        name: text(&p["name"]),
        kind: format!("{}, in the {}", named_kind(document, &text(&p["name"]), &p["schema"]), text(&p["in"])),
        required: p["required"] == true,
        words: text(&p["description"]),
    };
    let (status, success) = described["responses"]
        .as_object()
        .and_then(|all| all.iter().find(|(status, _)| status.starts_with('2')))
        .map_or(("", &Value::Null), |(status, answer)| (status.as_str(), answer));
    let whole = resolved(document, &success["content"]["application/json"]["schema"]);
    let data = if whole["properties"]["data"].is_null() { whole } else { &whole["properties"]["data"] };
    let data = resolved(document, data);
    let is_list = !data["items"].is_null();
    let mut operation = Operation {
        id: one.name.replace('.', "-"),
        method: one.method.clone(),
        path: one.path.to_owned(),
        summary: one.summary,
        access: one.access,
        parameters: parameters.iter().map(parameter).collect(),
        body: Vec::new(),
        status: status.to_owned(),
        answer: Vec::new(),
        is_list,
    };
    let body = described["requestBody"]["content"].as_object().and_then(|all| all.values().next());
    rows(document, &body.unwrap_or(&Value::Null)["schema"], "", DEPTH_MAX, &mut operation.body);
    rows(document, if is_list { &data["items"] } else { data }, "", DEPTH_MAX, &mut operation.answer);
    operation
}

/// The fields of a shape, and of the shapes in it.
fn rows(document: &Value, schema: &Value, prefix: &str, depth: usize, found: &mut Vec<Row>) {
    let schema = resolved(document, schema);
    for part in schema["allOf"].as_array().map(Vec::as_slice).unwrap_or_default() {
        rows(document, part, prefix, depth, found);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let required: Vec<&str> = schema["required"].as_array().map(|all| all.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    for (name, property) in properties {
        let full = format!("{prefix}{name}");
        let inner = present(document, property);
        let words = [&property["description"], &inner["description"]].into_iter().map(text).find(|words| !words.is_empty()).unwrap_or_default();
        found.push(Row { name: full.clone(), kind: named_kind(document, name, property), required: required.contains(&name.as_str()), words });
        let (inside, mark) = if inner["items"].is_null() { (inner, ".") } else { (resolved(document, &inner["items"]), "[].") };
        if depth > 1 {
            rows(document, inside, &format!("{full}{mark}"), depth - 1, found);
        }
    }
}

/// A schema that stands under a name, by that name.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.map_or(schema, |name| &document["components"]["schemas"][name])
}

/// A schema without "or null".
fn present<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let one = schema["oneOf"].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
    resolved(document, one.unwrap_or(schema))
}

/// What a value of this name is: ids and times are texts of their own form.
fn named_kind(document: &Value, name: &str, schema: &Value) -> String {
    match kind(document, schema).as_str() {
        "text" if name.ends_with("_at") => "time".to_owned(),
        "text" if name == "id" || name.ends_with("_id") => "id".to_owned(),
        other => other.to_owned(),
    }
}

/// What a value is, in a word or two.
fn kind(document: &Value, schema: &Value) -> String {
    let schema = present(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        return if words.len() == 1 { words[0].to_owned() } else { format!("one of {}", words.join(", ")) };
    }
    let named = match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).find(|one| *one != "null").unwrap_or_default(),
        one => one.as_str().unwrap_or_default(),
    };
    match named {
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(document, &schema["items"])),
        "" => "any value".to_owned(),
        other => other.to_owned(),
    }
}

/// A text of the description, without the marks of code that it has for programs.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_goes_in_and_what_comes_back() {
        let mut operations = 0;
        for resource in resources() {
            assert!(!resource.operations.is_empty());
            for operation in &resource.operations {
                operations += 1;
                assert!(operation.status.starts_with('2'), "{}", operation.id);
                for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
                    assert!(operation.parameters.iter().any(|row| row.name == name && row.required), "{}: {name}", operation.id);
                }
                for row in operation.body.iter().chain(&operation.answer) {
                    assert!(!row.kind.is_empty() && row.kind != "any value", "{}: {}", operation.id, row.name);
                }
            }
        }
        assert!(operations > 20, "{operations}");
    }
}
