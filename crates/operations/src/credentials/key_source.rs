//! Where the key of a `key_pair` comes from: made here, or handed over, with proof that its private half is held or without. A client
//! (`oauth_client`) may hand one over too, and then proves itself by it in the place of a secret.

use std::fmt;

use keywright_crypto::csr;
use keywright_crypto::key_pair::{KeyPair, PrivateForm};
use keywright_crypto::public_key::{KeyType, PublicKey, challenge, challenge_text, check_challenge};
use keywright_crypto::random::NoRandom;
use keywright_crypto::secret::Secret;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::{Scheme, Service};
use keywright_domain::credential::{Credential, Kind, Material, OwnKey, Version, VersionState};
use keywright_domain::ids::{ApplicationId, OrganisationId};
use keywright_domain::limits;
use keywright_domain::text;
use keywright_domain::time::Timestamp;

use crate::apart::apart;
use crate::form::Form;
use crate::key_making::{self, Cost};
use crate::{Error, Keys, Operations};

/// Where the key comes from, as it was typed. All left out: it is made here, of the type that suits the service; a client gets a secret.
#[derive(Clone, Default)]
pub struct KeySource {
    /// What is made: `rsa-2048`, `rsa-3072`, `rsa-4096`, `p-256`, `p-384` or `ed25519`.
    pub key_type: Option<String>,
    /// How its private half is written: `pkcs1` or `pkcs8`.
    pub pem: Option<String>,
    /// The public key of a key pair that was made elsewhere, as PEM or JWK.
    pub public_key: Option<String>,
    /// The challenge that was signed.
    pub challenge: Option<String>,
    /// The signature over it, in base64.
    pub proof: Option<String>,
    /// A certificate request as PEM: the key, signed by itself, but not for us.
    pub csr: Option<String>,
}

/// Somebody may have pasted a private key.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields().into_iter().filter_map(|(name, value)| value.map(|_| name))).finish()
    }
}

impl KeySource {
    /// Whether a key is handed over.
    const fn is_given(&self) -> bool {
        self.public_key.is_some() || self.csr.is_some()
    }

    fn fields(&self) -> [(&'static str, Option<&str>); 6] {
        let Self { key_type, pem, public_key, challenge, proof, csr } = self;
        [("key_type", key_type), ("pem", pem), ("public_key", public_key), ("challenge", challenge), ("proof", proof), ("csr", csr)]
            .map(|(name, value)| (name, value.as_deref()))
    }
}

/// Where the key comes from, checked.
pub(super) enum Checked {
    /// It is made here.
    Make(KeyType, PrivateForm),
    /// It was handed over, with a signature over a challenge of ours.
    Proved(PublicKey),
    /// It was handed over by somebody who may have found it: a certificate request is shown to many, and a key set to all.
    Unproved(PublicKey),
}

impl Checked {
    /// Whether it takes long until the key is there, so that it is worth looking first whether it will be of use.
    pub(super) const fn takes_long(&self) -> bool {
        matches!(self, Self::Make(key_type, _) if Cost::of(*key_type).is_some())
    }
}

/// The key of a version that is being made.
pub(super) struct Key {
    pub(super) public: PublicKey,
    /// The private half as PEM, where it was made here.
    pub(super) private: Option<Secret>,
    /// [`super::coin::Coined::proved`]
    pub(super) proved: bool,
}

/// What a key is for, as far as it is known.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    pub(super) kind: Option<Kind>,
    /// Whether what is rotated proves itself by a key; none: it is being made.
    pub(super) holds_key: Option<bool>,
    pub(super) service: Option<&'a Service>,
    /// None: proofs are not looked at.
    pub(super) application: Option<ApplicationId>,
    /// Of a rotation: the type of the key that is replaced, which the new one has too where nothing else is said.
    pub(super) present: Option<KeyType>,
    pub(super) keys: &'a Keys,
    pub(super) now: Timestamp,
}

