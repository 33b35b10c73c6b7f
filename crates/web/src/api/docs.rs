//! The description of the API, for programs.

use hyper::StatusCode;

use crate::extract::Open;
use crate::routes::openapi;
use crate::routes::{Reply, Result};

/// OpenAPI 3.1.
pub(crate) async fn openapi(open: Open) -> Result<Reply> {
    match open.app().hub() {
        Some(hub) => Ok(Reply::json(StatusCode::OK, &openapi::document(&hub.base_url))),
        None => Err(crate::problem::Problem::not_found()),
    }
}
