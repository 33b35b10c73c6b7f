//! Whether a write comes from one of our own pages, as the browser says it: `Sec-Fetch-Site` and `Origin` cannot be set by another site's page.

use hyper::header::{HeaderMap, ORIGIN};
use hyper::http::request::Parts;

use crate::app::App;
use crate::problem::{Kind, Problem};

/// What the browser says.
enum Said {
    Ours,
    Another,
    Nothing,
}

fn said(app: &App, headers: &HeaderMap) -> Said {
    let ours = |ours: bool| if ours { Said::Ours } else { Said::Another };
    match (headers.get("sec-fetch-site"), headers.get(ORIGIN)) {
        (Some(site), None) => ours(site.as_bytes() == b"same-origin"),
        (Some(site), Some(origin)) => ours(site.as_bytes() == b"same-origin" && app.hosts().is_origin(origin.as_bytes())),
        (None, Some(origin)) => ours(app.hosts().is_origin(origin.as_bytes())),
        (None, None) => Said::Nothing,
    }
}

fn refused() -> Problem {
    Problem::new(Kind::AnotherSite, "This was sent by a page of another site. Open the hub and do it there.")
}

/// A form of a page: browsers of before 2020 say nothing, and then the form's own token decides.
///
/// # Errors
/// 403 when another site's page sent it.
pub(crate) fn same_site(app: &App, parts: &Parts) -> Result<(), Problem> {
    match said(app, &parts.headers) {
        Said::Ours | Said::Nothing => Ok(()),
        Said::Another => Err(refused()),
    }
}

/// A write to the API with a session's cookie: it has no token of a form, so the browser must say that the page is ours.
///
/// # Errors
/// 403 unless the browser says so.
pub(crate) fn from_our_page(app: &App, parts: &Parts) -> Result<(), Problem> {
    match said(app, &parts.headers) {
        Said::Ours => Ok(()),
        Said::Another | Said::Nothing => Err(refused()),
    }
}
