//! What can go wrong, as classes that programs can decide on.

use hyper::StatusCode;

/// What went wrong, as a class that programs can decide on. The texts that go with it are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No such route.
    NotFound,
    /// The route exists, with other methods.
    MethodNotAllowed,
    /// The request names a host that this installation is not.
    MisdirectedRequest,
    /// The request was not sent whole in time.
    RequestTimeout,
    /// The shape of the request is wrong; `errors` names each bad field.
    InvalidRequest,
    /// The body is too large.
    ContentTooLarge,
    /// The body is not JSON by its `Content-Type`.
    UnsupportedMediaType,
    /// No resource server's token, or none that is accepted.
    InvalidToken,
    /// The resource server is not made for the services or environments of its question.
    BeyondResourceServer,
    /// The replica cannot prove that it is fresh, or has not reached a position in time.
    VerificationUnavailable,
    /// The caller of the API sent no credential.
    CredentialMissing,
    /// The caller's credential is not accepted.
    CredentialRefused,
    /// The caller's credential is known, and may not be used here.
    CredentialNotAllowed,
    /// The caller's credential does not hold what the request needs.
    InsufficientPermissions,
    /// The caller's credential was used too often, or something was tried too often.
    RateLimited,
    /// No person's session and no token of the management API, or none that is accepted.
    TokenNeeded,
    /// A page that only somebody who has signed in sees.
    SignInNeeded,
    /// The browser says that another site's page sent it, or the form is not of this session.
    AnotherSite,
    /// The caller is known, and lacks the right.
    Forbidden,
    /// It is well-formed, and a rule of the product refuses it; the problem has a code of its own.
    Refused,
    /// The `Idempotency-Key` was used with another request.
    KeyReused,
    /// The same call is still running.
    StillRunning,
    /// An earlier call with this key did its work, and its answer was lost.
    AnswerLost,
    /// Others do the same at this moment, or the store is busy: a moment later it may go well.
    Busy,
    /// The store is away or cannot be written.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// All kinds, for documentation and tests.
    pub const ALL: [Self; 26] = [
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::MisdirectedRequest,
        Self::RequestTimeout,
        Self::InvalidRequest,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidToken,
        Self::BeyondResourceServer,
        Self::VerificationUnavailable,
        Self::CredentialMissing,
        Self::CredentialRefused,
        Self::CredentialNotAllowed,
        Self::InsufficientPermissions,
        Self::RateLimited,
        Self::TokenNeeded,
        Self::SignInNeeded,
        Self::AnotherSite,
        Self::Forbidden,
        Self::Refused,
        Self::KeyReused,
        Self::StillRunning,
        Self::AnswerLost,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Status, stable code and title.
    #[must_use]
    pub const fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is nothing at this address"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "This address takes other methods"),
            Self::MisdirectedRequest => (StatusCode::MISDIRECTED_REQUEST, "misdirected_request", "This is another host"),
            Self::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout", "The request was not sent in time"),
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request", "Something in the request has to be changed"),
            Self::ContentTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "content_too_large", "The request is too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The request is not JSON"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_token", "This needs the token of a resource server"),
            Self::BeyondResourceServer => (StatusCode::FORBIDDEN, "beyond_resource_server", "The resource server may not ask this"),
            Self::VerificationUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "verification_unavailable", "Credentials cannot be checked right now"),
            Self::CredentialMissing => (StatusCode::UNAUTHORIZED, "credential_missing", "The request carries no credential"),
            Self::CredentialRefused => (StatusCode::UNAUTHORIZED, "credential_refused", "The credential is not accepted"),
            Self::CredentialNotAllowed => (StatusCode::FORBIDDEN, "credential_not_allowed", "The credential may not be used for this"),
            Self::InsufficientPermissions => (StatusCode::FORBIDDEN, "insufficient_permissions", "The credential lacks a permission"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests"),
            Self::TokenNeeded => (StatusCode::UNAUTHORIZED, "token_needed", "This needs an access token or a management token"),
            Self::SignInNeeded => (StatusCode::UNAUTHORIZED, "sign_in_needed", "This needs somebody who has signed in"),
            Self::AnotherSite => (StatusCode::FORBIDDEN, "another_site", "This was not sent by a page of the hub"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "You may not do this"),
            Self::Refused => (StatusCode::CONFLICT, "refused", "This is not possible now"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", "The Idempotency-Key was used with another request"),
            Self::StillRunning => (StatusCode::CONFLICT, "still_running", "The same call is still running"),
            Self::AnswerLost => (StatusCode::CONFLICT, "answer_lost", "The call did its work, and its answer was lost"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Too much at once"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The store cannot be used right now"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Keywright made a mistake"),
        }
    }
}
