//! A form with a file: `multipart/form-data` (RFC 7578).

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap};
use keywright_domain::limits;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::OperationBuilder;

use super::form::{FORM_OF_ANOTHER_SESSION, Form, is_fields};
use super::{csrf, fields};
use crate::extract::caller::Who;
use crate::problem::{FieldError, Kind, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::{Input, Schemas};

/// The fields of a form, and the files that were chosen.
pub(crate) struct Upload<T> {
    pub(crate) fields: T,
    files: Vec<(String, Bytes)>,
}

impl<T> Upload<T> {
    /// The file of a field; none: none was chosen.
    pub(crate) fn file(&self, field: &str) -> Option<&Bytes> {
        self.files.iter().find(|(name, _)| name == field).map(|(_, bytes)| bytes)
    }
}

impl<T: DeserializeOwned + Send> Input for Upload<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        // A form without files may come as fields alone.
        if is_fields(&call.parts().headers) {
            return Form::take(call).map(|Form(fields)| Self { fields, files: Vec::new() });
        }
        let Some(boundary) = boundary(&call.parts().headers) else { return Err(Problem::new(Kind::UnsupportedMediaType, "Send a form.")) };
        let broken = || Problem::invalid(vec![FieldError { field: String::new(), message: "the form did not arrive whole: send it once more".into() }]);
        let parts = read(call.body(), &boundary).map_err(|unread| match unread {
            Unread::Broken => broken(),
            Unread::TooMany => fields::too_many(limits::UPLOAD_PARTS_MAX),
        })?;
        let mut pairs = Vec::new();
        let mut files = Vec::new();
        for part in parts {
            if part.is_file {
                if !part.content.is_empty() {
                    files.push((part.name, part.content));
                }
            } else {
                let text = String::from_utf8(part.content.to_vec()).map_err(|_| broken())?;
                pairs.push((part.name, text));
            }
        }
        if let Some(session) = call.who().and_then(Who::session) {
            let given = pairs.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value.as_str());
            if !csrf::matches(&session.csrf, given) {
                let detail = "This form is not of your session. Go back, load the page again, and send it once more.";
                return Err(Problem::new(Kind::AnotherSite, detail).coded(FORM_OF_ANOTHER_SESSION));
            }
        }
        pairs.retain(|(name, _)| name != "csrf" && name != "once");
        Ok(Self { fields: fields::read(pairs)?, files })
    }

    fn describe(operation: OperationBuilder, _: &mut Schemas) -> OperationBuilder {
        operation
    }
}

/// What makes two sendings of a form with a file the same: names and contents, without the token, whose mask differs on each page. None: it is
/// no such form, or a broken one.
pub(crate) fn sameness(headers: &HeaderMap, body: &Bytes) -> Option<Vec<(String, String)>> {
    let parts = read(body, &boundary(headers)?).ok()?;
    let content = |part: &Part| {
        if part.is_file {
            keywright_crypto::digest::sha256(&part.content).iter().map(|byte| format!("{byte:02x}")).collect()
        } else {
            String::from_utf8_lossy(&part.content).into_owned()
        }
    };
    Some(parts.iter().filter(|part| part.name != "csrf").map(|part| (part.name.clone(), content(part))).collect())
}

/// One part.
struct Part {
    name: String,
    is_file: bool,
    content: Bytes,
}

/// Why there are no parts.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// The form is not whole.
    Broken,
    /// There are more than [`limits::UPLOAD_PARTS_MAX`].
    TooMany,
}

/// What stands between the parts (RFC 2046 section 5.1.1).
fn boundary(headers: &HeaderMap) -> Option<Vec<u8>> {
    let said = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (media, parameters) = said.split_once(';')?;
    if !media.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let value = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"))?.1.trim_matches('"');
    (1..=70).contains(&value.len()).then(|| value.as_bytes().to_vec())
}

