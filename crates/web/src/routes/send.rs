//! The last step: headers that every answer of its way has, and refusals as the caller can read them.

use hyper::Method;
use hyper::body::Body as _;
use hyper::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};

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
pub(super) fn reply(way: Way, reply: Reply) -> Answer {
    let mut answer = reply.send();
    guard(way, answer.headers_mut());
    answer
}

fn guard(way: Way, headers: &mut HeaderMap) {
    let mut unless_said = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    if matches!(way, Way::Api | Way::Page) {
        unless_said(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        unless_said(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    if way == Way::Page {
        unless_said(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        unless_said(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        unless_said(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    }
}

/// Nothing of another origin, nothing inline, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A refusal, for a program or for a person.
pub(super) fn problem(app: &App, request: &HeaderMap, way: Way, problem: Problem) -> Answer {
    match way {
        Way::Page if app.hub().is_some() => {
            let mut answer = problem.decorate(hub::problem_page(request, &problem));
            guard(way, &mut answer.headers);
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
        return reply(way, Reply::see(&format!("/sign-in?return_to={wanted}")));
    }
    let refused = if way == Way::Page && (ended || refusal.code() == FORM_OF_ANOTHER_SESSION) && call.parts().method == Method::POST {
        hub::sent_in_vain(call, refusal).await
    } else {
        Err(refusal)
    };
    match refused {
        Ok(page) => reply(way, page),
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
