//! The origin for what customers upload: images under their digest, and nothing else. No cookie is read or set here, so whatever somebody gets
//! served from it can neither act as a person nor read what a person sees.

use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Response, StatusCode, Uri};

use crate::answer::{Answer, AnswerBody};
use crate::app::App;
use crate::problem::Problem;

/// The path of an image with this digest.
pub(crate) fn path_of(digest: &str) -> String {
    format!("/images/{digest}.png")
}

/// The digest that a path names: 64 lower-case hexadecimal digits.
fn digest_of(path: &str) -> Option<&str> {
    let digest = path.strip_prefix("/images/")?.strip_suffix(".png")?;
    (digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))).then_some(digest)
}

/// Answers a request to this origin.
pub(crate) async fn answer(app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> Answer {
    let mut answer = match image(app, method, uri, headers).await {
        Ok(answer) => answer,
        Err(problem) => app.render(problem),
    };
    if *method == Method::HEAD {
        let length = hyper::body::Body::size_hint(answer.body()).exact().unwrap_or(0);
        answer.headers_mut().insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
        *answer.body_mut() = AnswerBody::bytes(bytes::Bytes::new());
    }
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Opened by itself an image is a document, which may do nothing.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
    answer
}

async fn image(app: &App, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<Answer, Problem> {
    let digest = digest_of(uri.path()).ok_or_else(Problem::not_found)?;
    let hub = app.hub().ok_or_else(Problem::not_found)?;
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Problem::method("GET, HEAD").with(ALLOW, HeaderValue::from_static("GET, HEAD")));
    }
    let tag = format!("\"{digest}\"");
    let known = headers.get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    // What a digest names never changes, so whoever has it need not be asked about in the store.
    let mut answer = if known {
        let mut answer = Response::new(AnswerBody::bytes(bytes::Bytes::new()));
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        let image = hub.operations.image(digest).await?.ok_or_else(Problem::not_found)?;
        let mut answer = Response::new(AnswerBody::bytes(image.bytes));
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
        answer
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(ETAG, HeaderValue::try_from(tag).expect("a digest is hexadecimal digits"));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digests_are_looked_up() {
        let digest = "0123456789abcdef".repeat(4);
        assert_eq!(digest_of(&path_of(&digest)), Some(digest.as_str()));
        for other in ["/", "/images/", "/images/x.png", "/sign-in", "/images/../etc/passwd.png"] {
            assert_eq!(digest_of(other), None, "{other}");
        }
        assert_eq!(digest_of(&path_of(&digest.to_uppercase())), None);
    }
}
