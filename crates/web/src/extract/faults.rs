//! Everything that is wrong with the shape of a JSON body, all at once: its value against the schema that its type describes itself with.

use std::collections::HashMap;

use keywright_domain::text::without_secrets;
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::FieldError;
use crate::routes::endpoint::Schemas;

/// What to write in the place of `"permissions": null`, which could be read as all of them and as none.
pub(super) const NULL_PERMISSIONS: &str = "is null: leave it out for all of them, or write [] for none";

/// Faults that are told of one body. Whoever has more mends these first.
const FAULTS_MAX: usize = 20;
/// Characters of a name that a place repeats.
const NAME_CHARS_MAX: usize = 80;

/// The faults of a body, in the order of the fields' names, then what the schema does not know; at most [`FAULTS_MAX`], and one that says that
/// there are more. Empty where the schema has nothing against it.
pub(super) fn of<T: ToSchema>(body: &Value) -> Vec<FieldError> {
    let mut schemas = Schemas::new();
    T::schemas(&mut schemas);
    let named = schemas.iter().filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?))).collect();
    let Ok(schema) = serde_json::to_value(T::schema()) else { return Vec::new() };
    let mut search = Search { named: &named, place: Vec::new(), faults: Vec::new() };
    search.look(body, &schema);
    search.faults
}

/// A step towards a value.
enum Step<'a> {
    Name(&'a str),
    Item(usize),
}

struct Search<'a> {
    /// Schemas that others refer to.
    named: &'a HashMap<String, Value>,
    /// Where the search is; written out for a fault only.
    place: Vec<Step<'a>>,
    faults: Vec<FieldError>,
}

impl<'a> Search<'a> {
    /// Enough was found.
    fn is_over(&self) -> bool {
        self.faults.len() > FAULTS_MAX
    }

    fn look_at(&mut self, step: Step<'a>, value: &'a Value, schema: &'a Value) {
        self.place.push(step);
        self.look(value, schema);
        self.place.pop();
    }

    fn look(&mut self, value: &'a Value, schema: &'a Value) {
        let or_null = schema["oneOf"].as_array();
        if value.is_null() && or_null.is_some_and(|all| all.iter().any(|one| one["type"] == "null")) {
            return;
        }
        let schema = self.resolved(or_null.and_then(|all| all.iter().find(|one| one["type"] != "null")).unwrap_or(schema));
        if !is_of(value, schema) {
            let permissions = matches!(self.place[..], [Step::Name("permissions")]);
            return self.say(if value.is_null() && permissions { NULL_PERMISSIONS.to_owned() } else { format!("is not {}", words(schema)) });
        }
        if let (Some(allowed), Some(_)) = (schema["enum"].as_array(), value.as_str())
            && !allowed.contains(value)
        {
            let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            return self.say(format!("is not one of {}", allowed.join(", ")));
        }
        match value {
            Value::Object(members) => self.look_into(members, schema),
            Value::Array(items) => {
                let of_each = self.resolved(&schema["items"]);
                for (i, item) in items.iter().enumerate() {
                    if self.is_over() {
                        return;
                    }
                    self.look_at(Step::Item(i), item, of_each);
                }
            }
            _ => {}
        }
    }

    fn look_into(&mut self, members: &'a serde_json::Map<String, Value>, schema: &'a Value) {
        let known = schema["properties"].as_object();
        for (name, property) in known.into_iter().flatten() {
            match members.get(name) {
                Some(value) => self.look_at(Step::Name(name), value, property),
                None if schema["required"].as_array().is_some_and(|required| required.iter().any(|r| r == name)) => {
                    self.place.push(Step::Name(name));
                    self.say("is missing".to_owned());
                    self.place.pop();
                }
                None => {}
            }
        }
        let mut names = known.map(|known| format!(": there is {}", known.keys().map(String::as_str).collect::<Vec<_>>().join(", ")));
        for (name, value) in members.iter().filter(|(name, _)| !known.is_some_and(|known| known.contains_key(*name))) {
            if self.is_over() {
                return;
            }
            match &schema["additionalProperties"] {
                Value::Bool(false) => {
                    self.place.push(Step::Name(name));
                    // Once is enough.
                    self.say(format!("is not known here{}", names.take().unwrap_or_default()));
                    self.place.pop();
                }
                of_each @ Value::Object(_) => self.look_at(Step::Name(name), value, of_each),
                _ => {}
            }
        }
    }

    fn say(&mut self, message: String) {
        match self.faults.len() {
            0..FAULTS_MAX => self.faults.push(FieldError { field: self.written_place(), message }),
            FAULTS_MAX => self.faults.push(FieldError { field: String::new(), message: "has more faults than are told at once".to_owned() }),
            _ => {}
        }
    }

    /// `grants.app_1[2]`, with nothing in it that could be a secret.
    fn written_place(&self) -> String {
        let mut written = String::new();
        for step in &self.place {
            match step {
                Step::Name(name) => {
                    let shown: String = name.chars().take(NAME_CHARS_MAX).collect();
                    if !written.is_empty() {
                        written.push('.');
                    }
                    written.push_str(&without_secrets(&shown));
                    if shown.len() < name.len() {
                        written.push('…');
                    }
                }
                Step::Item(i) => written.push_str(&format!("[{i}]")),
            }
        }
        written
    }

    /// A schema itself, where another one refers to it.
    fn resolved(&self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
            Some(name) => self.named.get(name).unwrap_or(&Value::Null),
            None => schema,
        }
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

    #[derive(serde::Deserialize, ToSchema)]
    enum Word {
        Sandbox,
    }

    #[derive(serde::Deserialize, ToSchema)]
    #[serde(deny_unknown_fields)]
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
    fn a_body_full_of_faults_is_answered_in_few_words() {
        let key = "k-".repeat(15_000);
        let unknown: serde_json::Map<String, Value> = (0..5_000).map(|i| (format!("unknown{i}"), Value::Null)).collect();
        for body in [json!({ "grants": { key: vec![1; 15_000] } }), json!({ "permissions": vec![1; 30_000] }), Value::Object(unknown)] {
            let faults = of::<Form>(&body);
            let length: usize = faults.iter().map(|fault| fault.field.len() + fault.message.len()).sum();
            assert!(faults.len() == FAULTS_MAX + 1 && length < 8_000, "{} faults, {length} bytes", faults.len());
            assert_eq!(faults[FAULTS_MAX].message, "has more faults than are told at once");
        }
    }

    #[test]
    fn a_word_that_is_none_of_those_allowed_is_told_and_not_repeated() {
        let faults = told(&json!({ "name": "a", "word": "moon", "permissions": [], "grants": {} }));
        assert_eq!(faults, ["word is not one of Sandbox"]);
    }

    #[test]
    fn no_permissions_are_written_as_an_empty_list() {
        assert_eq!(told(&json!({ "name": "a", "permissions": null, "grants": {} })), [format!("permissions {NULL_PERMISSIONS}")]);
    }
}
