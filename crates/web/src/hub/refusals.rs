//! Pages that say no: what is missing, and what to do about it.

use askama::Template;
use hyper::header::HeaderMap;

use crate::hub::frame::{Frame, Theme};
use crate::problem::{Kind, Problem};
use crate::routes::{Html, Reply};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    status: u16,
    kind: Kind,
    sentence: &'a str,
    errors: Vec<String>,
    /// Names the answer in the log; empty where the log has nothing to say.
    trace: &'a str,
}

impl ErrorPage<'_> {
    /// Whether it is for somebody else to change.
    const fn is_for_an_admin(&self) -> bool {
        matches!(self.kind, Kind::Forbidden)
    }

    const fn is_not_found(&self) -> bool {
        matches!(self.kind, Kind::NotFound)
    }

    /// Whether the same may work in a moment.
    const fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::RateLimited | Kind::Busy | Kind::Unavailable | Kind::StillRunning)
    }
}

/// The title of a refusal, as a person reads it.
const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "There is no such page",
        Kind::Forbidden => "You may not do this",
        Kind::SignInNeeded => "Sign in first",
        Kind::AnotherSite => "This was not sent by a page of the hub",
        Kind::RateLimited => "Too many requests",
        Kind::Busy | Kind::Unavailable => "This does not work right now",
        Kind::Refused => "This is not possible now",
        Kind::InvalidRequest => "Something in it cannot be used",
        Kind::ContentTooLarge => "This is too large",
        Kind::Internal => "Something is broken here",
        other => other.parts().2,
    }
}

/// A page for a problem. Its status and headers are added afterwards.
pub(crate) fn problem_page(request: &HeaderMap, problem: &Problem) -> Reply {
    let kind = problem.kind();
    let trace = if matches!(kind, Kind::Internal | Kind::Unavailable) { problem.trace().as_str() } else { "" };
    // Where one field is wrong the detail is about it alone.
    let errors = if problem.errors().len() > 1 { problem.errors().iter().map(|e| e.message.clone()).collect() } else { Vec::new() };
    let page = ErrorPage {
        // It may be the answer to a form, whose address cannot be fetched.
        frame: Frame::plain(title(kind), Theme::of(request), "/"),
        status: kind.parts().0.as_u16(),
        kind,
        sentence: problem.detail(),
        errors,
        trace,
    };
    Html::page(&page).map_or_else(|_| Reply::see("/"), Html::into_reply)
}
