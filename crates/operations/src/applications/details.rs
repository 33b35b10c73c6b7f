//! The details of an application, as they are typed.

use keywright_domain::{limits, text};

use super::NewApplication;
use crate::credentials::Set;
use crate::form::Form;

/// The good values of a new application's details.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) internal_name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) privacy_url: Option<String>,
}

fn description(given: &str) -> Result<String, text::TextError> {
    text::paragraph(given, limits::DESCRIPTION_CHARS_MAX)
}

pub(super) fn new(form: &mut Form, new: &NewApplication) -> Details {
    // A field of a page that was left empty was not given.
    let given = |field: &Option<String>| field.clone().filter(|text| !text.trim().is_empty());
    Details {
        internal_name: form.take_some("internal_name", given(&new.internal_name).map(|t| text::name(&t))),
        description: form.take_some("description", given(&new.description).map(|t| description(&t))),
        domain: form.take_some("domain", given(&new.domain).map(|t| text::public_host(&t))),
        privacy_url: form.take_some("privacy_url", given(&new.privacy_url).map(|t| text::web_address(&t))),
    }
}

/// The good value of a detail that is to be changed; none: it stays as it is.
pub(super) fn changed(form: &mut Form, name: &str, set: &Set<String>) -> Option<Option<String>> {
    let check: fn(&str) -> Result<String, text::TextError> = match name {
        "internal_name" => text::name,
        "domain" => text::public_host,
        "privacy_url" => text::web_address,
        _ => description,
    };
    match set {
        Set::Keep => None,
        Set::Clear => Some(None),
        Set::To(text) if text.trim().is_empty() => Some(None),
        Set::To(text) => form.take(name, check(text)).map(Some),
    }
}
