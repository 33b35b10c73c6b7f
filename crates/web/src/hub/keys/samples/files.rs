//! The samples of `clients/samples`, which its tests run as they stand here.

use super::Fill;
use crate::hub::parts::Sample;

/// A language and the text of its sample.
type File = (&'static str, &'static str);

macro_rules! sample {
    ($file:literal) => {
        include_str!(concat!("../../../../../../clients/samples/", $file))
    };
}

pub(super) const HTTP_MESSAGE_SIGNATURES_HMAC: &[File] = &[
    ("curl and OpenSSL", sample!("hms-hmac-curl.sh")),
    ("Node.js", sample!("hms-hmac-node.mjs")),
    ("Python", sample!("hms-hmac-python.py")),
    ("Rust", sample!("hms-hmac-rust.rs")),
];

pub(super) const TYLT: &[File] = &[
    ("curl and OpenSSL", sample!("tylt-curl.sh")),
    ("Node.js", sample!("tylt-node.mjs")),
    ("Python", sample!("tylt-python.py")),
    ("Rust", sample!("tylt-rust.rs")),
];

pub(super) const HTTP_MESSAGE_SIGNATURES_KEY_PAIR: &[File] = &[
    ("curl and OpenSSL", sample!("hms-key-pair-curl.sh")),
    ("Node.js", sample!("hms-key-pair-node.mjs")),
    ("Python", sample!("hms-key-pair-python.py")),
    ("Rust", sample!("hms-key-pair-rust.rs")),
];

pub(super) const YOTI: &[File] = &[("Node.js", sample!("yoti-node.mjs")), ("Python", sample!("yoti-python.py"))];

pub(super) const OAUTH: &[File] =
    &[("curl", sample!("oauth-curl.sh")), ("Node.js", sample!("oauth-node.mjs")), ("Python", sample!("oauth-python.py")), ("Rust", sample!("oauth-rust.rs"))];

/// With the address and the public half in their places.
pub(super) fn filled(files: &[File], url: &str, fill: Fill<'_>) -> Vec<Sample> {
    let fill_in = |text: &str| {
        let text = text.replace("{{url}}", &quotable(url)).replace("{{token_url}}", &quotable(fill.token_url));
        text.replace("{{keyid}}", fill.public_half).replace("private-key.pem", fill.pem_file).trim_end().to_owned()
    };
    files.iter().map(|(language, text)| Sample { language, code: fill_in(text) }).collect()
}

/// A URL that stands between quotation marks of any language: a path of the catalogue may have them in it.
pub(super) fn quotable(url: &str) -> String {
    url.replace('\'', "%27").replace('"', "%22")
}
