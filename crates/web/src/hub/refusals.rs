//! Pages that say no, and the page that keeps what was typed when a session has ended meanwhile.

use askama::Template;

use crate::app::App;
use crate::extract::Who;
use crate::problem::Problem;
use crate::routes::{Html, Reply};

#[derive(Template)]
#[template(source = "<!doctype html><html lang=\"en-GB\"><title>{{ title }}</title><h1>{{ title }}</h1><p>{{ detail }}</p><p>{{ trace }}</p>", ext = "html")]
struct Refused<'a> {
    title: &'a str,
    detail: &'a str,
    trace: &'a str,
}

/// A page for a problem. Its status and headers are added afterwards.
pub(crate) fn problem_page(_: &App, _: Option<&Who>, problem: &Problem) -> Reply {
    let page = Refused { title: problem.kind().parts().2, detail: problem.detail(), trace: problem.trace().as_str() };
    Html::page(&page).map_or_else(|_| Reply::see("/"), Html::into_reply)
}

#[derive(Template)]
#[template(
    source = "<!doctype html><html lang=\"en-GB\"><title>Sign in again</title><h1>Sign in again</h1><p>You are no longer signed in. \
What you typed is kept on this page: <a href=\"/sign-in\" target=\"_blank\">sign in</a> in another tab, then send it again.</p>\
<form method=\"post\" action=\"{{ path }}\">{% for (name, value) in fields %}<input type=\"hidden\" name=\"{{ name }}\" value=\"{{ value }}\">{% endfor %}<button>Send again</button></form>",
    ext = "html"
)]
struct SignedOut<'a> {
    path: &'a str,
    fields: Vec<(String, String)>,
}

/// A form was sent to `path` by somebody who is no longer signed in.
pub(crate) fn signed_out_form(_: &App, path: &str, fields: Vec<(String, String)>) -> Reply {
    Html::page(&SignedOut { path, fields }).map_or_else(|_| Reply::see("/sign-in"), Html::into_reply)
}
