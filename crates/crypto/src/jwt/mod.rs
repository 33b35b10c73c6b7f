//! Compact JWS and JWT (RFC 7515, RFC 7519).

pub(crate) mod json;
