//! What the credentials of a store are made of: by kind, so many that no list of them has to be kept.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use keywright_crypto::digest;
use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::keyring::Keyring;
use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{KeyType, PublicKey};
use keywright_crypto::seal::MasterKey;
use keywright_domain::credential::secret_form;
use keywright_domain::credential::{Kind, Material, NewVersion};
use keywright_domain::ids::CredentialId;

use crate::dataset::{PERMISSION, SERVICE};
use crate::keys::{key, mixed};
use crate::signing::Signer;

/// Key pairs whose private halves are kept, so that requests can be signed: those of the first credentials.
const SIGNERS: usize = 1_000;
/// The same for RSA, whose keys take long to make.
const RSA_SIGNERS: usize = 8;
/// The file beside the store with those private keys.
const SIGNERS_FILE: &str = "signers.pem";
/// What ends each of them.
const PEM_END: &str = "-----END PRIVATE KEY-----\n";
/// The byte that begins the stored form of a public key, and then its modulus.
const STORED_HEAD: usize = 1;

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    ApiKeys,
    Hmac,
    P256,
    Ed25519,
    Rsa2048,
}

impl Made {
    /// What stands in the name of a store in the cache.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::ApiKeys => "",
            Self::Hmac => "-hmac",
            Self::P256 => "-p-256",
            Self::Ed25519 => "-ed25519",
            Self::Rsa2048 => "-rsa-2048",
        }
    }

    /// Its kind.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::ApiKeys => Kind::ApiKey,
            Self::Hmac => Kind::Hmac,
            Self::P256 | Self::Ed25519 | Self::Rsa2048 => Kind::KeyPair,
        }
    }

    /// Whether it has a public key.
    pub(crate) const fn is_pair(self) -> bool {
        matches!(self.kind(), Kind::KeyPair)
    }

    /// The service that it is for.
    pub(crate) const fn service(self) -> &'static str {
        match self.kind() {
            Kind::ApiKey => SERVICE,
            Kind::Hmac => "payments",
            Kind::OauthClient | Kind::KeyPair => "digital-id",
        }
    }

    /// Permissions of that service: the one that each credential holds, and others, of which each of some sets holds some.
    pub(crate) const fn permissions(self) -> &'static [&'static str] {
        match self.kind() {
            Kind::ApiKey => &[PERMISSION, "payouts:write", "customers:read", "webhooks:write"],
            Kind::Hmac => &["payouts:write", "payins:write", "balances:read"],
            Kind::OauthClient | Kind::KeyPair => &["sessions:write", "sessions:read"],
        }
    }

    /// The public half of the credential with this number.
    pub(crate) fn public_id(self, n: u64) -> Option<String> {
        match self.kind() {
            Kind::ApiKey => None,
            Kind::Hmac => Some(coined("kw_ak_live_", n)),
            Kind::OauthClient | Kind::KeyPair => {
                let (a, b) = (mixed(n), mixed(!n));
                let (second, third, fourth) = (a >> 16 & 0xffff, a & 0xfff, b >> 48 & 0x3fff | 0x8000);
                Some(format!("{:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{:012x}", a >> 32, b & 0xffff_ffff_ffff))
            }
        }
    }

    const fn key_type(self) -> Option<(KeyType, usize)> {
        match self {
            Self::ApiKeys | Self::Hmac => None,
            Self::P256 => Some((KeyType::P256, SIGNERS)),
            Self::Ed25519 => Some((KeyType::Ed25519, SIGNERS)),
            Self::Rsa2048 => Some((KeyType::Rsa2048, RSA_SIGNERS)),
        }
    }

    /// What signs in the name of the credentials of a store that was made before: of some of those with key pairs.
    ///
    /// # Errors
    /// The store has no such credentials.
    pub(crate) fn signers(self, data: &Path, live: u64) -> Result<Vec<Signer>> {
        let public_id = |n: u64| self.public_id(n).unwrap_or_default();
        if self == Self::Hmac {
            let signer = |n| Ok(Signer::Secret { public_id: public_id(n), key: MacKey::new(secret(n).as_bytes())? });
            return (0..live.min(SIGNERS as u64)).map(signer).collect();
        }
        let text = fs::read_to_string(data.join(SIGNERS_FILE))?;
        let pairs = text.split_inclusive(PEM_END).map(|pem| KeyPair::from_pem(pem).map_err(|e| anyhow::anyhow!("{e}")));
        pairs.enumerate().map(|(n, pair)| Ok(Signer::Pair { public_id: public_id(n as u64), pair: pair? })).collect()
    }
}

