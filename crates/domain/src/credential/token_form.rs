//! What access tokens look like.

use crate::words::words;

words! {
    /// The form of the access tokens that a credential gets.
    pub enum TokenForm, TokenFormError("a form of access tokens") {
        /// A signed JWT (RFC 9068), which a resource server can check by itself.
        Jwt = "jwt",
        /// A sealed text that only Keywright can read.
        Opaque = "opaque",
    }
}

words! {
    /// How the access tokens of a service are signed where they are JWTs (RFC 7518 section 3.1, RFC 8037).
    pub enum TokenSigning, TokenSigningError("a way to sign access tokens") {
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256",
        /// RSA with PKCS#1 v1.5 and SHA-256.
        Rs256 = "RS256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}
