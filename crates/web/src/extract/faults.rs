//! Everything that is wrong with the shape of a JSON body, all at once: its value against the schema that its type describes itself with.

use keywright_domain::text::without_secrets;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::FieldError;
use crate::routes::endpoint::Schemas;

/// What to write in the place of `"permissions": null`, which could be read as all of them and as none.
pub(super) const NULL_PERMISSIONS: &str = "is null: leave it out for all of them, or write [] for none";

/// Every fault of a body, in the order of the fields' names, then what the schema does not know. Empty where the schema has nothing against it.
pub(super) fn of<T: ToSchema>(body: &Value) -> Vec<FieldError> {
    let mut schemas = Schemas::new();
    T::schemas(&mut schemas);
    let named = schemas.iter().filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?))).collect();
    let Ok(schema) = serde_json::to_value(T::schema()) else { return Vec::new() };
    let mut search = Search { named, faults: Vec::new() };
    search.look(body, &schema, "");
    search.faults
}

struct Search {
    /// Schemas that others refer to.
    named: Vec<(String, Value)>,
    faults: Vec<FieldError>,
}

impl Search {
    fn look(&mut self, value: &Value, schema: &Value, path: &str) {
        let or_null = schema["oneOf"].as_array();
        if value.is_null() && or_null.is_some_and(|all| all.iter().any(|one| one["type"] == "null")) {
            return;
        }
        let schema = self.resolved(or_null.and_then(|all| all.iter().find(|one| one["type"] != "null")).unwrap_or(schema));
        if !is_of(value, &schema) {
            return self.say(path, if value.is_null() && path == "permissions" { NULL_PERMISSIONS.to_owned() } else { format!("is not {}", words(&schema)) });
        }
        match value {
            Value::Object(members) => self.look_into(members, &schema, path),
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    self.look(item, &schema["items"], &format!("{path}[{i}]"));
                }
            }
            _ => {}
        }
    }

    fn look_into(&mut self, members: &serde_json::Map<String, Value>, schema: &Value, path: &str) {
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let known = schema["properties"].as_object();
        for (name, property) in known.into_iter().flatten() {
            match members.get(name) {
                Some(value) => self.look(value, property, &inside(name)),
                None if schema["required"].as_array().is_some_and(|required| required.iter().any(|r| r == name)) => self.say(&inside(name), "is missing"),
                None => {}
            }
        }
        for (name, value) in members.iter().filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name))) {
            match &schema["additionalProperties"] {
                Value::Bool(false) => {
                    let names: Vec<&str> = known.into_iter().flat_map(|known| known.keys().map(String::as_str)).collect();
                    self.say(&inside(name), format!("is not known here: there is {}", names.join(", ")));
                }
                of_each @ Value::Object(_) => self.look(value, of_each, &inside(name)),
                _ => {}
            }
        }
    }

    fn say(&mut self, path: &str, message: impl Into<String>) {
        self.faults.push(FieldError { field: without_secrets(path), message: message.into() });
    }

    /// A schema itself, where another one refers to it.
    fn resolved(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            return self.named.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, schema)| schema.clone());
        }
        schema.clone()
    }
}

/// The names of a schema's types; none where everything will do.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is_of(value: &Value, schema: &Value) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|one| match *one {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            _ => value.is_number(),
        })
}

/// What a value of this schema is: "a text", "a list of texts".
fn words(schema: &Value) -> &'static str {
    match types(schema).into_iter().find(|one| *one != "null") {
        Some("string") => "a text",
        Some("array") if types(&schema["items"]).contains(&"string") => "a list of texts",
        Some("array") => "a list",
        Some("boolean") => "true or false",
        Some("integer") => "a whole number",
        Some("number") => "a number",
        _ => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    enum Word {
        Sandbox,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Form {
        word: Option<Word>,
        name: String,
        count: Option<u32>,
        permissions: Vec<String>,
        grants: std::collections::BTreeMap<String, Vec<String>>,
    }

    fn told(body: &Value) -> Vec<String> {
        of::<Form>(body).into_iter().map(|fault| format!("{} {}", fault.field, fault.message)).collect()
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        assert_eq!(told(&json!({})), ["grants is missing", "name is missing", "permissions is missing"]);
        let wrong = json!({ "name": 5, "count": "x", "permissions": ["a", 1, null], "grants": { "app": 1 }, "word": 7 });
        let faults = [
            "count is not a whole number",
            "grants.app is not a list of texts",
            "name is not a text",
            "permissions[1] is not a text",
            "permissions[2] is not a text",
            "word is not a text",
        ];
        assert_eq!(told(&wrong), faults);
        assert_eq!(told(&json!("x")), [" is not an object"]);
        assert_eq!(told(&json!({ "name": "a", "count": null, "word": null, "permissions": [], "grants": {} })), Vec::<String>::new());
    }

    #[test]
    fn no_permissions_are_written_as_an_empty_list() {
        assert_eq!(told(&json!({ "name": "a", "permissions": null, "grants": {} })), [format!("permissions {NULL_PERMISSIONS}")]);
    }
}
