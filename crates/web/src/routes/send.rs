//! The last step: headers that every answer of its way has, and refusals as the caller can read them.

use hyper::Method;
use hyper::body::Body as _;
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};

use super::access::Way;
use super::call::Call;
use super::reply::Reply;
use crate::answer::{Answer, AnswerBody};
use crate::app::App;
use crate::extract::form::FORM_OF_ANOTHER_SESSION;
use crate::hub;
use crate::problem::{Kind, Problem};

/// What a path without a route most likely is.
pub(super) fn way_of(path: &str) -> Way {
    if path.starts_with("/api/") || path.starts_with("/verify") { Way::Open } else { Way::Page }
}

/// A reply with the headers of its way.
pub(super) fn reply(app: &App, way: Way, reply: Reply) -> Answer {
    let mut answer = reply.send();
    guard(app, way, answer.headers_mut());
    answer
}

fn guard(app: &App, way: Way, headers: &mut HeaderMap) {
    if matches!(way, Way::Api | Way::Page) {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    }
    if way == Way::Page {
        hub::page::protect(headers, app.hub().and_then(|hub| hub.share_url.as_deref()));
    }
}

/// Compresses a page where that tells nothing about a secret: secrets stand in successful answers to POST only.
pub(super) fn compress(call: &Call, answer: &mut Answer) {
    let page = answer.headers().get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if page && (!call.writes() || !answer.status().is_success()) {
        let body = std::mem::replace(answer.body_mut(), AnswerBody::bytes(bytes::Bytes::new())).into_bytes();
        let body = hub::page::compressed(&call.parts().headers, answer.headers_mut(), body);
        *answer.body_mut() = AnswerBody::bytes(body);
    }
}

/// A refusal, for a program or for a person.
pub(super) fn problem(app: &App, request: &HeaderMap, way: Way, problem: Problem) -> Answer {
    match way {
        Way::Page if app.hub().is_some() => {
            let mut answer = problem.decorate(hub::problem_page(request, &problem));
            guard(app, way, &mut answer.headers);
            answer.send()
        }
        Way::Machine | Way::Open | Way::Api | Way::Page => app.render(problem),
    }
}

/// A refusal of a call. Whoever is not signed in is led to where they can, and keeps what they typed.
pub(super) async fn refused(call: &mut Call, way: Way, refusal: Problem) -> Answer {
    let ended = refusal.kind() == Kind::SignInNeeded;
    if way == Way::Page && ended && !call.writes() {
        let wanted = call.parts().uri.path_and_query().map_or("/", |p| p.as_str());
        let wanted: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
        return reply(call.app(), way, Reply::see(&format!("/sign-in?return_to={wanted}")));
    }
    let refused = if way == Way::Page && (ended || refusal.code() == FORM_OF_ANOTHER_SESSION) && call.parts().method == Method::POST {
        hub::sent_in_vain(call, refusal).await
    } else {
        Err(refusal)
    };
    match refused {
        Ok(page) => reply(call.app(), way, page),
        Err(refusal) => problem(call.app(), &call.parts().headers, way, refusal),
    }
}

/// For HEAD: the length of what GET would get, and nothing of it.
pub(super) fn without_body(answer: &mut Answer) {
    let length = answer.body().size_hint().exact().unwrap_or(0);
    if answer.headers().contains_key(CONTENT_TYPE) {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *answer.body_mut() = AnswerBody::bytes(bytes::Bytes::new());
}
