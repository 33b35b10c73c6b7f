//! The query of a call.

use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

use super::fields;
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::{Input, Schemas};

/// The query, as its type says; a repeated field is a list.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned + ToSchema + Send> Input for Query<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        let query = call.parts().uri.query().unwrap_or_default();
        fields::read(fields::pairs(query.as_bytes())?).map(Self)
    }

    fn describe(mut operation: OperationBuilder, schemas: &mut Schemas) -> OperationBuilder {
        T::schemas(schemas);
        if let RefOr::T(Schema::Object(object)) = T::schema() {
            for (name, schema) in object.properties {
                let required = if object.required.contains(&name) { Required::True } else { Required::False };
                let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required).description(words(&schema));
                operation = operation.parameter(parameter.schema(Some(schema)));
            }
        }
        operation
    }
}

/// What the doc comment of a field says.
fn words(schema: &RefOr<Schema>) -> Option<String> {
    let described = serde_json::to_value(schema).ok()?;
    let or_null = described["oneOf"].as_array().into_iter().flatten();
    std::iter::once(&described).chain(or_null).find_map(|one| one["description"].as_str()).map(str::to_owned)
}
