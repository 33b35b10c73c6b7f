//! The JSON body of a call.

use hyper::header::CONTENT_TYPE;
use keywright_domain::text::without_secrets;
use keywright_operations::credentials::Set;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, Required};

use super::faults;
use crate::problem::{FieldError, Kind, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::{Input, Schemas};
use crate::routes::reply::named;

/// The body. Its type refuses unknown fields (`#[serde(deny_unknown_fields)]`): a misspelt restriction must not be passed over.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned + ToSchema + Send> Input for Body<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        let said = call.parts().headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if media != "application/json" && !(media.starts_with("application/") && media.ends_with("+json")) {
            return Err(Problem::new(Kind::UnsupportedMediaType, "Send JSON, with `Content-Type: application/json`."));
        }
        // Otherwise a list would do, with the fields in their order.
        if call.body().trim_ascii_start().first() == Some(&b'[') {
            return Err(Problem::invalid(vec![FieldError { field: String::new(), message: "has to be an object".into() }]));
        }
        let mut json = serde_json::Deserializer::from_slice(call.body());
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            refused::<T>(call.body(), if path == "." { String::new() } else { path }, &error.into_inner())
        })?;
        json.end().map_err(|error| no_json(&error))?;
        Ok(Self(value))
    }

    fn describe(operation: OperationBuilder, schemas: &mut Schemas) -> OperationBuilder {
        let content = ContentBuilder::new().schema(Some(named::<T>(schemas))).build();
        operation.request_body(Some(RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build()))
    }
}

/// Every bad field, named at once, and no value repeated: what is pasted into the wrong field may be a secret.
fn refused<T: ToSchema>(body: &[u8], field: String, error: &serde_json::Error) -> Problem {
    let whole = match serde_json::from_slice(body) {
        Ok(whole) => whole,
        Err(error) => return no_json(&error),
    };
    let mut faults = faults::of::<T>(&whole);
    if faults.is_empty() {
        // What a schema cannot say, such as a field that is there twice.
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        faults.push(FieldError { field: without_secrets(&field), message: without_secrets(message) });
    }
    Problem::invalid(faults)
}

fn no_json(error: &serde_json::Error) -> Problem {
    let message = format!("is not JSON: the mistake is at line {}, column {}", error.line(), error.column());
    Problem::invalid(vec![FieldError { field: String::new(), message }])
}

/// A body that may be left out: everything in it has a default.
pub(crate) struct MaybeBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Default + ToSchema + Send> Input for MaybeBody<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        if call.body().is_empty() { Ok(Self(T::default())) } else { Body::take(call).map(|Body(value)| Self(value)) }
    }

    fn describe(operation: OperationBuilder, schemas: &mut Schemas) -> OperationBuilder {
        let content = ContentBuilder::new().schema(Some(named::<T>(schemas))).build();
        operation.request_body(Some(RequestBodyBuilder::new().content("application/json", content).build()))
    }
}

/// A member that may be absent (leave it), null (remove it) or there (put this in its place).
pub(crate) fn set<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// Permissions that may be left out, which gives all of them; null is no way to write that, since it could as well mean none.
pub(crate) fn not_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let given: Option<Vec<String>> = serde::Deserialize::deserialize(deserializer)?;
    given.map_or_else(|| Err(serde::de::Error::custom(faults::NULL_PERMISSIONS)), |given| Ok(Some(given)))
}

/// The same as operations take it.
pub(crate) fn to_set<T>(given: Option<Option<T>>) -> Set<T> {
    match given {
        None => Set::Keep,
        Some(None) => Set::Clear,
        Some(Some(value)) => Set::To(value),
    }
}