/// The parts of a body.
fn read(body: &Bytes, boundary: &[u8]) -> Result<Vec<Part>, Unread> {
    let delimiter = [b"\r\n--", boundary].concat();
    let mut at = body.starts_with(&delimiter[2..]).then_some(delimiter.len() - 2).ok_or(Unread::Broken)?;
    let mut parts = Vec::new();
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == limits::UPLOAD_PARTS_MAX {
            return Err(Unread::TooMany);
        }
        let (part, next) = part(body, at, &delimiter).ok_or(Unread::Broken)?;
        parts.push(part);
        at = next;
    }
}

/// The part that begins behind a delimiter, and where the next one does.
fn part(body: &Bytes, at: usize, delimiter: &[u8]) -> Option<(Part, usize)> {
    let rest = body[at..].starts_with(b"\r\n").then_some(&body[at..])?;
    let head_ends = at + find(rest, b"\r\n\r\n")?;
    let content = head_ends + 4;
    let ends = content + find(&body[content..], delimiter)?;
    // Without further head lines the head is the empty line that follows the delimiter.
    let head = std::str::from_utf8(&body[at..head_ends]).ok()?;
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let part = Part { name: parameter(disposition, "name")?, is_file: parameter(disposition, "filename").is_some(), content: body.slice(content..ends) };
    Some((part, ends + delimiter.len()))
}

/// `name="value"` of a head line, as browsers write it: `%22` for a quote (WHATWG HTML, multipart/form-data).
fn parameter(line: &str, wanted: &str) -> Option<String> {
    let start = line.find(&format!("; {wanted}=\""))? + wanted.len() + 4;
    let value = line.get(start..)?.split('"').next()?;
    Some(value.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"))
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    let (first, last) = (*wanted.first()?, within.len().checked_sub(wanted.len())?);
    let mut at = 0;
    while at <= last {
        at += within[at..=last].iter().position(|byte| *byte == first)?;
        if within[at..].starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--xx\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nAcme\r\nLtd\r\n--xx\r\n\
                        Content-Disposition: form-data; name=\"logo\"; filename=\"a%22b.png\"\r\nContent-Type: image/png\r\n\r\n\u{1}--xx\r\n--x\r\n--xx--\r\n";

    #[test]
    fn fields_and_files_are_told_apart_and_come_whole() {
        let parts = read(&Bytes::from_static(FORM.as_bytes()), b"xx").unwrap();
        let seen: Vec<_> = parts.iter().map(|p| (p.name.as_str(), p.is_file, p.content.as_ref())).collect();
        assert_eq!(seen, [("name", false, &b"Acme\r\nLtd"[..]), ("logo", true, &b"\x01--xx\r\n--x"[..])]);
    }

    #[test]
    fn a_form_that_is_not_whole_is_none() {
        for cut in 0..FORM.len() - 2 {
            // The last delimiter alone ends a form; what follows it does not matter.
            let whole = cut >= FORM.len() - 4 && FORM[..cut].ends_with("--xx--");
            assert_eq!(read(&Bytes::copy_from_slice(&FORM.as_bytes()[..cut]), b"xx").is_ok(), whole, "{cut}");
        }
    }

    #[test]
    fn too_many_parts_are_told_apart_from_a_broken_form() {
        let sent = |count: usize| [&"--xx\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n".repeat(count), "--xx--"].concat();
        let read = |count: usize| read(&Bytes::from(sent(count)), b"xx").map(|parts| parts.len());
        assert_eq!((read(limits::UPLOAD_PARTS_MAX), read(limits::UPLOAD_PARTS_MAX + 1)), (Ok(limits::UPLOAD_PARTS_MAX), Err(Unread::TooMany)));
    }

    #[test]
    fn the_boundary_is_read_as_browsers_write_it() {
        let of = |value: &'static str| boundary(&HeaderMap::from_iter([(CONTENT_TYPE, hyper::header::HeaderValue::from_static(value))]));
        assert_eq!(of("multipart/form-data; boundary=----WebKitFormBoundaryabc").as_deref(), Some(&b"----WebKitFormBoundaryabc"[..]));
        assert_eq!(of("Multipart/Form-Data; boundary=\"a b\"").as_deref(), Some(&b"a b"[..]));
        assert_eq!((of("application/x-www-form-urlencoded"), of("multipart/form-data; boundary=")), (None, None));
    }
}