/// Makes versions. What it holds lives as long as the program.
#[derive(Clone, Copy)]
pub(crate) struct Maker {
    made: Made,
    keyring: Option<&'static Keyring>,
    pairs: &'static [KeyPair],
}

impl Maker {
    /// One for the store in this directory, which has its master key. Private keys that requests will be signed with are put beside it.
    ///
    /// # Errors
    /// There is no master key, or the files cannot be read and written.
    pub(crate) fn new(made: Made, data: &Path) -> Result<Self> {
        let mut maker = Self { made, keyring: None, pairs: &[] };
        if made == Made::Hmac {
            let master = MasterKey::from_hex(fs::read_to_string(data.join("master.key"))?.trim()).map_err(|e| anyhow::anyhow!("{e}"))?;
            maker.keyring = Some(Box::leak(Box::new(Keyring::of(&master))));
        }
        if let Some((key_type, count)) = made.key_type() {
            let pairs = (0..count).map(|_| KeyPair::generate(key_type)).collect::<Result<Vec<_>, _>>()?;
            let mut text = String::new();
            for pair in &pairs {
                text.push_str(pair.to_pem(PrivateForm::Pkcs8)?.expose());
            }
            fs::write(data.join(SIGNERS_FILE), text)?;
            maker.pairs = Box::leak(pairs.into_boxed_slice());
        }
        Ok(maker)
    }

    /// The first version of the credential with this number.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn version(self, credential: CredentialId, n: u64) -> Result<NewVersion> {
        let (digest, material, hint) = match (self.made, self.keyring) {
            (Made::ApiKeys, _) => {
                let key = key(n);
                (digest::sha256(key.as_bytes()), Material::Digest, key[key.len() - 4..].to_owned())
            }
            (Made::Hmac, keyring) => {
                let secret = secret(n);
                let digest = digest::sha256(secret.as_bytes());
                let sealed = keyring.context("no keyring")?.seal(credential, &digest, secret.as_bytes())?;
                (digest, Material::Sealed(sealed), format!("kw_sk_live_…{}", &secret[secret.len() - 4..]))
            }
            (Made::P256 | Made::Ed25519 | Made::Rsa2048, _) => {
                let public = self.public_key(n)?;
                let digest = public.fingerprint();
                (digest, Material::PublicKey(public.to_stored()), format!("{} …{:02x}{:02x}", public.key_type(), digest[30], digest[31]))
            }
        };
        Ok(NewVersion { digest, material, hint, description: None, expires_at: None })
    }

    /// A key of its own for each. Of RSA only the first ones are real: a million would take fifteen hours. The others are the modulus of a real one
    /// with other bits in its middle, which nobody has a private key for; they are as long, and odd, and loaded as every other is.
    fn public_key(self, n: u64) -> Result<PublicKey> {
        let at = usize::try_from(n)?;
        if let Some(pair) = self.pairs.get(at) {
            return Ok(pair.public().clone());
        }
        let (key_type, _) = self.made.key_type().context("no key pair")?;
        if key_type != KeyType::Rsa2048 {
            return Ok(KeyPair::generate(key_type)?.public().clone());
        }
        let real = self.pairs.get(at % self.pairs.len().max(1)).context("no real key")?;
        let mut stored = real.public().to_stored();
        for (word, place) in (0u64..).zip(stored[STORED_HEAD + 16..STORED_HEAD + 240].chunks_exact_mut(8)) {
            place.copy_from_slice(&mixed(n ^ word << 48).to_be_bytes());
        }
        PublicKey::from_stored(&stored).map_err(|e| anyhow::anyhow!("{e}"))
    }
}

/// The secret of the `hmac` credential with this number.
fn secret(n: u64) -> String {
    coined("kw_sk_live_", n)
}

/// A text of our form with this beginning.
fn coined(start: &str, n: u64) -> String {
    let key = key(n ^ (u64::from(start.as_bytes()[3])) << 56);
    let mut text = format!("{start}{}", &key["kw_live_".len()..key.len() - secret_form::CHECK_DIGITS]);
    secret_form::complete(&mut text);
    text
}
