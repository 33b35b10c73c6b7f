//! What a signature can cover (RFC 9421 section 2): derived components and fields, with their parameters.

use super::list::{Span, span_in};
use crate::scheme::fault::{Fault, shown};
use crate::scheme::structured_field::{Item, Reader, Why};

/// What a component's value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Source {
    Method,
    TargetUri,
    Authority,
    Scheme,
    RequestTarget,
    Path,
    Query,
    QueryParam,
    Field,
}

/// A covered component: its identifier, and how its value is found.
#[derive(Debug)]
pub(super) struct Component {
    /// The identifier with its parameters, as it stands in the base.
    pub(super) identifier: Span,
    /// The name alone.
    pub(super) name: Span,
    pub(super) source: Source,
    /// `sf`: written again as a structured field.
    pub(super) sf: bool,
    /// `bs`: each line as bytes.
    pub(super) bs: bool,
    /// `key`: one member of a dictionary.
    pub(super) key: Option<Span>,
    /// `name`: one parameter of the query.
    pub(super) query_name: Option<Span>,
    /// Why it cannot be covered, if it cannot.
    pub(super) fault: Option<Why>,
}

impl Component {
    /// Reads one. What is wrong with its meaning is kept in it; `before` are those of the same signature.
    pub(super) fn read(reader: &mut Reader<'_>, before: &[Self], text: &str) -> Result<Self, Why> {
        let start = reader.at();
        let name = reader.string()?;
        let (source, mut fault) = source(name);
        let (mut sf, mut bs, mut key, mut query_name) = (false, false, None, None);
        reader.parameters(|parameter, item| match (parameter, item) {
            ("sf", Item::Boolean(true)) => sf = true,
            ("bs", Item::Boolean(true)) => bs = true,
            ("key", Item::Text(raw)) => key = Some(span_in(text, raw)),
            ("name", Item::Text(raw)) => query_name = Some(span_in(text, raw)),
            ("sf" | "bs" | "key" | "name", _) => fault = fault.or(Some("a parameter of it has a value of the wrong type")),
            ("tr", _) => fault = fault.or(Some("trailers (`tr`) are not seen by the server; cover header fields")),
            ("req", _) => fault = fault.or(Some("`req` is for signatures of responses; leave it out")),
            _ => fault = fault.or(Some("it has a parameter that RFC 9421 does not define")),
        })?;
        let is_field = source == Source::Field;
        fault = fault.or(match () {
            () if bs && (sf || key.is_some()) => Some("`bs` cannot stand with `sf` or `key`"),
            () if !is_field && (sf || bs || key.is_some()) => Some("`sf`, `bs` and `key` are for fields"),
            () if source != Source::QueryParam && query_name.is_some() => Some("`name` is for @query-param"),
            () if source == Source::QueryParam && query_name.is_none() => Some("it needs the parameter `name`"),
            () => None,
        });
        let mut component = Self { identifier: Span::new(start..reader.at()), name: span_in(text, name), source, sf, bs, key, query_name, fault };
        if component.fault.is_none() && before.iter().any(|other| other.is(&component, text)) {
            component.fault = Some("it is covered twice; name it once");
        }
        Ok(component)
    }

    /// Whether two identifiers are equal. The order of parameters does not count (RFC 9421 section 2).
    fn is(&self, other: &Self, text: &str) -> bool {
        let at = |span: Option<Span>| span.map(|span| span.of(text));
        self.source == other.source
            && (self.source != Source::Field || self.name.of(text) == other.name.of(text))
            && (self.sf, self.bs) == (other.sf, other.bs)
            && at(self.key) == at(other.key)
            && at(self.query_name) == at(other.query_name)
    }

    /// A fault with this component's identifier.
    pub(super) fn refused(&self, input: &str, why: Why) -> Fault {
        Fault::Component { component: shown(self.identifier.of(input)), why }
    }
}

fn source(name: &str) -> (Source, Option<Why>) {
    let Some(derived) = name.strip_prefix('@') else { return (Source::Field, field_fault(name)) };
    let source = match derived {
        "method" => Source::Method,
        "target-uri" => Source::TargetUri,
        "authority" => Source::Authority,
        "scheme" => Source::Scheme,
        "request-target" => Source::RequestTarget,
        "path" => Source::Path,
        "query" => Source::Query,
        "query-param" => Source::QueryParam,
        "status" => return (Source::Field, Some("a request has no status; it is for signatures of responses")),
        "signature-params" => return (Source::Field, Some("it is covered by itself; do not name it")),
        _ => return (Source::Field, Some("RFC 9421 defines no derived component of this name")),
    };
    (source, None)
}

fn field_fault(name: &str) -> Option<Why> {
    if name.starts_with(':') {
        return Some("it is a pseudo-header of HTTP/2; cover @method, @authority, @path or @scheme");
    }
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some("names of fields are written in lower case");
    }
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) { Some("no header can have this name") } else { None }
}
