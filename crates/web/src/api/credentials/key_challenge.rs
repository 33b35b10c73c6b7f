//! `POST /applications/{application}/key-challenges`

use keywright_operations::credentials::Challenge;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::InApplication;
use crate::extract::rights::Edit;
use crate::routes::{Done, Result};

/// What to sign with a private key, so that its public key is taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyChallengeShape {
    /// To be sent as `challenge`, beside `public_key` and `proof`.
    challenge: String,
    /// The text to sign, byte by byte: RSA with PKCS#1 v1.5 and SHA-256, ECDSA with the hash of its curve, or Ed25519.
    text: String,
    /// The challenge counts until then.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A challenge for a key pair that was made elsewhere. Sign its `text` with the private key, and send the signature in base64 as `proof` with the
/// public key. It is good for this application only, and nothing is stored.
pub(crate) async fn give(app: InApplication<Edit>) -> Result<Done<KeyChallengeShape>> {
    let Challenge { challenge, text, expires_at } = app.operations().key_challenge(app.caller(), app.id).await?;
    Ok(Done(KeyChallengeShape { challenge, text, expires_at: expires_at.to_string() }))
}
