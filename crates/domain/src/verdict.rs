//! Verdict codes, in the order in which they are decided, and what each one means to the caller of the API.

/// The answer to a verification in one word. The order of the variants is the order of decision: the first that applies is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Code {
    /// Not a key of this installation, or mistyped. Told by its form, without a look-up.
    Malformed,
    /// A key of an environment that was not asked for. Told by its prefix, without a look-up.
    WrongEnvironment,
    /// Well-formed, and nobody's.
    Unknown,
    /// A key for another service.
    WrongService,
    /// Nothing proves the request: a public half alone, or a request without a signature that its service takes.
    SignatureMissing,
    /// The signature covers a body that the question did not bring.
    BodyUnavailable,
    /// The body is not the one that was signed.
    DigestMismatch,
    /// The signature does not fit the request and the key, or covers too little.
    SignatureInvalid,
    /// Signed too long ago, or in the future.
    TimestampOutOfWindow,
    /// The nonce was used before: a replay.
    NonceReused,
    /// An access token that was not issued here, was changed, or was ended.
    TokenInvalid,
    /// An access token whose time is over.
    TokenExpired,
    /// An access token of an issuer that the service does not accept.
    TokenIssuerUnknown,
    /// A secret that was rotated away; the credential has a newer one.
    RetiredVersion,
    /// Ended by somebody.
    Revoked,
    /// Ended by its expiry.
    Expired,
    /// Switched off for now.
    Suspended,
    /// The application is not active (production), or deactivated (both environments).
    ApplicationInactive,
    /// The organisation is suspended.
    OrganisationSuspended,
    /// The caller's address is not in the credential's networks, or was not told.
    NetworkNotAllowed,
    /// The request's origin is not one of the credential's, or was not told.
    OriginNotAllowed,
    /// The credential does not hold every permission that was asked for.
    InsufficientPermissions,
    /// Valid otherwise, but too often.
    RateLimited,
    /// Accepted.
    Valid,
}

/// How a gateway answers the caller of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GatewayAnswer {
    /// 200
    Accept,
    /// 401: everything up to proof, and credentials that have ended or rest.
    Unauthenticated,
    /// 403: known, but not for this.
    Forbidden,
    /// 429
    TooManyRequests,
}

impl Code {
    /// All codes in deciding order, `valid` last.
    pub const ALL: [Self; 24] = [
        Self::Malformed,
        Self::WrongEnvironment,
        Self::Unknown,
        Self::WrongService,
        Self::SignatureMissing,
        Self::BodyUnavailable,
        Self::DigestMismatch,
        Self::SignatureInvalid,
        Self::TimestampOutOfWindow,
        Self::NonceReused,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenIssuerUnknown,
        Self::RetiredVersion,
        Self::Revoked,
        Self::Expired,
        Self::Suspended,
        Self::ApplicationInactive,
        Self::OrganisationSuspended,
        Self::NetworkNotAllowed,
        Self::OriginNotAllowed,
        Self::InsufficientPermissions,
        Self::RateLimited,
        Self::Valid,
    ];

