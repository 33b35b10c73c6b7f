//! THE table: every route, what it does, who answers it, and how large a body it takes. Who may call is in the handler's type.

use std::marker::PhantomData;

use hyper::{Method, StatusCode};
use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::{RefOr, Schema};

use super::access::{Access, MatrixRow, Way};
use super::endpoint::{Endpoint, Run, Schemas, Typed};
use crate::{api, health, hub, metrics, well_known};

const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// Bytes that a body may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit(pub(crate) usize);

/// Room for what some programs send where nothing is asked for, such as `{}`.
const NO_BODY: Limit = Limit(1_024);

const fn max_kb(kb: usize) -> Limit {
    Limit(kb * 1_024)
}

/// Every route.
#[rustfmt::skip]
pub(crate) fn table() -> Table {
    Table::default()
        .route(GET,  "/livez",                      "Whether the process runs",               health::live,          NO_BODY)
        .route(GET,  "/readyz",                     "Whether each role can do its work",      health::ready,         NO_BODY)
        .route(GET,  "/metrics",                    "Figures for Prometheus",                 metrics::metrics,      NO_BODY)
        .route(GET,  "/.well-known/keywright.json", "Keys that sign proofs",                  well_known::keywright, NO_BODY)

        .route(GET,  "/api/v1/openapi.json",        "This description",                       api::docs::openapi,    NO_BODY)
        .route(GET,  "/api/v1/organisations/{organisation}/applications", "List applications", api::applications::list::list, NO_BODY)
        .route(POST, "/api/v1/organisations/{organisation}/applications", "Make an application", api::applications::create::create, max_kb(16))

        .route(GET,  "/",                           "To where the person works",              hub::home::show,       NO_BODY)
        .route(GET,  "/favicon.ico",                "The mark, small",                        hub::static_route::show, NO_BODY)
        .route(GET,  "/static/{file}",              "Style, script and mark of the pages",    hub::static_route::show, NO_BODY)
        .route(POST, "/theme",                      "Choose light or dark",                   hub::theme::choose,    max_kb(4))
        .route(GET,  "/api/docs",                   "The management API, described",          hub::api_docs::show,   NO_BODY)
}

/// A row: a route, with its types forgotten.
pub(crate) struct Row {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    /// `applications.list`
    pub(crate) name: String,
    pub(crate) access: Access,
    pub(crate) way: Way,
    pub(crate) limit: Limit,
    pub(crate) run: Box<dyn Run>,
    pub(crate) describe: fn(OperationBuilder, &mut Schemas) -> (OperationBuilder, StatusCode, Option<RefOr<Schema>>),
}

/// All rows, in the order of the table.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
}

impl Table {
    fn route<E: Endpoint<Args>, Args: 'static>(mut self, method: Method, path: &'static str, summary: &'static str, handler: E, limit: Limit) -> Self {
        let run = Box::new(Typed(handler, PhantomData::<fn(Args)>));
        let name = name_of(std::any::type_name::<E>());
        self.rows.push(Row { method, path, summary, name, access: E::WHO, way: E::WAY, limit, run, describe: E::describe });
        self
    }
}

/// `keywright_web::api::applications::list::list` is called `applications.list`.
fn name_of(handler: &str) -> String {
    let mut words: Vec<&str> = handler.split("::").skip(2).collect();
    words.dedup();
    words.join(".")
}

/// Who may call what: the API and the pages.
#[must_use]
pub fn matrix() -> Vec<MatrixRow> {
    let row = |row: Row| MatrixRow {
        // One of the methods that the table names.
        method: [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE].iter().position(|m| *m == row.method).map_or("", |i| METHODS[i]),
        path: row.path,
        way: row.way,
        access: row.access,
        summary: row.summary,
    };
    table().rows.into_iter().map(row).collect()
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