/// Notes what is wrong with the fields. None where it is, for kinds that have no key, and for a client that gets a secret.
///
/// # Errors
/// [`Error::Keys`] where a challenge is to be checked and the master key is not at hand.
pub(super) fn check(form: &mut Form, source: &KeySource, of: Purpose<'_>) -> Result<Option<Checked>, Error> {
    let Some(kind) = of.kind else { return Ok(None) };
    match kind.own_key() {
        OwnKey::Always => {}
        OwnKey::Brought => return of_client(form, source, of),
        OwnKey::Never => {
            let those = Kind::those(|kind| kind.own_key() != OwnKey::Never);
            for (name, _) in source.fields().into_iter().filter(|(_, value)| value.is_some()) {
                form.bad(name, format!("is for credentials of the kinds {those}, and this is of the kind {kind}: leave it out"));
            }
            return Ok(None);
        }
    }
    for (name, value) in [("key_type", &source.key_type), ("pem", &source.pem)] {
        if source.is_given() && value.is_some() {
            form.bad(name, "is for a key that is made here: leave it out where you give the key");
        }
    }
    match given(form, source, of)? {
        None if !source.is_given() => Ok(make(form, source, of)),
        checked => Ok(checked),
    }
}

/// A client stays with its secret or with its key, and no key of one is made here: what it proves itself by, only it should have.
fn of_client(form: &mut Form, source: &KeySource, of: Purpose<'_>) -> Result<Option<Checked>, Error> {
    for (name, value) in [("key_type", &source.key_type), ("pem", &source.pem)] {
        if value.is_some() {
            form.bad(name, "is for a key that is made here, and a client brings its own: give public_key, challenge and proof, or csr");
        }
    }
    match of.holds_key {
        Some(false) if source.is_given() => {
            let name = if source.csr.is_some() { "csr" } else { "public_key" };
            form.bad(name, "this client proves itself by a secret, and stays with it: make another client with the public key instead");
            Ok(None)
        }
        Some(true) if !source.is_given() => {
            form.bad("public_key", "this client proves itself by its own key: give its new public_key with challenge and proof, or csr");
            Ok(None)
        }
        _ => given(form, source, of),
    }
}

/// The key that was handed over, if one was.
fn given(form: &mut Form, source: &KeySource, of: Purpose<'_>) -> Result<Option<Checked>, Error> {
    match (&source.public_key, &source.csr) {
        (Some(_), Some(_)) => {
            form.bad("csr", "is there beside public_key: give one of the two");
            Ok(None)
        }
        (Some(public_key), None) => {
            let key = form.take("public_key", PublicKey::read(public_key));
            prove(form, source, key.as_ref(), of)?;
            Ok(key.map(Checked::Proved))
        }
        (None, csr) => {
            for (name, value) in [("challenge", &source.challenge), ("proof", &source.proof)] {
                if value.is_some() {
                    form.bad(name, "goes with a public_key, which is not there");
                }
            }
            match csr {
                Some(request) => Ok(form.take("csr", csr::read(request)).map(Checked::Unproved)),
                None => Ok(None),
            }
        }
    }
}

/// Whether whoever gives a public key holds its private half.
fn prove(form: &mut Form, source: &KeySource, key: Option<&PublicKey>, of: Purpose<'_>) -> Result<(), Error> {
    if source.challenge.is_none() {
        form.bad("challenge", "the challenge is missing: ask for one, and sign its text with the private key");
    }
    if source.proof.is_none() {
        form.bad("proof", "the signature over the challenge is missing: give it in base64");
    }
    let (Some(challenge), Some(proof), Some(application)) = (&source.challenge, &source.proof, of.application) else { return Ok(()) };
    let challenge = challenge.trim();
    let ours = form.take("challenge", check_challenge(of.keys.master()?, application, challenge, of.now));
    if let (Some(()), Some(key)) = (ours, key) {
        form.take("proof", key.verify_possession(challenge, proof));
    }
    Ok(())
}

/// What is made here. Where requests are signed as Yoti's SDKs sign, what those take is the default; a rotation makes what there is already.
fn make(form: &mut Form, source: &KeySource, of: Purpose<'_>) -> Option<Checked> {
    let yoti = of.service.is_some_and(|service| service.schemes.contains(&Scheme::Yoti));
    let key_type = match source.key_type.as_deref() {
        None => Some(of.present.unwrap_or(if yoti { KeyType::Rsa2048 } else { KeyType::Ed25519 })),
        Some(word) => form.take("key_type", key_type(word)),
    }?;
    let pem = match source.pem.as_deref() {
        None if yoti && key_type.is_rsa() => PrivateForm::Pkcs1,
        None => PrivateForm::Pkcs8,
        Some(word) => form.take("pem", private_form(word, key_type))?,
    };
    Some(Checked::Make(key_type, pem))
}

/// The type of the newest key of a `key_pair` that is in use; none: the credential has no keys.
#[must_use]
pub fn present_type(credential: &Credential, now: Timestamp) -> Option<KeyType> {
    let in_use = |version: &&Version| matches!(version.state_at(now), VersionState::Active | VersionState::Retiring { .. });
    credential.versions.iter().rev().find(in_use).filter(|_| credential.kind.is_key_pair()).and_then(type_of)
}