    /// The word in verdicts, metrics and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::WrongEnvironment => "wrong_environment",
            Self::Unknown => "unknown",
            Self::WrongService => "wrong_service",
            Self::SignatureMissing => "signature_missing",
            Self::BodyUnavailable => "body_unavailable",
            Self::DigestMismatch => "digest_mismatch",
            Self::SignatureInvalid => "signature_invalid",
            Self::TimestampOutOfWindow => "timestamp_out_of_window",
            Self::NonceReused => "nonce_reused",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenIssuerUnknown => "token_issuer_unknown",
            Self::RetiredVersion => "retired_version",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Suspended => "suspended",
            Self::ApplicationInactive => "application_inactive",
            Self::OrganisationSuspended => "organisation_suspended",
            Self::NetworkNotAllowed => "network_not_allowed",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::InsufficientPermissions => "insufficient_permissions",
            Self::RateLimited => "rate_limited",
            Self::Valid => "valid",
        }
    }

    /// The code of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == word)
    }

    /// How a gateway answers.
    #[must_use]
    pub const fn gateway(self) -> GatewayAnswer {
        match self {
            Self::Valid => GatewayAnswer::Accept,
            Self::Malformed
            | Self::Unknown
            | Self::RetiredVersion
            | Self::Revoked
            | Self::Expired
            | Self::Suspended
            | Self::WrongEnvironment
            | Self::WrongService
            | Self::SignatureMissing
            | Self::BodyUnavailable
            | Self::DigestMismatch
            | Self::SignatureInvalid
            | Self::TimestampOutOfWindow
            | Self::NonceReused
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::TokenIssuerUnknown => GatewayAnswer::Unauthenticated,
            Self::ApplicationInactive | Self::OrganisationSuspended | Self::NetworkNotAllowed | Self::OriginNotAllowed | Self::InsufficientPermissions => {
                GatewayAnswer::Forbidden
            }
            Self::RateLimited => GatewayAnswer::TooManyRequests,
        }
    }

    /// What the caller of the API may be told: one sentence that gives nothing away about other people's credentials.
    #[must_use]
    pub const fn told_to_caller(self) -> &'static str {
        match self {
            Self::Malformed => "The credential is not well-formed. Check that it was copied whole.",
            Self::WrongEnvironment => "The credential belongs to another environment.",
            Self::Unknown | Self::WrongService => "The credential is not accepted here.",
            Self::SignatureMissing => "The request is not signed in a way that this service accepts.",
            Self::BodyUnavailable => "The body of the request could not be checked.",
            Self::DigestMismatch => "The body of the request is not the one that was signed.",
            Self::SignatureInvalid => "The signature is not valid for this request.",
            Self::TimestampOutOfWindow => "The request was signed at another time. Check the clock.",
            Self::NonceReused => "The nonce was used before. Make a new one for each request.",
            Self::TokenInvalid => "The access token is not valid.",
            Self::TokenExpired => "The access token has expired.",
            Self::TokenIssuerUnknown => "The access token is of an issuer that is not accepted here.",
            Self::RetiredVersion => "The credential was rotated. Use its new secret.",
            Self::Revoked => "The credential was revoked.",
            Self::Expired => "The credential has expired.",
            Self::Suspended => "The credential is suspended.",
            Self::ApplicationInactive => "The application is not active.",
            Self::OrganisationSuspended => "The organisation is suspended.",
            Self::NetworkNotAllowed => "The credential may not be used from this address.",
            Self::OriginNotAllowed => "The credential may not be used from this origin.",
            Self::InsufficientPermissions => "The credential does not hold the permission that this request needs.",
            Self::RateLimited => "Too many requests with this credential.",
            Self::Valid => "Accepted.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_in_the_order_of_the_variants() {
        for (i, code) in Code::ALL.iter().enumerate() {
            assert_eq!(*code as usize, i);
            assert_eq!(Code::from_word(code.as_str()), Some(*code));
        }
    }

    #[test]
    fn the_page_about_verdicts_has_exactly_these_codes_in_their_order() {
        let page = include_str!("../../../docs/verify.md").split("## Codes").nth(1).unwrap();
        let rows: Vec<(&str, &str)> = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).collect();
        assert_eq!(rows.iter().map(|(code, _)| *code).collect::<Vec<_>>(), Code::ALL.map(Code::as_str));
        for (code, (_, row)) in Code::ALL.into_iter().zip(rows) {
            let told = match code.gateway() {
                GatewayAnswer::Accept => "",
                GatewayAnswer::Unauthenticated => "401",
                GatewayAnswer::Forbidden => "403",
                GatewayAnswer::TooManyRequests => "429",
            };
            assert!(row.rsplit('|').nth(1).unwrap().trim().starts_with(told), "{code:?}: {row}");
        }
    }
}
