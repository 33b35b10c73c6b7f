//! The OpenAPI 3.1 description, made from the table and the types of its handlers.

use std::sync::LazyLock;

use hyper::Method;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, RefOr, Required, ResponseBuilder, Schema, ServerBuilder,
};

use super::access::{Access, Way};
use super::endpoint::Schemas;
use super::reply::named;
use super::table::{self, Row};
use crate::problem::Document;

/// Where the API's paths begin.
const ROOT: &str = "/api/v1";

/// An operation for people.
#[derive(Debug)]
pub(crate) struct Described {
    /// `applications.list`
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
}

/// The operations by resource, in the order of the table.
pub(crate) fn by_resource() -> &'static [(String, Vec<Described>)] {
    static RESOURCES: LazyLock<Vec<(String, Vec<Described>)>> = LazyLock::new(|| {
        let mut resources: Vec<(String, Vec<Described>)> = Vec::new();
        for row in of_api() {
            let resource = row.name.split('.').next().unwrap_or_default().to_owned();
            let described = Described { name: row.name, method: row.method.to_string(), path: row.path, summary: row.summary, access: row.access };
            match resources.iter_mut().find(|(name, _)| *name == resource) {
                Some((_, operations)) => operations.push(described),
                None => resources.push((resource, vec![described])),
            }
        }
        resources
    });
    &RESOURCES
}

fn of_api() -> impl Iterator<Item = Row> {
    table::table().rows.into_iter().filter(|row| row.way == Way::Api)
}

/// The description, for an installation that is reached at `base_url`.
pub(crate) fn document(base_url: &str) -> OpenApi {
    static COMMON: LazyLock<OpenApi> = LazyLock::new(common);
    let mut document = COMMON.clone();
    document.servers = Some(vec![ServerBuilder::new().url(format!("{}{ROOT}", base_url.trim_end_matches('/'))).build()]);
    document
}

fn common() -> OpenApi {
    let mut schemas = Schemas::new();
    let problem = named::<Document<'static>>(&mut schemas);
    let mut paths = PathsBuilder::new();
    for row in of_api() {
        let item = PathItem::new(method(&row.method), operation(&row, &mut schemas, &problem));
        paths = paths.path(row.path.strip_prefix(ROOT).unwrap_or(row.path), item);
    }
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token or a management token.")).build());
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("__Host-keywright")));
    let components = ComponentsBuilder::new().schemas_from_iter(schemas).security_scheme("bearer", bearer).security_scheme("session", session).build();
    let info = InfoBuilder::new().title("Keywright").version("v1").description(Some("The management API.")).build();
    OpenApiBuilder::new().info(info).paths(paths.build()).components(Some(components)).build()
}

fn operation(row: &Row, schemas: &mut Schemas, problem: &RefOr<Schema>) -> OperationBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let mut operation = OperationBuilder::new()
        .operation_id(Some(row.name.clone()))
        .summary(Some(row.summary))
        .description(Some(format!("Who may: {}.", row.access)))
        .tag(row.name.split('.').next().unwrap_or_default());
    for name in row.path.split('/').filter_map(|part| part.strip_prefix('{').and_then(|p| p.strip_suffix('}'))) {
        let id = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
        operation = operation.parameter(id.description(Some(named_in_path(name))).schema(Some(text())));
    }
    if row.method == Method::POST && row.access != Access::Public {
        let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header).required(Required::False);
        let what = "16 to 255 visible characters. A repeat within 24 hours gives the same answer and does nothing again.";
        operation = operation.parameter(key.description(Some(what)).schema(Some(text().min_length(Some(16)).max_length(Some(255)))));
    }
    let (operation, status, schema) = (row.describe)(operation, schemas);
    let mut success = ResponseBuilder::new().description(row.summary);
    if let Some(schema) = schema {
        success = success.content("application/json", ContentBuilder::new().schema(Some(schema)).build());
    }
    let refusal = ContentBuilder::new().schema(Some(problem.clone())).build();
    let refusal = ResponseBuilder::new().description("A problem (RFC 9457)").content("application/problem+json", refusal);
    let mut operation = operation.response(status.as_str(), success.build()).response("default", refusal.build());
    if row.access != Access::Public {
        let none: [String; 0] = [];
        operation = operation.security(SecurityRequirement::new("bearer", none.clone())).security(SecurityRequirement::new("session", none));
    }
    operation
}

/// What stands for a name in a path. An id is a prefix and 26 characters.
fn named_in_path(name: &str) -> &'static str {
    match name {
        "organisation" => "Id of the organisation, such as `org_01HX9KZMB3F7VNQP8R2WDGT4E5`.",
        "application" => "Id of the application, such as `app_01HX9KZMB3F7VNQP8R2WDGT4E5`.",
        "credential" => "Id of the credential, such as `key_01HX9KZMB3F7VNQP8R2WDGT4E5`; not the key itself.",
        "member" => "Id of a person's place in an organisation, such as `mbr_01HX9KZMB3F7VNQP8R2WDGT4E5`.",
        "invitation" => "Id of the invitation, such as `inv_01HX9KZMB3F7VNQP8R2WDGT4E5`.",
        "token" => "Id of the management token, such as `mgt_01HX9KZMB3F7VNQP8R2WDGT4E5`; not the token itself.",
        "registration_token" => "Id of the initial access token, such as `rgt_01HX9KZMB3F7VNQP8R2WDGT4E5`; not the token itself.",
        "resource_server" => "Id of the resource server, such as `rsv_01HX9KZMB3F7VNQP8R2WDGT4E5`.",
        "version" => "Number of the version, such as `2`.",
        _ => "",
    }
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}
