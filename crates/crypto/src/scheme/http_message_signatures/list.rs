//! `Signature-Input` and `Signature` (RFC 9421 section 4): dictionaries with a member for each signature.

use std::ops::Range;

use super::component::Component;
use super::{COMPONENTS_MAX, INPUT, LABELS_MAX, SIGNATURE, TEXT_BYTES_MAX};
use crate::scheme::fault::{Fault, shown};
use crate::scheme::structured_field::{Item, Reader, Why};

/// A part of a header's text. The header is at most 8 KiB long, so two bytes are enough for a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl Span {
    pub(super) fn new(range: Range<usize>) -> Self {
        let place = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        Self { start: place(range.start), end: place(range.end) }
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(usize::from(self.start)..usize::from(self.end)).unwrap_or("")
    }

    /// Of a part of `whole` that was read just before `end`, `after` bytes away from it.
    fn before(end: usize, after: usize, part: &str) -> Self {
        Self::new(end - after - part.len()..end - after)
    }
}

/// A signature's place in both headers.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) label: Span,
    /// The inner list with its parameters.
    pub(super) list: Span,
    /// Places in the list of all components.
    pub(super) components: Range<usize>,
    pub(super) created_s: Option<i64>,
    pub(super) expires_s: Option<i64>,
    pub(super) nonce: Option<Span>,
    pub(super) keyid: Option<Span>,
    pub(super) alg: Option<Span>,
    pub(super) tag: Option<Span>,
    /// A parameter that cannot be read, and why.
    pub(super) parameter_fault: ParameterFault,
    /// Its base64 in `Signature`.
    pub(super) signature: Span,
    /// Whether `Signature` has this label.
    found: bool,
}

/// What `Signature-Input` says.
pub(super) struct List {
    pub(super) members: Vec<Member>,
    pub(super) components: Vec<Component>,
    pub(super) canonical: bool,
}

/// Reads `Signature-Input`.
pub(super) fn read(text: &str) -> Result<List, Fault> {
    let mut reader = Reader::new(text);
    let mut list = List { members: Vec::with_capacity(1), components: Vec::with_capacity(8), canonical: true };
    let header = |why| Fault::Header { name: INPUT, why };
    loop {
        let start = reader.at();
        let label = reader.key().map_err(header)?;
        if list.members.iter().any(|member: &Member| member.label.of(text) == label) {
            return Err(Fault::Label { label: shown(label), why: "Signature-Input has it twice" });
        }
        if list.members.len() == LABELS_MAX {
            return Err(Fault::TooMany { what: "signatures", max: LABELS_MAX });
        }
        if !reader.takes(b'=') || !reader.takes(b'(') {
            return Err(Fault::Label { label: shown(label), why: "in Signature-Input it is not a list of components in parentheses" });
        }
        let first = list.components.len();
        let list_start = reader.at() - 1;
        components(&mut reader, text, &mut list.components)?;
        let mut member = Member { label: Span::new(start..start + label.len()), components: first..list.components.len(), ..Member::default() };
        parameters(&mut reader, text, &mut member).map_err(header)?;
        member.list = Span::new(list_start..reader.at());
        list.members.push(member);
        if !reader.another().map_err(header)? {
            list.canonical = reader.canonical;
            return Ok(list);
        }
    }
}

/// The inner list (RFC 9651 section 4.2.1.2) after its opening parenthesis.
fn components(reader: &mut Reader<'_>, text: &str, into: &mut Vec<Component>) -> Result<(), Fault> {
    let header = |why| Fault::Header { name: INPUT, why };
    let first = into.len();
    loop {
        let spaces = reader.spaces();
        let is_first = into.len() == first;
        if reader.takes(b')') {
            reader.canonical &= spaces == 0;
            return Ok(());
        }
        if spaces == 0 && !is_first {
            return Err(header("two components have no space between them"));
        }
        reader.canonical &= spaces == usize::from(!is_first);
        if into.len() - first == COMPONENTS_MAX {
            return Err(Fault::TooMany { what: "covered components", max: COMPONENTS_MAX });
        }
        let component = Component::read(reader, &into[first..], text).map_err(header)?;
        into.push(component);
    }
}

/// The signature's parameters (RFC 9421 section 2.3). Unknown ones stay in the base and mean nothing else.
fn parameters(reader: &mut Reader<'_>, text: &str, member: &mut Member) -> Result<(), Why> {
    reader.parameters(|name, item| {
        let fault = &mut member.parameter_fault;
        match name {
            "created" => member.created_s = number("created", item, fault),
            "expires" => member.expires_s = number("expires", item, fault),
            "nonce" => member.nonce = words(text, "nonce", item, fault),
            "keyid" => member.keyid = words(text, "keyid", item, fault),
            "alg" => member.alg = words(text, "alg", item, fault),
            "tag" => member.tag = words(text, "tag", item, fault),
            _ => {}
        }
    })
}

type ParameterFault = Option<(&'static str, Why)>;

fn number(name: &'static str, item: Item<'_>, fault: &mut ParameterFault) -> Option<i64> {
    let Item::Integer(seconds) = item else {
        *fault = Some((name, "is not a whole number of seconds since 1970"));
        return None;
    };
    Some(seconds)
}

fn words(text: &str, name: &'static str, item: Item<'_>, fault: &mut ParameterFault) -> Option<Span> {
    let why = match item {
        Item::Text("") => "is empty",
        Item::Text(raw) if raw.len() > TEXT_BYTES_MAX => "is longer than 256 bytes; make it shorter",
        Item::Text(raw) => return Some(span_in(text, raw)),
        _ => "is not a text in double quotes",
    };
    *fault = Some((name, why));
    None
}

/// Where `part`, a slice of `text`, lies in it.
pub(super) fn span_in(text: &str, part: &str) -> Span {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    Span::new(start..start + part.len())
}

/// Finds each signature in `Signature`: both headers must have the same labels.
pub(super) fn find_signatures(text: &str, input: &str, members: &mut [Member]) -> Result<(), Fault> {
    let header = |why| Fault::Header { name: SIGNATURE, why };
    let mut reader = Reader::new(text);
    loop {
        let label = reader.key().map_err(header)?;
        let at = |why| Fault::Label { label: shown(label), why };
        let Some(member) = members.iter_mut().find(|member| member.label.of(input) == label) else {
            return Err(at("Signature has it and Signature-Input does not; the label must be the same in both"));
        };
        if !reader.takes(b'=') {
            return Err(at("in Signature it has no value"));
        }
        let Item::Bytes(base64) = reader.item().map_err(header)? else {
            return Err(at("in Signature it is not base64 between two colons"));
        };
        member.signature = Span::before(reader.at(), 1, base64);
        if std::mem::replace(&mut member.found, true) {
            return Err(at("Signature has it twice"));
        }
        reader.parameters(|_, _| ()).map_err(header)?;
        if !reader.another().map_err(header)? {
            break;
        }
    }
    match members.iter().find(|member| !member.found) {
        Some(member) => {
            Err(Fault::Label { label: shown(member.label.of(input)), why: "Signature-Input has it and Signature does not; the label must be the same in both" })
        }
        None => Ok(()),
    }
}
