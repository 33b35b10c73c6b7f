//! Single parameters of the query (RFC 9421 section 2.2.8), decoded as forms are and encoded in one way again.

use crate::scheme::structured_field::Why;

/// The parameters of a query: encoded names, and values as they stand there. Made once for all components that name one.
pub(super) struct Query<'q>(Vec<(String, &'q str)>);

impl<'q> Query<'q> {
    /// Reads all of them.
    pub(super) fn read(query: &'q str) -> Result<Self, Why> {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.map(|(name, value)| Ok((encoded(name)?, value))).collect::<Result<_, Why>>().map(Self)
    }

    /// The encoded value of the parameter with this encoded name; `None` when the query has none.
    pub(super) fn value(&self, name: &str) -> Result<Option<String>, Why> {
        let mut found = self.0.iter().filter(|(given, _)| given == name);
        let value = found.next();
        if found.next().is_some() {
            return Err("the query has this parameter more than once; cover @query instead");
        }
        value.map(|(_, value)| encoded(value)).transpose()
    }
}

/// Decoded (`+` is a space) and encoded again: all but letters, digits and `*-._` become `%` and two upper-case digits.
pub(super) fn encoded(part: &str) -> Result<String, Why> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        bytes.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
                digit(*high) << 4 | digit(*low)
            }
            _ => *byte,
        });
    }
    // Decoders put a replacement character for what is not UTF-8, so that different requests would have one base.
    if std::str::from_utf8(&bytes).is_err() {
        return Err("a parameter of the query is not UTF-8; cover @query instead");
    }
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    Ok(out)
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

const fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        b'a'..=b'f' => hex - b'a' + 10,
        _ => hex.wrapping_sub(b'A') + 10,
    }
}
