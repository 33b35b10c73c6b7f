//! The samples of `clients/samples`, which its tests run as they stand here.

/// A language and the text of its sample.
pub(crate) type File = (&'static str, &'static str);

macro_rules! sample {
    ($file:literal) => {
        include_str!(concat!("../../../../clients/samples/", $file))
    };
}

pub(crate) const HTTP_MESSAGE_SIGNATURES_HMAC: &[File] = &[
    ("curl and OpenSSL", sample!("hms-hmac-curl.sh")),
    ("Node.js", sample!("hms-hmac-node.mjs")),
    ("Python", sample!("hms-hmac-python.py")),
    ("Rust", sample!("hms-hmac-rust.rs")),
];

pub(crate) const TYLT: &[File] = &[
    ("curl and OpenSSL", sample!("tylt-curl.sh")),
    ("Node.js", sample!("tylt-node.mjs")),
    ("Python", sample!("tylt-python.py")),
    ("Rust", sample!("tylt-rust.rs")),
];

pub(crate) const HTTP_MESSAGE_SIGNATURES_KEY_PAIR: &[File] = &[
    ("curl and OpenSSL", sample!("hms-key-pair-curl.sh")),
    ("Node.js", sample!("hms-key-pair-node.mjs")),
    ("Python", sample!("hms-key-pair-python.py")),
    ("Rust", sample!("hms-key-pair-rust.rs")),
];

pub(crate) const YOTI: &[File] = &[("Node.js", sample!("yoti-node.mjs")), ("Python", sample!("yoti-python.py"))];

pub(crate) const OAUTH: &[File] =
    &[("curl", sample!("oauth-curl.sh")), ("Node.js", sample!("oauth-node.mjs")), ("Python", sample!("oauth-python.py")), ("Rust", sample!("oauth-rust.rs"))];
