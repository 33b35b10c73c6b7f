//! What pages refer to: style, script, mark. Built into the binary, named by content, so that browsers keep them for ever.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

use super::page::accepts_gzip;
use crate::answer::{Answer, AnswerBody};

/// The one style sheet: tokens, then frame, then parts, then what only some pages have.
const STYLE: &str = concat!(
    include_str!("../../static/tokens.css"),
    include_str!("../../static/frame.css"),
    include_str!("../../static/parts.css"),
    include_str!("../../static/keys.css"),
    include_str!("../../static/pages.css"),
);
const SCRIPT: &str = include_str!("../../static/hub.js");

/// Name, extension, type and content of each file.
const SOURCES: [(&str, &str, &str, &str); 5] = [
    ("hub", "css", "text/css; charset=utf-8", STYLE),
    ("hub", "js", "text/javascript; charset=utf-8", SCRIPT),
    ("key_pair", "js", "text/javascript; charset=utf-8", include_str!("../../static/key_pair.js")),
    ("mark", "svg", "image/svg+xml", include_str!("../../static/mark.svg")),
    ("favicon", "svg", "image/svg+xml", include_str!("../../static/favicon.svg")),
];

struct StaticFile {
    /// As templates ask for it, such as `hub.css`.
    name: String,
    /// As it is served, such as `/static/hub.1f2e3d4c.css`.
    path: String,
    etag: HeaderValue,
    content_type: &'static str,
    plain: Bytes,
    gzip: Bytes,
}

static FILES: LazyLock<Vec<StaticFile>> = LazyLock::new(|| {
    let made = SOURCES.map(|(stem, extension, content_type, content)| {
        let content = if extension == "css" { Cow::Owned(without_indents(content)) } else { Cow::Borrowed(content) };
        let digest = keywright_crypto::digest::sha256(content.as_bytes());
        let hash: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        StaticFile {
            name: format!("{stem}.{extension}"),
            path: format!("/static/{stem}.{hash}.{extension}"),
            etag: HeaderValue::try_from(format!("\"{hash}\"")).expect("hex digits are a header's characters"),
            content_type,
            gzip: gzip(content.as_bytes(), Compression::best()),
            plain: Bytes::copy_from_slice(content.as_bytes()),
        }
    });
    made.into()
});

/// Where a file is served, such as `/static/hub.1f2e3d4c.css` for `hub.css`.
///
/// # Panics
/// When there is no such file. Names stand in templates, so the first rendering finds out.
pub(crate) fn asset(name: &str) -> &'static str {
    let file = FILES.iter().find(|file| file.name == name);
    &file.unwrap_or_else(|| panic!("there is no static file {name}")).path
}

/// The answer to `GET /static/…`; none where nothing is served under this path. `/favicon.ico`, which browsers ask for unasked,
/// is the favicon.
pub(crate) fn serve(path: &str, request: &HeaderMap) -> Option<Answer> {
    let (path, kept) = match path {
        "/favicon.ico" => (asset("favicon.svg"), "public, max-age=86400"),
        path => (path, "public, max-age=31536000, immutable"),
    };
    let file = FILES.iter().find(|file| file.path == path)?;
    let mut answer = Response::new(AnswerBody::bytes(Bytes::new()));
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(ETAG, file.etag.clone());
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if request.get(IF_NONE_MATCH).is_some_and(|tag| *tag == file.etag) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        return Some(answer);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    let gzip = accepts_gzip(request);
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    *answer.body_mut() = AnswerBody::bytes(if gzip { file.gzip.clone() } else { file.plain.clone() });
    Some(answer)
}

/// The content of a file, for the gallery.
#[cfg(test)]
pub(crate) fn content(name: &str) -> &'static [u8] {
    &FILES.iter().find(|file| file.name == name).expect("the gallery names files that there are").plain
}

/// `bytes` as gzip (RFC 1952), without name and time.
pub(crate) fn gzip(bytes: &[u8], level: Compression) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), level);
    encoder.write_all(bytes).expect("a vector takes all bytes");
    encoder.finish().expect("a vector takes all bytes").into()
}

/// Indents and empty lines are for whoever reads the source.
fn without_indents(css: &str) -> String {
    let lines = css.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::with_capacity(css.len()), |mut whole, line| {
        whole.push_str(line);
        whole.push('\n');
        whole
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_served_under_its_name_and_kept_for_ever() {
        for (stem, extension, content_type, _) in SOURCES {
            let path = asset(&format!("{stem}.{extension}"));
            let answer = serve(path, &HeaderMap::new()).unwrap();
            assert_eq!(answer.headers()[CONTENT_TYPE], content_type);
            assert_eq!(answer.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
        }
        let known = HeaderMap::from_iter([(IF_NONE_MATCH, FILES[0].etag.clone())]);
        assert_eq!(serve(&FILES[0].path, &known).unwrap().status(), StatusCode::NOT_MODIFIED);
        assert!(serve("/static/hub.00000000.css", &HeaderMap::new()).is_none(), "another content has another name");
        assert!(serve("/static/../Cargo.toml", &HeaderMap::new()).is_none());
    }

    #[test]
    fn style_and_script_are_small() {
        let size = |name: &str| FILES.iter().find(|file| file.name == name).unwrap().gzip.len();
        assert!(size("hub.css") < 12_000, "{}", size("hub.css"));
        assert!(size("hub.js") < 4_000, "{}", size("hub.js"));
    }
}
