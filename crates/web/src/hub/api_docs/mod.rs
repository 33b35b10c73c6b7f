//! `/api/docs`: the management API, described for people; each resource has a page. Made from the same description as `openapi.json`.

mod described;

use askama::Template;

use crate::extract::Visitor;
use crate::hub::frame::{Frame, Section};
use crate::hub::parts::{Crumb, Sample};
use crate::problem::Problem;
use crate::routes::{Html, Result};
use described::{Resource, Row, resources};

#[derive(Template)]
#[template(path = "api_docs/index.html")]
struct Index<'a> {
    frame: Frame,
    base_url: &'a str,
    resources: &'a [Resource],
    samples: Vec<Sample>,
}

#[derive(Template)]
#[template(path = "api_docs/resource.html")]
struct OneResource<'a> {
    frame: Frame,
    crumbs: Vec<Crumb>,
    base_url: &'a str,
    resource: &'a Resource,
}

/// What there is, and how it is called.
pub(crate) async fn show(visitor: Visitor) -> Result<Html> {
    let base_url = visitor.hub().base_url.as_str();
    let code = format!("curl '{base_url}/api/v1/organisations' \\\n  -H \"Authorization: Bearer $KEYWRIGHT_TOKEN\"");
    let samples = vec![Sample { language: "curl", code }];
    Html::page(&Index { frame: frame(&visitor, "Management API"), base_url, resources: resources(), samples })
}

/// The operations of one resource: what goes in and what comes back.
pub(crate) async fn resource(visitor: Visitor) -> Result<Html> {
    let mut frame = frame(&visitor, "Management API");
    let resource = resources().iter().find(|resource| frame.path.rsplit('/').next() == Some(resource.name.as_str())).ok_or_else(Problem::not_found)?;
    frame.title = resource.title();
    let crumbs = vec![Crumb::new("/api/docs", "Management API")];
    Html::page(&OneResource { frame, crumbs, base_url: &visitor.hub().base_url, resource })
}

/// Whether a table of these rows has a column that says what they mean.
fn explained(rows: &[Row]) -> bool {
    rows.iter().any(|row| !row.words.is_empty())
}

fn frame(visitor: &Visitor, title: &str) -> Frame {
    Frame { section: Section::Documentation, ..visitor.frame(title) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::frame::Theme;
    use crate::hub::static_files::gzip;

    #[test]
    fn no_page_is_heavier_than_a_later_page_may_be() {
        let frame = || Frame { section: Section::Documentation, ..Frame::plain("Management API", Theme::Light, "/api/docs") };
        let index = Index { frame: frame(), base_url: "https://hub.example", resources: resources(), samples: Vec::new() };
        let mut pages = vec![("index", index.render().unwrap())];
        for resource in resources() {
            let page = OneResource { frame: frame(), crumbs: Vec::new(), base_url: "https://hub.example", resource };
            pages.push((&resource.name, page.render().unwrap()));
        }
        for (name, page) in pages {
            let bytes = gzip(page.as_bytes(), flate2::Compression::new(5)).len();
            assert!(bytes < 15_000, "{name}: {bytes}");
            crate::hub::gallery::keep(&format!("docs-{name}"), &page);
        }
    }
}
