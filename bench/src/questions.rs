//! Requests as bytes on the wire.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::dataset::{PERMISSION, SERVICE};
use crate::keys::KEY_BYTES;

/// What stands in a request where the key goes.
const HERE: &str = "{key}";

/// A question about one key: the bytes before it and behind it.
fn question() -> String {
    format!(
        r#"{{"credential":"{HERE}","service":"{SERVICE}","environment":"production","permissions":["{PERMISSION}"],"source_ip":"203.0.113.7","origin":"https://app.example.com"}}"#
    )
}

/// Bytes of the body of a question.
#[must_use]
pub(crate) fn body_bytes() -> usize {
    question().len() - HERE.len() + KEY_BYTES
}

/// Requests that a generator sends, over and over.
pub(crate) enum Requests {
    /// One request in which only the key changes: cheap to make while others are answered.
    Keys {
        /// The request.
        template: Vec<u8>,
        /// Where the key stands in it.
        at: usize,
        /// What to put there.
        keys: Vec<[u8; KEY_BYTES]>,
    },
    /// Whole requests.
    Whole(Vec<Vec<u8>>),
    /// Whole requests, each of which is sent once.
    Once {
        /// In their order.
        requests: Vec<Vec<u8>>,
        /// Which is sent next.
        next: AtomicU64,
    },
}

impl Requests {
    /// The same bytes, over and over: for a server that remembers nothing.
    #[must_use]
    pub(crate) fn again(self: Arc<Self>) -> Arc<Self> {
        Arc::new(match Arc::try_unwrap(self) {
            Ok(Self::Once { requests, .. }) => Self::Whole(requests),
            Ok(other) => other,
            Err(shared) => return shared,
        })
    }

    /// Bytes of the longest whole request.
    #[must_use]
    pub(crate) fn longest(&self) -> usize {
        match self {
            Self::Keys { template, .. } => template.len(),
            Self::Whole(requests) | Self::Once { requests, .. } => requests.iter().map(Vec::len).max().unwrap_or_default(),
        }
    }
}

pub(crate) fn post(address: SocketAddr, path: &str, token: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Questions about these keys, one at a time.
#[must_use]
pub(crate) fn single(address: SocketAddr, token: &str, keys: impl Iterator<Item = String>) -> Requests {
    let blank = "0".repeat(KEY_BYTES);
    let body = question().replace(HERE, &blank);
    let template = post(address, "/verify", token, &body).into_bytes();
    let at = template.len() - body.len() + question().find(HERE).unwrap_or_default();
    let bytes = |key: String| {
        let mut bytes = [b'?'; KEY_BYTES];
        bytes.copy_from_slice(key.as_bytes());
        bytes
    };
    Requests::Keys { template, at, keys: keys.map(bytes).collect() }
}

/// Batches of questions, so many in each.
#[must_use]
pub(crate) fn batches(address: SocketAddr, token: &str, keys: &[String], at_once: usize) -> Requests {
    let batch = |keys: &[String]| {
        let questions: Vec<String> = keys.iter().map(|key| question().replace(HERE, key)).collect();
        post(address, "/verify/batch", token, &format!(r#"{{"questions":[{}]}}"#, questions.join(","))).into_bytes()
    };
    Requests::Whole(keys.chunks(at_once).map(batch).collect())
}
