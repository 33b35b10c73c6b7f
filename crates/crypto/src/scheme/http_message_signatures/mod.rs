//! HTTP Message Signatures (RFC 9421) for requests: reading them, asking what they cover, and building the bytes that are signed.
//!
//! The way of a signature: [`read`], then [`Signatures::of`] with the public half of a key that is on record, [`Signature::check`] against the server's
//! [`Coverage`], [`Signature::check_time`], [`Signature::base`] for the key, and at last [`Signature::check_body`]. Which algorithm is used is the key's
//! affair: [`Signature::alg`] is there to be compared with it and decides nothing.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::fault::{Fault, shown};
use super::request::Request;
use super::structured_field::unescape;
use super::window;

pub mod algorithm;
mod base;
mod component;
mod coverage;
mod field;
mod list;
mod query_param;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod vectors;

pub use coverage::{Coverage, wants_digest};

use component::Component;
use list::{Member, Span};

/// The header with what is covered.
pub const INPUT: &str = "Signature-Input";
/// The header with the signatures.
pub const SIGNATURE: &str = "Signature";

use keywright_domain::limits::SIGNATURE_HEADER_BYTES_MAX as HEADER_BYTES_MAX;
pub(super) use keywright_domain::limits::SIGNATURE_TEXT_BYTES_MAX as TEXT_BYTES_MAX;
pub(super) use keywright_domain::limits::SIGNATURES_MAX as LABELS_MAX;
use keywright_domain::limits::SIGNED_COMPONENTS_MAX as COMPONENTS_MAX;

/// All signatures of a request.
pub struct Signatures<'a> {
    request: Request<'a>,
    /// `Signature-Input`, written as RFC 9651 section 4.1 writes it.
    input: Cow<'a, str>,
    signature: Cow<'a, str>,
    members: Vec<Member>,
    components: Vec<Component>,
}

/// One of them.
#[derive(Clone, Copy)]
pub struct Signature<'s, 'a> {
    all: &'s Signatures<'a>,
    member: &'s Member,
}

/// Reads both headers. What is wrong with a single signature's components or parameters is told when that signature is asked, so that a proxy's
/// signature does no harm to the client's.
///
/// # Errors
/// [`Fault::SignatureMissing`], [`Fault::Header`], [`Fault::HeaderTooLong`], [`Fault::TooMany`], [`Fault::Label`]
pub fn read<'a>(request: &Request<'a>) -> Result<Signatures<'a>, Fault> {
    let scheme = keywright_domain::catalogue::Scheme::HttpMessageSignatures;
    let header = |name| request.combined(name, HEADER_BYTES_MAX)?.ok_or(Fault::SignatureMissing { scheme, header: name });
    let mut input = header(INPUT)?;
    let signature = header(SIGNATURE)?;
    let mut list = list::read(&input)?;
    if !list.canonical {
        // The base holds the list as RFC 9421 section 2.3 writes it, not as it was sent.
        input = Cow::Owned(field::canonical_dictionary(&input).ok_or(Fault::Header { name: INPUT, why: "it is not a dictionary of lists" })?);
        list = list::read(&input)?;
    }
    list::find_signatures(&signature, &input, &mut list.members)?;
    Ok(Signatures { request: *request, input, signature, members: list.members, components: list.components })
}

impl<'a> Signatures<'a> {
    /// In the order of `Signature-Input`.
    pub fn iter(&self) -> impl Iterator<Item = Signature<'_, 'a>> {
        self.members.iter().map(|member| Signature { all: self, member })
    }

    /// The signature with this key's name.
    ///
    /// # Errors
    /// [`Fault::KeyTwice`] when there are several.
    pub fn of(&self, keyid: &str) -> Result<Option<Signature<'_, 'a>>, Fault> {
        let mut ours = self.iter().filter(|signature| signature.keyid().is_some_and(|given| given == keyid));
        let one = ours.next();
        if ours.next().is_some() { Err(Fault::KeyTwice) } else { Ok(one) }
    }

    /// The signature with this label.
    #[must_use]
    pub fn labelled(&self, label: &str) -> Option<Signature<'_, 'a>> {
        self.iter().find(|signature| signature.label() == label)
    }

    fn text(&self, span: Span) -> &str {
        span.of(&self.input)
    }
}

impl<'s> Signature<'s, '_> {
    /// Its label: a name for this message only.
    #[must_use]
    pub fn label(&self) -> &'s str {
        self.all.text(self.member.label)
    }

    /// The name of the key.
    #[must_use]
    pub fn keyid(&self) -> Option<Cow<'s, str>> {
        self.text(self.member.keyid)
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> Option<Cow<'s, str>> {
        self.text(self.member.nonce)
    }

    /// The algorithm that the client names, to be compared with the key's.
    #[must_use]
    pub fn alg(&self) -> Option<Cow<'s, str>> {
        self.text(self.member.alg)
    }

    /// What the signature is for, in the client's words.
    #[must_use]
    pub fn tag(&self) -> Option<Cow<'s, str>> {
        self.text(self.member.tag)
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub const fn created_s(&self) -> Option<i64> {
        self.member.created_s
    }

    /// Until when it is good by its own account, in seconds since 1970.
    #[must_use]
    pub const fn expires_s(&self) -> Option<i64> {
        self.member.expires_s
    }

    /// Identifiers of the covered components as they stand in the base, such as `"@query-param";name="page"`.
    pub fn components(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let all = self.all;
        self.parts().iter().map(move |component| component.identifier.of(&all.input))
    }

    /// The inner list with its parameters, as it stands after `"@signature-params": ` in the base.
    #[must_use]
    pub fn parameters(&self) -> &'s str {
        self.all.text(self.member.list)
    }

    /// The signature's bytes.
    ///
    /// # Errors
    /// [`Fault::Label`]
    pub fn bytes(&self) -> Result<Vec<u8>, Fault> {
        let base64 = self.member.signature.of(&self.all.signature);
        BASE64_STANDARD.decode(base64).map_err(|_| self.fault("its bytes in the header Signature are not base64 with padding"))
    }

    /// Whether it was created at most `window_s` seconds before or after `now_ms` (milliseconds since 1970), and has not expired by its own account.
    ///
    /// # Errors
    /// [`Fault::OutOfWindow`], [`Fault::Expired`]; [`Fault::ParameterMissing`] without `created`.
    pub fn check_time(&self, now_ms: i64, window_s: u32) -> Result<(), Fault> {
        let created_s = self.created_s().ok_or(Fault::ParameterMissing { name: "created" })?;
        window::check(created_s.saturating_mul(1_000), now_ms, window_s)?;
        match self.expires_s() {
            Some(expires_s) if expires_s.saturating_mul(1_000) < now_ms => {
                Err(Fault::Expired { ago_s: now_ms.div_euclid(1_000).saturating_sub(expires_s).max(1).unsigned_abs() })
            }
            _ => Ok(()),
        }
    }

    fn text(&self, span: Option<Span>) -> Option<Cow<'s, str>> {
        span.map(|span| unescape(self.all.text(span)))
    }

    fn parts(&self) -> &'s [Component] {
        &self.all.components[self.member.components.clone()]
    }

    fn fault(&self, why: &'static str) -> Fault {
        Fault::Label { label: shown(self.label()), why }
    }
}
