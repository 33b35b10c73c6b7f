//! What requests of a version are proved with, where that is more than a digest.

use std::sync::Arc;

use keywright_crypto::keyring::Keyring;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::PublicKey;
use keywright_domain::change::{CredentialRecord, VersionRecord};
use keywright_domain::credential::{Kind, Material as Stored};
use keywright_domain::time::Timestamp;

/// One version's material. It has no `Debug`: it may hold a secret.
pub(crate) struct Material {
    /// What names the credential openly; the same in all its versions.
    pub(crate) public_id: Box<str>,
    pub(crate) prover: Prover,
    /// Access tokens that were issued before have ended.
    pub(crate) tokens_not_before: Timestamp,
}

/// How requests are proved.
pub(crate) enum Prover {
    /// By an access token, which is given to whoever shows the secret with this SHA-256.
    Secret([u8; 32]),
    /// By a MAC under this secret.
    Mac(MacKey),
    /// By a signature that this key verifies.
    PublicKey(PublicKey),
    /// This node cannot open the sealed secret: it has no key for it, or not the right one.
    Locked,
    /// In no way that this release knows. Such a version proves nothing.
    Unknown,
}

// A replica holds a million of these.
const _: () = assert!(size_of::<Prover>() == 72 && size_of::<Material>() == 96);

impl Material {
    /// The material of one version. None for API keys, whose digest is all there is.
    pub(crate) fn of(credential: &CredentialRecord, version: &VersionRecord, keyring: Option<&Keyring>) -> Option<Arc<Self>> {
        let prover = match (credential.kind, &version.material) {
            (Kind::ApiKey, _) => return None,
            (Kind::Hmac, Stored::Sealed(sealed)) => mac(credential, version, sealed, keyring).map_or(Prover::Locked, Prover::Mac),
            (Kind::OauthClient, Stored::Digest | Stored::Sealed(_)) => Prover::Secret(version.digest),
            (Kind::KeyPair | Kind::OauthClient, Stored::PublicKey(stored)) => PublicKey::from_stored(stored).map_or(Prover::Unknown, Prover::PublicKey),
            (Kind::Hmac | Kind::KeyPair, _) => Prover::Unknown,
        };
        Some(Arc::new(Self {
            public_id: credential.public_id.as_deref().unwrap_or_default().into(),
            prover,
            tokens_not_before: credential.tokens_not_before.unwrap_or(Timestamp::from_us(i64::MIN)),
        }))
    }
}

fn mac(credential: &CredentialRecord, version: &VersionRecord, sealed: &[u8], keyring: Option<&Keyring>) -> Option<MacKey> {
    let secret = keyring?.open(credential.id, &version.digest, sealed).ok()?;
    MacKey::new(&secret).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    /// The rows of the replica go by the question, and have their slot of material or the digest at the same place.
    #[test]
    fn versions_of_bearer_keys_have_no_material_and_all_others_have() {
        for kind in Kind::ALL {
            for stored in [Stored::Digest, Stored::Sealed(vec![1; 60]), Stored::PublicKey(vec![1; 33])] {
                let credential = CredentialRecord { kind, public_id: Some("id".into()), ..fixture::credential(1) };
                let version = VersionRecord { material: stored, ..credential.versions[0].clone() };
                assert_eq!(Material::of(&credential, &version, None).is_none(), kind.is_bearer(), "{kind}");
            }
        }
    }
}
