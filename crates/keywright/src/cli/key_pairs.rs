//! What the command line says about key pairs.

use std::path::PathBuf;

use clap::Args;

/// Where the key of a `key_pair` comes from.
#[derive(Debug, Default, Args)]
pub struct KeySourceFlags {
    /// Of a key pair: rsa-2048, rsa-3072, rsa-4096, p-256, p-384 or ed25519 [default: what suits the service; in a rotation that of the key before]
    #[arg(long, value_name = "TYPE", help_heading = "Key pairs")]
    pub key_type: Option<String>,
    /// How the private key is written: pkcs1 (RSA) or pkcs8 [default: what suits the service]
    #[arg(long, value_name = "FORM", help_heading = "Key pairs")]
    pub pem: Option<String>,
    /// Public key (PEM or JWK) of a key pair that was made elsewhere, also of an oauth_client that proves itself by it; with --challenge and --proof
    #[arg(long, value_name = "FILE", help_heading = "Key pairs")]
    pub public_key: Option<PathBuf>,
    /// What `keywright key challenge` printed
    #[arg(long, value_name = "TEXT", help_heading = "Key pairs")]
    pub challenge: Option<String>,
    /// The signature over its text, in base64
    #[arg(long, value_name = "BASE64", help_heading = "Key pairs")]
    pub proof: Option<String>,
    /// Instead of these three: a certificate request (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Key pairs")]
    pub csr: Option<PathBuf>,
    /// New file for the secret or the private key, which only its owner may read [default: it is printed]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public_key", "csr"])]
    pub out: Option<PathBuf>,
}

/// A key pair that no store knows.
#[derive(Debug, Args)]
pub struct Keygen {
    /// rsa-2048, rsa-3072, rsa-4096, p-256, p-384 or ed25519
    #[arg(long, value_name = "TYPE", default_value = "ed25519")]
    pub key_type: String,
    /// How the private key is written: pkcs1 (RSA) or pkcs8
    #[arg(long, value_name = "FORM", default_value = "pkcs8")]
    pub pem: String,
    /// New file for the private key, which only its owner may read [default: it is printed]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
