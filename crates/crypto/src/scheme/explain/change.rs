//! What may have happened to a request between signing and asking: a proxy or a library wrote another host, method, path or query. Whoever holds the key
//! tries each and so finds what the client signed.

use keywright_domain::catalogue::Scheme;

use super::super::fault::shown;
use super::super::request::Request;
use super::trial::{right, with_path};
use super::{Ask, query};

/// A change on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// The service's own address became another one.
    Authority(&'a str),
    /// The method that was signed became another one.
    Method(&'static str),
    /// A `/` at the end of the path came or went.
    LastSlash,
    /// The path was signed decoded.
    PathDecoded,
    /// Characters of the path were signed percent-encoded that arrived as they are.
    PathEncoded,
    /// The path was signed without this start of it.
    PathStart(&'a str),
    /// The path was signed with this base path in front.
    BasePath(&'a str),
    /// The query was not signed.
    Query,
    /// So many parameters at the end of the query were not signed.
    LastParameters(usize),
}

/// Methods that clients sign.
const METHODS: [&str; 6] = ["POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"];
/// Starts of a path that are looked at: more segments than base URLs have.
const STARTS_MAX: usize = 8;
/// Parameters that somebody may have added.
const PARAMETERS_MAX: usize = 4;

impl<'a> Change<'a> {
    /// All that may have happened to a request, the most likely first. `authorities` are the service's own addresses.
    #[must_use]
    pub fn all(request: &Request<'a>, ask: &Ask<'a>, authorities: &[&'a str]) -> Vec<Self> {
        let Ok(target) = request.target() else { return Vec::new() };
        let mut all: Vec<Self> = authorities.iter().map(|authority| Self::Authority(authority)).collect();
        all.extend(starts(target.path).take(STARTS_MAX).map(Self::PathStart));
        all.extend(ask.base_paths.iter().map(|base| Self::BasePath(base)));
        all.extend([Self::LastSlash, Self::PathDecoded, Self::PathEncoded]);
        all.extend(METHODS.into_iter().filter(|method| *method != request.method).map(Self::Method));
        if let Some(query) = target.query {
            all.extend((1..query.split('&').count().min(PARAMETERS_MAX + 1)).map(Self::LastParameters));
            all.push(Self::Query);
        }
        all
    }

    /// The text that was signed if this happened, where it is another one than the right one; `None` where it is not.
    #[must_use]
    pub fn text(&self, request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, right_text: &[u8]) -> Option<Vec<u8>> {
        let path = |change: &dyn Fn(&str) -> String| with_path(request, scheme, ask, right_text, change);
        let other = match self {
            // Only RFC 9421 signs it.
            Self::Authority(authority) if scheme == Scheme::HttpMessageSignatures => right(&Request { authority, ..*request }, scheme, ask)?,
            Self::Authority(_) => return None,
            Self::Method(method) => right(&Request { method, ..*request }, scheme, ask)?,
            Self::LastSlash => path(&|path| path.strip_suffix('/').filter(|rest| !rest.is_empty()).map_or_else(|| format!("{path}/"), str::to_owned))?,
            // In a path a `+` is one.
            Self::PathDecoded => path(&|path| query::decoded(&path.replace('+', "%2B")))?,
            Self::PathEncoded => path(&query::with_encoded_path)?,
            Self::PathStart(start) => path(&|path| path.strip_prefix(start).unwrap_or(path).to_owned())?,
            Self::BasePath(base) => path(&|path| format!("{}{path}", base.trim_end_matches('/')))?,
            Self::Query => self.with_target(request, scheme, ask, "")?,
            Self::LastParameters(count) => {
                let query = request.target().ok()?.query?;
                let at = query.rmatch_indices('&').nth(count.checked_sub(1)?)?.0;
                self.with_target(request, scheme, ask, &format!("?{}", &query[..at]))?
            }
        };
        (other != right_text).then_some(other)
    }

    fn with_target(&self, request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, query: &str) -> Option<Vec<u8>> {
        let start = request.target.split('?').next().unwrap_or(request.target);
        let target = format!("{start}{query}");
        right(&Request { target: &target, ..*request }, scheme, ask)
    }

    /// What happened and what to do about it.
    #[must_use]
    pub fn sentence(&self, request: &Request<'_>, scheme: Scheme) -> String {
        match self {
            Self::Authority(authority) => format!(
                "the request was signed for {authority} and arrived for {}: a proxy or a tunnel changed Host; let it pass the outer one on, and ask about that",
                shown(request.authority)
            ),
            Self::Method(method) => format!(
                "the method was signed as {method} and arrived as {}: sign the method that is sent; a redirect, a proxy or a library may have changed it",
                shown(request.method)
            ),
            Self::LastSlash => {
                "the path was signed with a `/` at its end and arrived without, or the other way round: sign the path that is sent, and see that no proxy changes it"
                    .to_owned()
            }
            Self::PathDecoded => "the path was signed decoded: sign it percent-encoded, exactly as it is sent".to_owned(),
            Self::PathEncoded => {
                "the path was signed with more of it percent-encoded than arrived: sign the bytes that are sent, and see that no proxy decodes them".to_owned()
            }
            Self::PathStart(start) if scheme == Scheme::Yoti => format!(
                "the path was signed without `{}`: the provider has to declare it in base_paths, or use a base URL without a path",
                shown(start)
            ),
            Self::PathStart(start) => {
                format!("the path was signed without `{}`, which a base URL or a proxy put in front: sign the whole path that is sent", shown(start))
            }
            Self::BasePath(base) => format!(
                "the path was signed with `{}` in front, which it did not arrive with: a proxy took it away, so ask about the path as the client sent it",
                shown(base)
            ),
            Self::Query => "the query was not signed: sign it as it is sent; if the client sent none, something on the way added it".to_owned(),
            Self::LastParameters(count) => format!(
                "the end of the query{} was not signed: it was added after signing, by the program or on the way; sign the query that is sent",
                if *count == 1 { ", its last parameter," } else { ", its last parameters," }
            ),
        }
    }
}

/// `/a`, `/a/b` of `/a/b/c`, the longest first: it is the whole base URL that is left out.
fn starts(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(at, _)| &path[..at]).filter(|start| !start.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{BODY, ask, signed};
    use super::*;
    use crate::scheme::explain::paste;

    fn texts(pasted: &paste::Pasted, scheme: Scheme) -> Vec<(String, String)> {
        pasted.see(|request| {
            let right = right(request, scheme, &ask()).unwrap();
            let all = Change::all(request, &ask(), &["pay.example"]);
            all.iter()
                .filter_map(|change| Some((String::from_utf8(change.text(request, scheme, &ask(), &right)?).unwrap(), change.sentence(request, scheme))))
                .collect()
        })
    }

    #[test]
    fn each_change_has_the_text_that_was_signed_before_it() {
        let pasted = signed("1763700000", BODY, BODY);
        let right = String::from_utf8(pasted.see(|request| right(request, Scheme::HttpMessageSignatures, &ask()).unwrap())).unwrap();
        let texts = texts(&pasted, Scheme::HttpMessageSignatures);
        for (from, to, says) in [
            ("api.example.com", "pay.example", "signed for pay.example and arrived for api.example.com"),
            ("/v1/p%7Ea", "/p%7Ea", "signed without `/v1`"),
            ("/v1/p%7Ea", "/api/v1/v1/p%7Ea", "with `/api/v1` in front"),
            ("/v1/p%7Ea", "/v1/p%7Ea/", "`/` at its end"),
            ("/v1/p%7Ea", "/v1/p~a", "decoded"),
            ("POST", "PUT", "signed as PUT and arrived as POST"),
            ("?b=1&a=%20", "?b=1", "its last parameter"),
            ("?b=1&a=%20", "?", "the query was not signed"),
        ] {
            let wanted = right.replacen(from, to, 1);
            assert!(texts.iter().any(|(text, sentence)| *text == wanted && sentence.contains(says)), "{to}: {texts:#?}");
        }
        assert!(texts.iter().all(|(text, _)| *text != right));
    }

    #[test]
    fn a_base_url_with_a_path_that_nobody_declared_is_named() {
        let id = "8f1c7a3e-93d1-4b5a-a00d-2a6c1e4b7d90";
        let text = format!("GET /idverify/v1/a:b/?nonce={id}&timestamp=1763700000000 HTTP/1.1\nHost: h\nX-Yoti-Auth-Digest: AAAA\nX-Yoti-Auth-Id: {id}\n");
        let texts = texts(&paste::read(&text).unwrap(), Scheme::Yoti);
        for (path, says) in [
            ("/a:b/", "`/idverify/v1`: the provider has to declare it in base_paths"),
            ("/idverify/v1/a:b", "at its end"),
            ("/idverify/v1/a%3Ab/", "percent-encoded"),
        ] {
            let wanted = format!("GET&{path}?nonce={id}&timestamp=1763700000000");
            assert!(texts.iter().any(|(text, sentence)| *text == wanted && sentence.contains(says)), "{path}: {texts:#?}");
        }
    }
}
