//! Typed ids: a prefix and a ULID with 80 fresh random bits, such as `key_01HX9KZMB3F7VNQP8R2WDGT4E5`.

use std::fmt;
use std::str::FromStr;

/// Why a text is not the id that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text starts with something else than the wanted prefix.
    #[error("{given:?} is not an id of this kind: it must start with {wanted:?}")]
    Prefix {
        /// What was given, as far as a message may repeat it.
        given: String,
        /// The prefix that was wanted, with its underscore.
        wanted: &'static str,
    },
    /// The prefix is right and the rest is not 26 characters of Crockford's base 32.
    #[error("{given:?} is not an id: after {wanted:?} come 26 characters (0-9, A-Z without I, L, O, U)")]
    Form {
        /// What was given, as far as a message may repeat it.
        given: String,
        /// The prefix that was wanted, with its underscore.
        wanted: &'static str,
    },
}

fn parse(text: &str, wanted: &'static str) -> Result<u128, IdError> {
    let given = || crate::text::repeated(text);
    let rest = text.strip_prefix(wanted).ok_or_else(|| IdError::Prefix { given: given(), wanted })?;
    let form = || IdError::Form { given: given(), wanted };
    // Only the canonical spelling is an id: upper case, and no look-alikes that a decoder would fold.
    let canonical = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
    if rest.len() != 26 || !rest.bytes().all(canonical) || rest.as_bytes()[0] > b'7' {
        return Err(form());
    }
    ulid::Ulid::from_string(rest).map(u128::from).map_err(|_| form())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal),+ $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// An id made at `at_ms` (milliseconds since 1970) from fresh random bits, of which 80 are used.
            #[must_use]
            pub fn from_parts(at_ms: u64, random: u128) -> Self {
                Self(ulid::Ulid::from_parts(at_ms, random).into())
            }

            /// The 128 bits of the ULID: 48 of milliseconds, 80 random.
            #[must_use]
            pub fn bits(self) -> u128 {
                self.0
            }

            /// The id of these 128 bits.
            #[must_use]
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = [0; 26];
                f.write_str($prefix)?;
                f.write_str(ulid::Ulid::from(self.0).array_to_str(&mut buffer))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text, $prefix).map(Self)
            }
        }
    )+ };
}

ids! {
    /// A person who signs in.
    PersonId "prs_",
    /// A customer business.
    OrganisationId "org_",
    /// A person's place in one organisation.
    MemberId "mbr_",
    /// What a customer registers and what owns credentials.
    ApplicationId "app_",
    /// A credential; survives rotation.
    CredentialId "key_",
    /// A verifier node, as it is registered in the store.
    VerifierId "vrf_",
    /// An API or gateway of the provider that may ask for verdicts.
    ResourceServerId "rsv_",
    /// A sign-in that was asked for: what the API calls a request.
    SignInId "sgn_",
    /// A person's session in the hub, or their access token.
    SessionId "ses_",
    /// An invitation to become a member.
    InvitationId "inv_",
    /// A token for the management API.
    ManagementTokenId "mgt_",
    /// An initial access token, by which clients register themselves.
    RegistrationTokenId "rgt_",
    /// A mail that waits to be sent.
    MailId "eml_",
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_id_survives_its_text(at_ms in 0u64..(1 << 48), random: u128) {
            let id = CredentialId::from_parts(at_ms, random);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(id.bits() >> 80, u128::from(at_ms));
        }

        #[test]
        fn no_text_panics_and_only_canonical_text_parses(text in "\\PC{0,40}") {
            if let Ok(id) = text.parse::<CredentialId>() { prop_assert_eq!(id.to_string(), text); }
        }
    }

    #[test]
    fn another_prefix_is_refused_by_name() {
        let error = "app_01HX9KZMB3F7VNQP8R2WDGT4E5".parse::<CredentialId>().unwrap_err();
        assert_eq!(error.to_string(), "\"app_01HX9KZMB3F7VNQP8R2WDGT4E5\" is not an id of this kind: it must start with \"key_\"");
    }

    #[test]
    fn look_alikes_lower_case_and_overflow_are_refused() {
        for text in ["key_01hx9kzmb3f7vnqp8r2wdgt4e5", "key_O1HX9KZMB3F7VNQP8R2WDGT4E5", "key_81HX9KZMB3F7VNQP8R2WDGT4E5", "key_01HX"] {
            assert!(matches!(text.parse::<CredentialId>(), Err(IdError::Form { .. })), "{text}");
        }
    }
}
