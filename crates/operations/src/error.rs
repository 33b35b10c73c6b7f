//! Why an operation did not happen.

use keywright_crypto::random::NoRandom;
use keywright_domain::application;
use keywright_domain::caller::Refused;
use keywright_domain::credential::parallel::{AddError, RetireError};
use keywright_domain::credential::rotation::RotateError;
use keywright_domain::credential::{EndedError, ExpiryError};
use keywright_domain::membership::{GivingError, InvitationState};
use keywright_domain::organisation::Review;
use keywright_store::StoreError;

/// Why an operation did not happen. Nothing of it is in the store then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is another organisation's: the two look alike.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What was looked for: "credential".
        what: &'static str,
        /// The id that was given.
        id: String,
    },
    /// What was given cannot be used; every bad field is named.
    #[error("{}", .0.iter().map(|f| format!("{}: {}", f.name, f.message)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Field>),
    /// It is well-formed, and a rule of the product refuses it.
    #[error(transparent)]
    Rule(#[from] Rule),
    /// The caller may not.
    #[error(transparent)]
    Right(#[from] Refused),
    /// A key of the installation is needed and not at hand.
    #[error(transparent)]
    Keys(#[from] crate::KeysError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random bits.
    #[error(transparent)]
    Random(#[from] NoRandom),
}

/// One bad field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, as the caller wrote it: `networks[1]`.
    pub name: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

/// A rule of the product.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The credential has ended.
    #[error(transparent)]
    Ended(#[from] EndedError),
    /// The rotation is not possible now.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// No secret can be added.
    #[error(transparent)]
    Add(#[from] AddError),
    /// The secret cannot be revoked alone.
    #[error(transparent)]
    Retire(#[from] RetireError),
    /// Only where several secrets stand side by side are they added and revoked one by one.
    #[error("this credential has one secret at a time: rotate it instead")]
    NotParallel,
    /// Where several secrets stand side by side, no rule of rotation says what becomes of the others.
    #[error("secrets of this client stand side by side, so none of them is rotated: add another one, give it to your back ends, and revoke the old one")]
    SideBySide,
    /// A client that proves itself by its own key has no secrets.
    #[error("this client proves itself by its own key and has no secret: rotate it, with its new public key")]
    HasKey,
    /// The service does not let its secrets be shown again, or this one was made when it did not.
    #[error("this secret is kept as a digest only, and cannot be shown again: make another one")]
    NotRetrievable,
    /// Whoever wants to see a secret again must have signed in just now.
    #[error("to see a secret again, sign in to the hub anew: this takes a person whose sign-in is at most five minutes old")]
    NotFresh,
    /// Tokens are made of clients that are accepted.
    #[error("no access token is made of a credential that is no client, or that is not accepted now")]
    NoToken,
    /// The access token cannot be made.
    #[error(transparent)]
    Mint(#[from] crate::tokens::MintError),
    /// The expiry is not possible.
    #[error(transparent)]
    Expiry(#[from] ExpiryError),
    /// The application has not got the service.
    #[error("the application does not use {service}: it uses {}", list(.has))]
    ServiceNotUsed {
        /// The service that was asked for.
        service: String,
        /// The services that it has.
        has: Vec<String>,
    },
    /// The application, service and environment hold as many live credentials as the catalogue allows.
    #[error(
        "the application has {max} live {} for {service} in {environment}, and {max} is the most: revoke one, or rotate it instead of making another",
        if *.max == 1 { "credential" } else { "credentials" }
    )]
    CredentialLimit {
        /// The most.
        max: u32,
        /// The service.
        service: String,
        /// The environment.
        environment: &'static str,
    },
    /// The same, said to a client that registers itself.
    #[error(
        "{service} allows {max} live client(s) in {environment} for the application of this initial access token, and they are there: one has to end (DELETE at \
         its registration_client_uri, or its credential is revoked), or the provider raises credentials_per_environment"
    )]
    ClientLimit {
        /// The most.
        max: u32,
        /// The service.
        service: String,
        /// The environment.
        environment: &'static str,
    },
    /// A public key is one credential's for ever.
    #[error("this public key is or was a credential's, and a key is taken only once: make a new key pair and give its public key")]
    KeyTaken,
    /// Somebody else says that this public key is theirs, and neither of the two has proved it.
    #[error(
        "this public key is another application's, which has not proved that it holds the private key, and neither have you: prove that you hold it, and it \
         is yours. Ask for a key challenge, sign it, and give the key as public_key with challenge and proof"
    )]
    KeyClaimed,
    /// Requests are proved in another way than by a signature.
    #[error("requests are not signed with a credential of the kind {0}: there is no signature to explain")]
    SignsNothing(keywright_domain::credential::Kind),
    /// The catalogue has no service for the Business API.
    #[error("the catalogue has no account-level service with API keys: ask the provider to add business-api")]
    NoBusinessService,
    /// The application's state does not allow it.
    #[error("the application is {state}, so it cannot be {wanted}")]
    ApplicationState {
        /// Its state.
        state: application::State,
        /// What was wanted: "activated".
        wanted: &'static str,
    },
    /// Each organisation has one own application, which stays.
    #[error("this is the organisation's own application, which cannot be {0}")]
    OwnApplication(&'static str),
    /// Deleting asks for the name.
    #[error(
        "to delete the application, give its name exactly: --confirm {0:?}. Its credentials stop working at once, and nobody can recover them or its receipts"
    )]
    ConfirmName(String),
    /// A revoked resource server stays revoked.
    #[error("the resource server is revoked, which is final: make a new one")]
    ResourceServerRevoked,
    /// A store that nodes are happy with has not gone back.
    #[error("these nodes follow this store, so to them it has not gone back: {}. Stop every node first", list(.0))]
    VerifiersRunning(Vec<String>),
    /// Too many sign-ins were asked for from one source.
    #[error("too many sign-ins were asked for from this address: wait {} minutes", .again_in_s.div_euclid(60))]
    TooManySignIns {
        /// Seconds after which asking again helps for certain.
        again_in_s: i64,
    },
    /// Too many invitations were made lately: each is a mail that somebody gets.
    #[error("{told}: try again tomorrow")]
    TooManyInvitations {
        /// That the organisation has invited enough for a day, or that the address cannot be invited; not why, which would tell of others who invite it.
        told: String,
        /// Seconds after which trying again helps for certain.
        again_in_s: i64,
    },
    /// The address is invited already.
    #[error("the address has an open invitation to this organisation: withdraw it before you invite the address again")]
    InvitationOpen,
    /// Of something there are as many as there may be.
    #[error("{whose} has {max} {what}, and {max} is the most: {remedy}")]
    TooMany {
        /// Such as "the organisation".
        whose: &'static str,
        /// Such as "open invitations".
        what: &'static str,
        /// The most.
        max: i64,
        /// What to do.
        remedy: &'static str,
    },
    /// A review needs what is not there.
    #[error("before the organisation can be handed in for review, these are to be filled in: {}", labels(.0))]
    ReviewIncomplete(Vec<&'static str>),
    /// The organisation's review does not allow it.
    #[error("the organisation's review is {review}, so it cannot be {wanted}")]
    ReviewState {
        /// Its state.
        review: Review,
        /// What was wanted: "handed in".
        wanted: &'static str,
    },
    /// The last admin stays.
    #[error("this is the organisation's last admin, who can neither leave nor lose the grant: make somebody else admin first")]
    LastAdmin,
    /// Nobody gives or takes more than they hold.
    #[error(transparent)]
    Giving(#[from] GivingError),
    /// The invitation cannot be accepted any more.
    #[error("the invitation is {0}: ask for a new one")]
    InvitationOver(InvitationState),
    /// Whoever invited could not do it now.
    #[error("whoever sent the invitation may no longer invite with these grants: ask an admin of the organisation for a new one")]
    InviterLost,
    /// Programs do not make programs.
    #[error("a management token cannot make another one: sign in, or use the command line")]
    TokenByToken,
    /// What the catalogue asks for is not there.
    #[error("the application cannot be activated yet: {}", .0.join("; "))]
    ChecklistUnmet(Vec<String>),
    /// The new catalogue drops what live credentials hold.
    #[error("live credentials hold what this catalogue no longer has; revoke or change them first:\n{}", .0.join("\n"))]
    CatalogueDrops(Vec<String>),
}

impl Rule {
    /// The stable code of a problem document.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Ended(_) => "credential_ended",
            Self::Rotate(RotateError::Ended(_)) => "credential_ended",
            Self::Rotate(RotateError::Overlapping { .. }) => "overlap_running",
            Self::Rotate(RotateError::Overlap { .. }) => "overlap_out_of_range",
            Self::Add(AddError::Ended(_)) | Self::Retire(RetireError::Ended(_)) => "credential_ended",
            Self::Add(AddError::Full { .. }) => "secrets_full",
            Self::Retire(RetireError::Unknown(_)) => "version_unknown",
            Self::Retire(RetireError::Last(_)) => "last_secret",
            Self::NotParallel => "one_secret_at_a_time",
            Self::SideBySide => "secrets_side_by_side",
            Self::HasKey => "client_has_key",
            Self::NotRetrievable => "secret_not_kept",
            Self::NotFresh => "sign_in_anew",
            Self::NoToken => "no_token",
            Self::Mint(_) => "token_not_made",
            Self::Expiry(ExpiryError::Past(_)) => "expiry_in_the_past",
            Self::Expiry(ExpiryError::Later(_)) => "expiry_moves_away",
            Self::ServiceNotUsed { .. } => "service_not_used",
            Self::CredentialLimit { .. } | Self::ClientLimit { .. } => "credential_limit",
            Self::KeyTaken => "key_taken",
            Self::KeyClaimed => "key_claimed",
            Self::SignsNothing(_) => "signs_nothing",
            Self::NoBusinessService => "no_business_service",
            Self::ApplicationState { .. } => "application_state",
            Self::OwnApplication(_) => "own_application",
            Self::ConfirmName(_) => "confirm_name",
            Self::ResourceServerRevoked => "resource_server_revoked",
            Self::VerifiersRunning(_) => "verifiers_running",
            Self::TooManySignIns { .. } => "too_many_sign_ins",
            Self::TooManyInvitations { .. } => "too_many_invitations",
            Self::InvitationOpen => "invitation_open",
            Self::TooMany { .. } => "too_many",
            Self::ReviewIncomplete(_) => "review_incomplete",
            Self::ReviewState { .. } => "review_state",
            Self::LastAdmin => "last_admin",
            Self::Giving(_) => "grants_not_held",
            Self::InvitationOver(_) => "invitation_over",
            Self::InviterLost => "inviter_lost",
            Self::TokenByToken => "token_by_token",
            Self::ChecklistUnmet(_) => "checklist_unmet",
            Self::CatalogueDrops(_) => "catalogue_drops",
        }
    }
}

/// Fields of an organisation's profile as forms call them.
fn labels(fields: &[&str]) -> String {
    let label = |field: &&str| {
        match *field {
            "legal_name" => "legal name",
            "purpose" => "what you want to do with the services",
            "tax_id" => "tax id",
            "billing_mail" => "mail address for bills",
            other => other,
        }
        .to_owned()
    };
    list(&fields.iter().map(label).collect::<Vec<String>>())
}

pub(crate) fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

impl Error {
    /// The same, where a caller's form has another name for a field.
    #[must_use]
    pub fn renamed(self, field: &str, theirs: &str) -> Self {
        let Self::Invalid(fields) = self else { return self };
        Self::Invalid(fields.into_iter().map(|f| if f.name == field { Field { name: theirs.to_owned(), ..f } } else { f }).collect())
    }

    pub(crate) fn not_found(what: &'static str, id: impl ToString) -> Self {
        Self::NotFound { what, id: id.to_string() }
    }
}
