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

    fn describe(mut operation: OperationBuilder, _: &mut Schemas) -> OperationBuilder {
        if let RefOr::T(Schema::Object(object)) = T::schema() {
            for (name, schema) in object.properties {
                let required = if object.required.contains(&name) { Required::True } else { Required::False };
                operation = operation.parameter(ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(required).schema(Some(schema)));
            }
        }
        operation
    }
}
