//! PEM (RFC 7468): base64 between a BEGIN and an END line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

pub(crate) use keywright_domain::limits::KEY_TEXT_BYTES_MAX as TEXT_BYTES_MAX;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// It is not a whole PEM block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotPem;

/// A block: what it says that it is, its lines of base64, and what follows it.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    body: &'a str,
    pub(crate) rest: &'a str,
}

/// The labels of all BEGIN lines, also of blocks that are broken.
pub(crate) fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(BEGIN)?.strip_suffix(DASHES))
}

impl<'a> Block<'a> {
    /// The first block of the text; explanations before it are skipped (RFC 7468 section 5.2). None if there is no BEGIN line.
    pub(crate) fn first(text: &'a str) -> Option<Result<Self, NotPem>> {
        let (_, begun) = text.split_once(BEGIN)?;
        Some(Self::begun(begun).ok_or(NotPem))
    }

    fn begun(text: &'a str) -> Option<Self> {
        let (label, text) = text.split_once(DASHES)?;
        let (body, text) = text.split_once(END)?;
        let rest = text.strip_prefix(label)?.strip_prefix(DASHES)?;
        label.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ').then_some(Self { label, body, rest })
    }

    /// Whether it has the header lines with which OpenSSL's old form says that it is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.label.starts_with("ENCRYPTED") || self.body.contains("Proc-Type")
    }

    /// Its bytes, wiped when dropped: it may be a private key.
    pub(crate) fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, NotPem> {
        // Room for all at once: a growing buffer would leave copies behind.
        let mut base64 = Zeroizing::new(Vec::with_capacity(self.body.len()));
        base64.extend(self.body.bytes().filter(|b| !b.is_ascii_whitespace()));
        let mut out = Zeroizing::new(Vec::with_capacity(base64.len()));
        STANDARD.decode_vec(base64.as_slice(), &mut out).map_err(|_| NotPem)?;
        Ok(out)
    }
}

/// Writes a block, with lines of 64 characters and no copy of the bytes left behind.
pub(crate) fn write(label: &str, bytes: &[u8]) -> Zeroizing<String> {
    const LINE_BYTES: usize = 48;
    let lines = bytes.len().div_ceil(LINE_BYTES);
    let mut out = Zeroizing::new(String::with_capacity(lines * 65 + 2 * (label.len() + 17)));
    let mut line = Zeroizing::new([0; 64]);
    out.extend([BEGIN, label, DASHES, "\n"]);
    for chunk in bytes.chunks(LINE_BYTES) {
        let len = STANDARD.encode_slice(chunk, line.as_mut()).expect("48 bytes are 64 characters of base64");
        out.extend(line[..len].iter().map(|b| char::from(*b)));
        out.push('\n');
    }
    out.extend([END, label, DASHES, "\n"]);
    out
}
