//! Values of covered fields (RFC 9421 section 2.1).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use keywright_domain::limits::STRUCTURED_FIELD_BYTES_MAX as STRUCTURED_BYTES_MAX;
use sfv::{Dictionary, FieldType, Item, List, Parser};

use crate::scheme::request::{Request, trim};
use crate::scheme::structured_field::Why;

/// How a field's value is written in the base.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'k> {
    /// The lines, with ", " between them.
    Plain,
    /// `bs`: each line as a byte sequence (section 2.1.3).
    Bytes,
    /// `sf`: written again by the rules of RFC 9651 (section 2.1.1).
    Structured,
    /// `key`: one member of a dictionary (section 2.1.2).
    Key(&'k str),
}

/// Fields that were read as structured ones for a base: each once, however many of its members are covered, and not without bounds. Nothing is proved
/// yet when a base is built.
#[derive(Default)]
pub(super) struct Read {
    dictionaries: Vec<(String, Dictionary)>,
    bytes: usize,
}

impl Read {
    /// Notes that so many bytes are going to be read.
    fn take(&mut self, bytes: usize) -> Result<(), Why> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > STRUCTURED_BYTES_MAX { Err("what is covered with `sf` or `key` has more than 8192 bytes; cover it without") } else { Ok(()) }
    }
}

/// Adds the value of a field to the base; gives `false` when the request does not have it.
pub(super) fn value(request: &Request<'_>, name: &str, way: Way<'_>, read: &mut Read, out: &mut Vec<u8>) -> Result<bool, Why> {
    if let (Way::Key(key), Some((_, known))) = (way, read.dictionaries.iter().find(|(known, _)| known == name)) {
        return Ok(add_member(known, key, out));
    }
    let start = out.len();
    let mut found = false;
    for line in request.values(name) {
        if found {
            out.extend_from_slice(b", ");
        }
        found = true;
        match way {
            Way::Bytes => {
                out.push(b':');
                out.extend_from_slice(BASE64_STANDARD.encode(unfolded(line)?).as_bytes());
                out.push(b':');
            }
            _ => add_line(line, out)?,
        }
    }
    let written = match way {
        Way::Plain | Way::Bytes => return Ok(found),
        _ if !found => return Ok(false),
        Way::Structured => {
            read.take(out.len() - start)?;
            structured(name, &out[start..])?
        }
        Way::Key(key) => {
            read.take(out.len() - start)?;
            let field: Dictionary = Parser::new(&out[start..]).parse().map_err(|_| "its value is not a dictionary, which `key` asks for")?;
            out.truncate(start);
            let has = add_member(&field, key, out);
            read.dictionaries.push((name.to_owned(), field));
            return Ok(has);
        }
    };
    out.truncate(start);
    out.extend_from_slice(written.as_bytes());
    Ok(true)
}

fn add_line(line: &[u8], out: &mut Vec<u8>) -> Result<(), Why> {
    let line = trim(line);
    if line.iter().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
        out.extend_from_slice(line);
        return Ok(());
    }
    let line = unfolded(line)?;
    if !line.iter().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
        return Err("its value is not ASCII; cover it with the parameter `bs`");
    }
    out.extend_from_slice(&line);
    Ok(())
}

/// A line without obsolete folding (RFC 9112 section 5.2): white space around a line end becomes one space.
fn unfolded(line: &[u8]) -> Result<Vec<u8>, Why> {
    const CONTROL: Why = "its value holds a line end or a NUL";
    let mut out: Vec<u8> = Vec::with_capacity(line.len());
    let mut rest = trim(line);
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'\r' | b'\n' => {
                let after = match (byte, after) {
                    (b'\r', [b'\n', after @ ..]) => after,
                    (b'\n', after) => after,
                    _ => return Err(CONTROL),
                };
                if !after.starts_with(b" ") && !after.starts_with(b"\t") {
                    return Err(CONTROL);
                }
                while matches!(out.last(), Some(b' ' | b'\t')) {
                    out.pop();
                }
                out.push(b' ');
                rest = trim(after);
            }
            0 => return Err(CONTROL),
            byte => out.push(*byte),
        }
    }
    Ok(out)
}

/// Fields that are dictionaries, lists or items by their own standard; `sf` needs to know (RFC 9421 section 2.1.1).
const DICTIONARIES: [&str; 8] =
    ["content-digest", "repr-digest", "want-content-digest", "want-repr-digest", "priority", "signature", "signature-input", "accept-signature"];
const LISTS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "cache-status",
    "client-cert-chain",
    "connection",
    "content-encoding",
    "content-language",
    "proxy-status",
    "te",
    "vary",
];
const ITEMS: [&str; 5] = ["content-type", "content-length", "client-cert", "idempotency-key", "age"];

const NOT_STRUCTURED: Why = "its value is not the structured field that its name promises";

fn structured(name: &str, value: &[u8]) -> Result<String, Why> {
    let parser = Parser::new(value);
    if DICTIONARIES.contains(&name) {
        return parser.parse::<Dictionary>().map(|field| field.serialize().unwrap_or_default()).map_err(|_| NOT_STRUCTURED);
    }
    if LISTS.contains(&name) {
        return parser.parse::<List>().map(|field| field.serialize().unwrap_or_default()).map_err(|_| NOT_STRUCTURED);
    }
    if ITEMS.contains(&name) {
        return parser.parse::<Item>().map(|field| field.serialize()).map_err(|_| NOT_STRUCTURED);
    }
    Err("the server does not know which kind of structured field this is; cover it without `sf`")
}

/// Adds one member of a dictionary, written as a list's member is; gives `false` when there is none.
fn add_member(field: &Dictionary, key: &str, out: &mut Vec<u8>) -> bool {
    let member = field.get(key);
    out.extend(member.iter().flat_map(|member| vec![(*member).clone()].serialize().unwrap_or_default().into_bytes()));
    member.is_some()
}

/// A dictionary written by the rules of RFC 9651 section 4.1.
pub(super) fn canonical_dictionary(value: &str) -> Option<String> {
    Parser::new(value).parse::<Dictionary>().ok()?.serialize()
}
