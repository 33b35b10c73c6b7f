//! The details of an application as a form asks for them.

use keywright_domain::limits;
use keywright_store::applications::Application;
use serde::Deserialize;

use crate::hub::forms::{Field, Wrong};

/// The fields.
pub(crate) struct DetailsForm {
    pub(crate) name: Field,
    pub(crate) internal_name: Field,
    pub(crate) description: Field,
    pub(crate) domain: Field,
    pub(crate) privacy_url: Field,
    pub(crate) logo: Field,
}

/// What was typed into them.
#[derive(Deserialize, Default)]
pub(crate) struct TypedDetails {
    #[serde(default)]
    pub(crate) service: String,
    #[serde(default)]
    pub(crate) services: Vec<String>,
    #[serde(default)]
    pub(crate) remove_logo: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) internal_name: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) domain: String,
    #[serde(default)]
    pub(crate) privacy_url: String,
}

/// The fields as the form calls them.
pub(crate) const LABELS: [(&str, &str); 7] = [
    ("name", "Name"),
    ("internal_name", "Internal name"),
    ("description", "Description"),
    ("domain", "Domain"),
    ("privacy_url", "Privacy policy"),
    ("logo", "Logo"),
    ("service", "Service"),
];

impl TypedDetails {
    /// What is there now.
    pub(crate) fn of(application: &Application) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            name: application.name.clone(),
            internal_name: text(&application.internal_name),
            description: text(&application.description),
            domain: text(&application.domain),
            privacy_url: text(&application.privacy_url),
            ..Self::default()
        }
    }

    pub(crate) fn form(&self, wrong: &[Wrong]) -> DetailsForm {
        let field = |name, value: &str| Field::new(name, value).checked(wrong);
        DetailsForm {
            name: field("name", &self.name),
            internal_name: field("internal_name", &self.internal_name),
            description: field("description", &self.description),
            domain: field("domain", &self.domain),
            privacy_url: field("privacy_url", &self.privacy_url),
            logo: field("logo", ""),
        }
    }
}

/// What is wrong with a logo before anybody looks into it.
pub(crate) fn too_large(logo: &[u8]) -> Option<Wrong> {
    let (max, bytes) = (limits::LOGO_BYTES_MAX, logo.len());
    (bytes > max).then(|| Wrong::new("logo", format!("Logo has {bytes} bytes: at most {max} are taken. Choose it again after making it smaller.")))
}
