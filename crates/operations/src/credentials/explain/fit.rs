//! Which version made a signature, and in which nearly right way.

use keywright_crypto::mac::MacKey;
use keywright_crypto::public_key::{Algorithm, PublicKey, algorithms};
use keywright_crypto::scheme::Request;
use keywright_crypto::scheme::explain::{self, Ask, Change, Sent, Trial, sent};
use keywright_crypto::scheme::http_message_signatures::algorithm;
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::{Credential, Material};
use keywright_domain::limits;
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
    pub(super) mend: Option<String>,
    /// It was made for one of the service's own addresses.
    pub(super) for_declared: bool,
    /// The text that was signed.
    pub(super) text: Vec<u8>,
    /// What is wrong with how it was written, if anything is.
    pub(super) encoding: Option<&'static str>,
}

/// How much may still be tried.
pub(super) struct Work {
    bytes: usize,
}

impl Work {
    pub(super) const fn new() -> Self {
        Self { bytes: limits::EXPLAINING_BYTES_MAX }
    }

    /// Whether more was wanted than may be done.
    pub(super) const fn is_over(&self) -> bool {
        self.bytes == 0
    }

    /// Takes a part of it; nothing more may be done where that is too much.
    fn take(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_sub(bytes);
        !self.is_over()
    }
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

/// The first way that fits: the likely ones first, and of each the newest version.
pub(super) fn find(request: &Request<'_>, scheme: Scheme, ask: &Ask<'_>, authorities: &[&str], provers: &[Prover], work: &mut Work) -> Option<Fit> {
    let signature = sent(request, scheme, ask)?;
    let fit = |version, mend: Option<String>, text| Fit { version, mend, for_declared: false, text, encoding: signature.encoding };
    let right = Trial::Exact.text(request, scheme, ask)?;
    for trial in Trial::ALL {
        let texts = trial.text_beside(request, scheme, ask, &right).into_iter();
        // The client's own words say what it signed; they are tried with each form of the secret.
        let own = ask.signed_text.map(<[u8]>::to_vec).filter(|_| trial == Trial::Exact || trial.is_of_secret());
        for text in texts.chain(own) {
            if let Some(version) = by_one_of(provers, trial, scheme, &text, &signature, work) {
                return Some(fit(version, (trial != Trial::Exact).then(|| trial.sentence().to_owned()), text));
            }
        }
    }
    if let Some((version, mend)) = by_public_half(ask, provers, &right, &signature).or_else(|| by_another_hash(provers, &right, &signature)) {
        return Some(fit(version, Some(mend), right));
    }
    for change in Change::all(request, ask, authorities) {
        // Each makes a text anew, whether it then differs or not.
        if !work.take(right.len()) {
            break;
        }
        let Some(text) = change.text(request, scheme, ask, &right) else { continue };
        if let Some(version) = by_one_of(provers, Trial::Exact, scheme, &text, &signature, work) {
            let for_declared = matches!(change, Change::Authority(_));
            return Some(Fit { for_declared, ..fit(version, Some(change.sentence(request, scheme)), text) });
        }
    }
    None
}

/// Whose of several the signature is, made just as it has to be.
pub(super) fn whose<'n, T>(
    request: &Request<'_>,
    scheme: Scheme,
    ask: &Ask<'_>,
    all: &'n [T],
    provers: impl Fn(&T) -> &[Prover],
    work: &mut Work,
) -> Option<&'n T> {
    let (signature, text) = (sent(request, scheme, ask)?, Trial::Exact.text(request, scheme, ask)?);
    all.iter().find(|one| {
        let own = ask.signed_text.into_iter().chain([&*text]);
        own.into_iter().any(|text| by_one_of(provers(one), Trial::Exact, scheme, text, &signature, work).is_some())
    })
}

/// The version that signed this text.
fn by_one_of(provers: &[Prover], trial: Trial, scheme: Scheme, text: &[u8], signature: &Sent, work: &mut Work) -> Option<u32> {
    let one = provers.iter().find(|prover| work.take(prover.cost(text)) && prover.fits(trial, scheme, text, &signature.bytes))?;
    Some(one.version)
}

/// The newest version, where the public half was taken for its secret.
fn by_public_half(ask: &Ask<'_>, provers: &[Prover], text: &[u8], signature: &Sent) -> Option<(u32, String)> {
    const MEND: &str = "the API key was used in the place of the secret key: sign with the secret key, and send the API key beside the signature";
    let newest = provers.iter().find(|prover| matches!(prover.material, Proves::Secret(_)))?;
    let key = MacKey::new(ask.keyid?.as_bytes()).ok()?;
    key.verify(text, &signature.bytes).then(|| (newest.version, MEND.to_owned()))
}

/// A version whose secret was used with another HMAC.
fn by_another_hash(provers: &[Prover], text: &[u8], signature: &Sent) -> Option<(u32, String)> {
    provers.iter().find_map(|prover| {
        let Proves::Secret(secret) = &prover.material else { return None };
        let name = MacKey::new(secret).ok()?.verify_other(text, &signature.bytes)?;
        Some((prover.version, format!("the signature is an {name} with the right secret: make an HMAC-SHA256")))
    })
}

/// Whether what the signature says of its algorithm keeps it from being accepted, whoever made it.
pub(super) fn names_another_algorithm(request: &Request<'_>, ask: &Ask<'_>, provers: &[Prover]) -> bool {
    let Some(alg) = explain::algorithm(request, ask) else { return false };
    !provers.is_empty()
        && !provers.iter().any(|prover| match &prover.material {
            Proves::Secret(_) => algorithm::is_of_secret(Some(&alg)),
            Proves::Key(key) => algorithm::of_key(key.key_type(), Some(&alg)).next().is_some(),
        })
}

impl Prover {
    #[cfg(test)]
    pub(super) const fn of_secret(version: u32, secret: Zeroizing<Vec<u8>>) -> Self {
        Self { version, material: Proves::Secret(secret) }
    }

    fn fits(&self, trial: Trial, scheme: Scheme, text: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Proves::Secret(secret) => MacKey::new(&trial.secret(secret)).is_ok_and(|key| key.verify(text, signature)),
            // Nothing can be wrong with the form of a key.
            Proves::Key(_) if trial.is_of_secret() => false,
            Proves::Key(key) => possible(key, scheme).any(|algorithm| key.verify(algorithm, text, signature)),
        }
    }

    /// What trying a text costs, in bytes.
    const fn cost(&self, text: &[u8]) -> usize {
        match &self.material {
            Proves::Secret(_) => text.len(),
            Proves::Key(_) => text.len() + limits::EXPLAINING_BYTES_PER_CHECK,
        }
    }
}

/// How a key may sign in a scheme: Yoti's knows one way.
fn possible(key: &PublicKey, scheme: Scheme) -> impl Iterator<Item = Algorithm> {
    algorithms(key.key_type()).iter().copied().filter(move |algorithm| scheme != Scheme::Yoti || *algorithm == Algorithm::RsaPkcs1Sha256)
}
