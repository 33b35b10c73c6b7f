//! `/api/docs`: the management API, described.

use askama::Template;

use crate::extract::Visitor;
use crate::routes::openapi::{self, Described};
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "api_docs.html")]
struct Page<'a> {
    base_url: &'a str,
    resources: &'a [(String, Vec<Described>)],
}

pub(crate) async fn show(visitor: Visitor) -> Result<Html> {
    Html::page(&Page { base_url: &visitor.hub().base_url, resources: openapi::by_resource() })
}
