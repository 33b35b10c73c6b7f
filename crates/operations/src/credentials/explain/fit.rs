//! Which version made a signature, and in which nearly right way.

use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{Algorithm, PublicKey, algorithms};
use keywright_crypto::scheme::Request;
use keywright_crypto::scheme::explain::{Ask, Sent, Trial, sent};
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::{Credential, Material};
use zeroize::Zeroizing;

use crate::{Error, Keys};

/// What one version proves requests with. It has no `Debug`: it may hold a secret.
pub(super) struct Prover {
    version: u32,
    material: Proves,
}

enum Proves {
    Secret(Zeroizing<Vec<u8>>),
    Key(Box<PublicKey>),
}

/// A signature that fits, in some way.
pub(super) struct Fit {
    /// Whose secret or key made it.
    pub(super) version: u32,
    /// What to do otherwise; none: it was made just as it has to be.
    pub(super) mend: Option<&'static str>,
    /// The text that was signed.
    pub(super) text: Vec<u8>,
    /// What is wrong with how it was written, if anything is.
    pub(super) encoding: Option<&'static str>,
}

/// All versions, the newest first: old ones too, because a program that was forgotten uses them.
///
/// # Errors
/// [`Error::Keys`] where a secret is sealed and the keys of the installation are not at hand.
pub(super) fn provers(credential: &Credential, keys: &Keys) -> Result<Vec<Prover>, Error> {
    let mut provers = Vec::new();
    for version in credential.versions.iter().rev() {
        let material = match &version.material {
            // One that does not open was sealed under a key that is gone: nothing can be tried with it.
            Material::Sealed(sealed) => keys.keyring()?.open(credential.id, &version.digest, sealed).ok().map(Proves::Secret),
            Material::PublicKey(stored) => PublicKey::from_stored(stored).ok().map(|key| Proves::Key(Box::new(key))),
            Material::Digest => None,
        };
        provers.extend(material.map(|material| Prover { version: version.number, material }));
    }
    Ok(provers)
}

/// Whether a signature fits just so, or fits the text that the client says it signed: that tells which form the body had.
pub(super) fn is_exact(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, provers: &[Prover]) -> bool {
    let (Some(text), Some(signature)) = (Trial::Exact.text(request, scheme, ask), sent(request, scheme, ask)) else { return false };
    ask.signed_text == Some(&*text) || provers.iter().any(|prover| prover.fits(Trial::Exact, scheme, &text, &signature.bytes))
}

/// The first trial that fits: the likely ones first, and of each the newest version.
pub(super) fn find(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, provers: &[Prover]) -> Option<Fit> {
    let signature = sent(request, scheme, ask)?;
    let given = ask.signed_text.map(<[u8]>::to_vec);
    for trial in Trial::ALL {
        let texts = trial.text(request, scheme, ask).into_iter();
        // The client's own words say what it signed; they are tried with each form of the secret.
        let own = given.clone().filter(|_| matches!(trial, Trial::Exact | Trial::SecretWithNewline | Trial::SecretTrimmed));
        for text in texts.chain(own) {
            for prover in provers {
                if prover.fits(trial, scheme, &text, &signature.bytes) {
                    let mend = (trial != Trial::Exact).then(|| trial.sentence());
                    return Some(Fit { version: prover.version, mend, text, encoding: signature.encoding });
                }
            }
        }
    }
    by_public_half(request, scheme, ask, provers, &signature)
}

/// The newest version, where the public half was taken for its secret.
fn by_public_half(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, provers: &[Prover], signature: &Sent) -> Option<Fit> {
    const MEND: &str = "the API key was used in the place of the secret key: sign with the secret key, and send the API key beside the signature";
    let newest = provers.iter().find(|prover| matches!(prover.material, Proves::Secret(_)))?;
    let key = MacKey::new(ask.keyid?.as_bytes()).ok()?;
    let text = Trial::Exact.text(request, scheme, ask)?;
    key.verify(&text, &signature.bytes).then_some(Fit { version: newest.version, mend: Some(MEND), text, encoding: signature.encoding })
}

impl Prover {
    fn fits(&self, trial: Trial, scheme: Scheme, text: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Proves::Secret(secret) => MacKey::new(&trial.secret(secret)).is_ok_and(|key| key.verify(text, signature)),
            Proves::Key(key) => possible(key, scheme).any(|algorithm| key.verify(algorithm, text, signature)),
        }
    }
}

/// How a key may sign in a scheme: Yoti's knows one way.
fn possible(key: &PublicKey, scheme: Scheme) -> impl Iterator<Item = Algorithm> {
    algorithms(key.key_type()).iter().copied().filter(move |algorithm| scheme != Scheme::Yoti || *algorithm == Algorithm::RsaPkcs1Sha256)
}