/// The type of a version's key; none: its material is no public key.
#[must_use]
pub fn type_of(version: &Version) -> Option<KeyType> {
    match &version.material {
        Material::PublicKey(stored) => PublicKey::from_stored(stored).ok().map(|key| key.key_type()),
        Material::Digest | Material::Sealed(_) => None,
    }
}

/// The type with this word.
///
/// # Errors
/// A sentence that names all of them.
pub fn key_type(word: &str) -> Result<KeyType, String> {
    let known = || KeyType::ALL.map(KeyType::word).join(", ");
    KeyType::from_word(word).ok_or_else(|| format!("{:?} is not a type of key; write one of {}", text::repeated(word), known()))
}

/// The form with this word, where keys of this type have it.
///
/// # Errors
/// A sentence that says what to write.
pub fn private_form(word: &str, key_type: KeyType) -> Result<PrivateForm, String> {
    match word {
        "pkcs8" => Ok(PrivateForm::Pkcs8),
        "pkcs1" if key_type.is_rsa() => Ok(PrivateForm::Pkcs1),
        "pkcs1" => Err(format!("pkcs1 is a form of RSA keys, and this one is {key_type}: write pkcs8")),
        other => Err(format!("{:?} is not a form of private keys: write pkcs8, or for RSA keys pkcs1", text::repeated(other))),
    }
}

/// The key: made now, where it was not handed over.
///
/// # Errors
/// [`Error::Random`]; [`Error::Store`] with [`StoreError::Busy`](keywright_store::StoreError::Busy) where too many others have keys made.
pub(super) async fn key(organisation: OrganisationId, checked: Checked) -> Result<Key, Error> {
    match checked {
        Checked::Proved(public) => Ok(Key { public, private: None, proved: true }),
        Checked::Unproved(public) => Ok(Key { public, private: None, proved: false }),
        Checked::Make(key_type, form) => Ok(match Cost::of(key_type) {
            Some(cost) => {
                let turn = key_making::turn(organisation, cost).await?;
                apart("key-making", move || {
                    // Held until the work is done, also where nobody waits for it any more.
                    let _turn = turn;
                    pair(key_type, form)
                })
                .await?
                .ok_or(NoRandom)??
            }
            None => pair(key_type, form)?,
        }),
    }
}

fn pair(key_type: KeyType, form: PrivateForm) -> Result<Key, NoRandom> {
    let pair = KeyPair::generate(key_type)?;
    let private = pair.to_pem(form).expect("PKCS#1 is chosen for RSA keys only");
    Ok(Key { public: pair.public().clone(), private: Some(private), proved: true })
}

/// A challenge, and what to do with it.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// To be given back beside the signature.
    pub challenge: String,
    /// What is signed: these bytes exactly, in two lines without a newline at the end.
    pub text: String,
    /// It counts until then.
    pub expires_at: Timestamp,
}

impl Challenge {
    /// Lines for a shell that sign it with `private-key.pem` by openssl and print the proof, each with the types of key that it is for.
    #[must_use]
    pub fn signing_lines(&self) -> [(&'static str, String); 3] {
        let print = format!("printf 'Keywright key possession\\n%s' '{}'", self.challenge);
        let digest = |name: &str| format!("{print} | openssl dgst -{name} -sign private-key.pem | openssl base64 -A");
        // openssl signs by Ed25519 from a file only: it has to read the message twice.
        let ed25519 = format!("{print} > challenge.txt && openssl pkeyutl -sign -rawin -inkey private-key.pem -in challenge.txt | openssl base64 -A");
        [("RSA or P-256", digest("sha256")), ("P-384", digest("sha384")), ("Ed25519", ed25519)]
    }
}

impl Operations {
    /// A challenge to prove that the private half of a key is held, for credentials of this application. Nothing is stored.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Keys`], [`Error::Random`], [`Error::Store`]
    pub async fn key_challenge(&self, caller: &Caller, application: ApplicationId) -> Result<Challenge, Error> {
        self.over_application(caller, Right::Edit, application).await?;
        let expires_at = self.now().plus(limits::KEY_CHALLENGE);
        let challenge = challenge(self.keys().master()?, application, expires_at)?;
        let text = String::from_utf8(challenge_text(&challenge)).expect("a line of ours and base64 are ASCII");
        Ok(Challenge { challenge, text, expires_at })
    }
}
