//! What each kind of credential is made of: its public half, the secret of a version, what is kept of it, and what its holder gets.

use keywright_crypto::public_key::PublicKey;
use keywright_crypto::random;
use keywright_crypto::secret::{Secret, ShownOnce};
use keywright_domain::credential::secret_form::{self, Brand, Class};
use keywright_domain::credential::{Environment, Kind, Material, NewVersion, PublicHalf};
use keywright_domain::ids::CredentialId;

use super::key_source::Key;
use crate::{Error, Keys};

/// The credential that a version is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) id: CredentialId,
    pub(super) kind: Kind,
    pub(super) environment: Environment,
    pub(super) public_id: Option<&'a str>,
    /// The service lets its secrets be shown again.
    pub(super) retrievable: bool,
}

/// A version that is not stored yet, and what its holder gets.
pub(super) struct Coined {
    pub(super) version: NewVersion,
    pub(super) handed: Handed,
    /// Of a public key: that its private half is held was proved, by a challenge of ours or because it was made here.
    pub(super) proved: bool,
}

/// What the holder of a new version gets, this once.
pub enum Handed {
    /// The whole key of an `api_key`.
    Key(ShownOnce),
    /// Both halves of an `hmac` credential.
    Pair {
        /// The public half.
        api_key: String,
        /// What signs.
        secret_key: ShownOnce,
    },
    /// A `key_pair`.
    KeyPair {
        /// The public half.
        sdk_id: String,
        /// What signs, as PEM; none where the holder had it before.
        private_key_pem: Option<ShownOnce>,
    },
    /// What an `oauth_client` asks for access tokens with.
    Client {
        /// The public half, which pages call the consumer key.
        client_id: String,
        /// What proves it, which pages call the consumer secret; none: it proves itself by its own key.
        client_secret: Option<ShownOnce>,
    },
}

impl Handed {
    /// What to write down, by the names of answers and commands; the public half first.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Key(key) => vec![("key", key.reveal())],
            Self::Pair { api_key, secret_key } => vec![("api_key", api_key), ("secret_key", secret_key.reveal())],
            Self::KeyPair { sdk_id, private_key_pem } => {
                let private = private_key_pem.as_ref().map(|pem| ("private_key_pem", pem.reveal()));
                [("sdk_id", sdk_id.as_str())].into_iter().chain(private).collect()
            }
            Self::Client { client_id, client_secret } => {
                let secret = client_secret.as_ref().map(|secret| ("client_secret", secret.reveal()));
                [("client_id", client_id.as_str())].into_iter().chain(secret).collect()
            }
        }
    }

    /// The name of the field that is the secret.
    #[must_use]
    pub const fn secret_field(&self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Pair { .. } => "secret_key",
            Self::KeyPair { .. } => "private_key_pem",
            Self::Client { .. } => "client_secret",
        }
    }

    /// Whether the secret is a PEM file: several lines, which belong together.
    #[must_use]
    pub const fn is_pem(&self) -> bool {
        match self {
            Self::KeyPair { .. } => true,
            Self::Key(_) | Self::Pair { .. } | Self::Client { .. } => false,
        }
    }

    /// A client's secret, which was kept sealed, once more.
    pub(super) fn of_kept(public_id: Option<String>, secret: ShownOnce) -> Self {
        Self::Client { client_id: public_id.unwrap_or_default(), client_secret: Some(secret) }
    }

    /// Whether there is a secret to be shown: none where the holder had it before.
    #[must_use]
    pub const fn has_secret(&self) -> bool {
        !matches!(self, Self::KeyPair { private_key_pem: None, .. } | Self::Client { client_secret: None, .. })
    }

    /// The secret; empty where there is none.
    #[must_use]
    pub fn secret(&self) -> &str {
        match self {
            Self::Key(secret) | Self::Pair { secret_key: secret, .. } => secret.reveal(),
            Self::KeyPair { private_key_pem: secret, .. } | Self::Client { client_secret: secret, .. } => secret.as_ref().map_or("", ShownOnce::reveal),
        }
    }
}

/// A new public half, where the kind has one.
pub(super) fn public_half(kind: Kind, environment: Environment, brand: &Brand) -> Result<Option<String>, Error> {
    Ok(match kind.public_half(environment) {
        PublicHalf::None => None,
        PublicHalf::Coined(class) => Some(random::public_half(brand, class)?),
        PublicHalf::Uuid => Some(random::uuid()?),
    })
}

/// A new version's secret; of a key pair, and of a client with a key of its own, it is `key`.
///
/// # Errors
/// [`Error::Random`]; the keys of the installation, where the secret is sealed and they are not at hand.
pub(super) fn coin(subject: Subject<'_>, brand: &Brand, keys: &Keys, key: Option<Key>) -> Result<Coined, Error> {
    let public_id = || subject.public_id.unwrap_or_default().to_owned();
    let coined = |version, handed| Coined { version, handed, proved: true };
    match (subject.kind, key) {
        (Kind::KeyPair, Some(Key { public, private, proved })) => {
            let handed = Handed::KeyPair { sdk_id: public_id(), private_key_pem: private.map(Secret::show_once) };
            Ok(Coined { version: of_key(&public), handed, proved })
        }
        (Kind::OauthClient, Some(Key { public, proved, .. })) => {
            Ok(Coined { version: of_key(&public), handed: Handed::Client { client_id: public_id(), client_secret: None }, proved })
        }
        (Kind::Hmac, None) => {
            let class = Class::SecretKey(subject.environment);
            let secret = random::secret(brand, class)?;
            let sealed = keys.keyring()?.seal(subject.id, &secret.digest(), secret.expose().as_bytes())?;
            let version = of_secret(&secret, Material::Sealed(sealed), brand, class);
            Ok(coined(version, Handed::Pair { api_key: public_id(), secret_key: secret.show_once() }))
        }
        (Kind::OauthClient, None) => {
            let class = Class::SecretKey(subject.environment);
            let secret = random::secret(brand, class)?;
            let material = if subject.retrievable {
                Material::Sealed(keys.keyring()?.seal(subject.id, &secret.digest(), secret.expose().as_bytes())?)
            } else {
                Material::Digest
            };
            let version = of_secret(&secret, material, brand, class);
            Ok(coined(version, Handed::Client { client_id: public_id(), client_secret: Some(secret.show_once()) }))
        }
        (Kind::KeyPair, None) => unreachable!("its key was made or handed over before it comes here"),
        (Kind::ApiKey | Kind::Hmac, Some(_)) => unreachable!("a key for it is refused before it comes here"),
        (Kind::ApiKey, None) => {
            let class = Class::ApiKey(subject.environment);
            let secret = random::secret(brand, class)?;
            let version = of_secret(&secret, Material::Digest, brand, class);
            Ok(coined(version, Handed::Key(secret.show_once())))
        }
    }
}

/// The version of a public key.
pub(super) fn of_key(public: &PublicKey) -> NewVersion {
    let digest = public.fingerprint();
    let hint = format!("{} …{:02x}{:02x}", public.key_type(), digest[30], digest[31]);
    NewVersion { digest, material: Material::PublicKey(public.to_stored()), hint, description: None, expires_at: None }
}

fn of_secret(secret: &Secret, material: Material, brand: &Brand, class: Class) -> NewVersion {
    NewVersion { digest: secret.digest(), material, hint: secret_form::masked(brand, class, &secret.hint()), description: None, expires_at: None }
}
