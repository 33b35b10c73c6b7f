//! Members of a form that are one of a few words. The words themselves are those of the domain.

use keywright_domain::{application, credential, membership, organisation, verdict};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! one_of {
    ($($(#[doc = $doc:literal])+ $name:ident = $all:expr,)+) => {$(
        $(#[doc = $doc])+
        pub(super) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = [$($doc),+].map(str::trim).join(" ");
                ObjectBuilder::new().schema_type(Type::String).description(Some(description)).enum_values(Some($all)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

one_of! {
    /// Where a credential works: with real data, or for trying out.
    Environment = credential::Environment::ALL.map(credential::Environment::as_str),
    /// How a credential proves a request.
    Kind = credential::Kind::ALL.map(credential::Kind::as_str),
    /// What kind of key a key pair is.
    KeyType = keywright_crypto::public_key::KeyType::ALL.map(keywright_crypto::public_key::KeyType::word),
    /// How a private key is written: as RFC 8017 has it, for RSA only, or as RFC 5208 has it.
    PrivateKeyForm = ["pkcs1", "pkcs8"],
    /// Whether the provider knows who an organisation is: not asked yet, being looked at, or yes.
    Review = organisation::Review::ALL.map(organisation::Review::as_str),
    /// Where an application stands: not in production yet, in production, or switched off.
    ApplicationState = application::State::ALL.map(application::State::as_str),
    /// What a credential counts as: usable, switched off for now, ended by its expiry, or ended by somebody.
    CredentialState = credential::state::Standing::ALL.map(credential::state::Standing::as_str),
    /// What a version counts as: waiting for its first use, current, accepted until its overlap is over, or ended.
    VersionState = ["pending", "active", "retiring", "retired"],
    /// What becomes of the version before: it ends at once, after the overlap, or an overlap after the new one is first used.
    RotationPolicy = credential::rotation::PolicyName::ALL.map(credential::rotation::PolicyName::as_str),
    /// How a request is signed.
    SignatureScheme = keywright_domain::catalogue::Scheme::ALL.map(keywright_domain::catalogue::Scheme::as_str),
    /// What access tokens look like: signed JWTs, or sealed texts that only Keywright reads.
    TokenForm = credential::TokenForm::ALL.map(credential::TokenForm::as_str),
    /// Where an invitation stands.
    InvitationState = membership::InvitationState::ALL.map(membership::InvitationState::as_str),
    /// What a verifier answered about a credential.
    Verdict = verdict::Code::ALL.map(verdict::Code::as_str),
}
