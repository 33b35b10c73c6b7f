//! Why a text is no public key, or none that is taken.

use super::Weakness;

/// Why something cannot be taken as a public key. No fault repeats what was given: it may be a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// A private or symmetric key was given.
    #[error("this is a private key: it was not kept. Give the public key, and do not use this private key again where others could have seen it")]
    Private,
    /// A JWK of type `oct`.
    #[error("this is a symmetric key: give the public key of a key pair")]
    Symmetric,
    /// An X.509 certificate.
    #[error("this is a certificate: give its public key alone, as openssl x509 -pubkey -noout prints it")]
    Certificate,
    /// A PKCS#10 request, where a public key is wanted.
    #[error("this is a certificate request: give it as a request, or its public key alone, as openssl req -pubkey -noout prints it")]
    Request,
    /// The one-line form of OpenSSH.
    #[error("this is a key in the form of OpenSSH: give it as PEM, as ssh-keygen -e -m PKCS8 prints it")]
    OpenSsh,
    /// Longer than any key.
    #[error("this is too long for a key")]
    TooLong,
    /// Neither PEM nor a JWK.
    #[error("this is not a public key: it starts with neither -----BEGIN PUBLIC KEY----- nor, for a JWK, a brace")]
    Form,
    /// PEM that does not end, is not base64, or of another kind.
    #[error("this is not a whole PEM block of a public key: part of it may be missing")]
    Pem,
    /// More than one PEM block.
    #[error("these are several PEM blocks: give one key")]
    Several,
    /// Not the DER of a `SubjectPublicKeyInfo` or `RSAPublicKey`.
    #[error("this is not the DER of a public key (RFC 5280 section 4.1.2.7)")]
    Der,
    /// Not a JWK.
    #[error("this is not a JWK (RFC 7517): {0}")]
    Jwk(&'static str),
    /// A kind of key that is not taken.
    #[error("this kind of key is not taken: use RSA with 2048, 3072 or 4096 bits, P-256, P-384 or Ed25519")]
    Unsupported,
    /// A point that is not written out.
    #[error("the point of this key is compressed: write it uncompressed, as openssl ec -conv_form uncompressed does")]
    Compressed,
    /// The kind is right and the key is not safe.
    #[error("{0}")]
    Weak(#[from] Weakness),
}
