//! Clients that register themselves (RFC 7591): what they may say of themselves.

use crate::words::words;

words! {
    /// How a registered client proves itself (RFC 7591 section 2, `token_endpoint_auth_method`).
    pub enum ClientAuthentication, ClientAuthenticationError("a way in which clients prove themselves here") {
        /// Id and secret in the header `Authorization`; what RFC 7591 takes where nothing is said.
        Basic = "client_secret_basic",
        /// Id and secret among the parameters.
        Post = "client_secret_post",
        /// An assertion that is signed with the client's own key (RFC 7523).
        PrivateKeyJwt = "private_key_jwt",
    }
}

impl ClientAuthentication {
    /// Whether the client has a key of its own, and no secret.
    #[must_use]
    pub const fn takes_key(self) -> bool {
        matches!(self, Self::PrivateKeyJwt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_rfc_and_no_others() {
        let known: Vec<&str> = ClientAuthentication::ALL.iter().map(|method| method.as_str()).collect();
        assert_eq!(known, ["client_secret_basic", "client_secret_post", "private_key_jwt"]);
        for other in ["none", "client_secret_jwt", "tls_client_auth", "Client_Secret_Basic", ""] {
            assert!(other.parse::<ClientAuthentication>().is_err(), "{other}");
        }
    }
}
