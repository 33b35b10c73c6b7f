//! What is said about a pasted request, and in which order.

use keywright_crypto::scheme::explain::{self, Cause, Explanation, Pasted, Trial};
use keywright_crypto::scheme::http_message_signatures::algorithm::OTHER_ALGORITHM;
use keywright_crypto::scheme::{Fault, Kind as FaultKind};
use keywright_domain::catalogue::Service;
use keywright_domain::credential::{Credential, Environment, Kind, Standing};
use keywright_domain::time::Timestamp;

use super::fit::Fit;
use super::{SignatureExplained, sent_secrets};

/// All that is known about a pasted request.
pub(super) struct Case<'c> {
    pub(super) credential: &'c Credential,
    pub(super) service: Option<&'c Service>,
    pub(super) explanation: &'c Explanation,
    pub(super) found: Option<&'c Fit>,
    /// What the credential is called whose signature it is, where it is another one's.
    pub(super) neighbour: Option<&'c str>,
    pub(super) pasted: &'c Pasted,
    pub(super) now: Timestamp,
    /// When it was sent, where that was said.
    pub(super) at: Option<Timestamp>,
    /// The signature says that it was made by an algorithm that the key does not have.
    pub(super) other_algorithm: bool,
    /// A secret stands in what was pasted.
    pub(super) secret_sent: bool,
    /// What the signature says of `http` or `https` where the paste says nothing.
    pub(super) uri_scheme: Option<&'static str>,
}

impl Case<'_> {
    /// Every sentence, the one to begin with first.
    fn sentences(&self) -> Vec<String> {
        let explanation = self.explanation;
        let mut sentences = Vec::new();
        // Whatever else is wrong, that is dangerous.
        sentences.extend(self.secret_sent.then(|| sent_secrets::SENT.to_owned()));
        // What was found by trying is certain; the rest is likely.
        sentences.extend(self.found.and_then(|fit| fit.mend.clone().or_else(|| fit.encoding.map(str::to_owned))));
        sentences.extend(self.neighbour.map(|called| of_neighbour(self.credential.kind, called)));
        sentences.extend(self.other_algorithm.then(|| OTHER_ALGORITHM.to_owned()));
        sentences.extend(self.found.and_then(|fit| self.of_state(fit)));
        // A secret that fits is the right one, whatever equal texts let one think.
        let is_known = self.found.is_some() || self.neighbour.is_some();
        let causes = || explanation.causes.iter().filter(|cause| !is_known || **cause != Cause::SameText);
        let late = |fault: &Fault| self.lateness().is_some_and(|late| late == fault);
        sentences.extend(causes().filter(|cause| !self.lateness().is_some_and(|late| cause.explains(late))).map(ToString::to_string));
        sentences.extend(self.of_service());
        let untold = explanation.faults.iter().filter(|fault| !late(fault) && !causes().any(|cause| cause.explains(fault)));
        sentences.extend(untold.map(ToString::to_string));
        if !is_known && explanation.text.is_some() && explanation.faults.iter().all(leaves_the_text) {
            sentences.push(self.fits_nothing());
        }
        let mut seen = std::collections::HashSet::new();
        sentences.retain(|sentence| seen.insert(sentence.clone()));
        sentences
    }

    /// The fault that the request is old, where nobody said when it was sent: whoever pastes it may do that any time later.
    fn lateness(&self) -> Option<&Fault> {
        let old = |fault: &&Fault| matches!(fault, Fault::OutOfWindow { ahead_s: ..0, .. } | Fault::Expired { .. });
        self.explanation.faults.iter().find(old).filter(|_| self.at.is_none())
    }

    /// What else may keep a right signature from being accepted, by what is known of its credential.
    fn restrictions(&self) -> Vec<String> {
        let restrictions = &self.credential.restrictions;
        let some = |text: String, says: &str| (!text.is_empty()).then(|| format!("{says}: {text}"));
        let networks =
            some(restrictions.networks.to_text(), "this credential is accepted from these networks only, and where the question tells the source_ip");
        let origins = some(restrictions.origins.to_text(), "this credential is accepted from these origins only, and where the question tells the origin");
        let rate = restrictions.rate_limit.map(|limit| format!("this credential is accepted so often, and no more: {limit}"));
        networks.into_iter().chain(origins).chain(rate).collect()
    }

    pub(super) fn told(self) -> SignatureExplained {
        let explanation = self.explanation;
        let mut sentences = self.sentences();
        let fits = sentences.is_empty();
        if fits {
            sentences.push(Trial::Exact.sentence().to_owned());
            sentences.extend(self.uri_scheme.map(str::to_owned));
            sentences.extend(self.restrictions());
        }
        sentences.extend(self.lateness().map(|fault| {
            format!("{fault}, if that is why it was refused (timestamp_out_of_window); or you paste it later: say when it was sent (--at, or the field for it)")
        }));
        let also = sentences.split_off(1);
        // Without a text of the client, the one that it must have signed is the one that fits.
        let tried = || {
            let fit = self.found.filter(|fit| fit.mend.is_some())?;
            let server = explanation.text.as_deref()?;
            (fit.text != server).then(|| explain::compare(server, &fit.text))
        };
        let given = explanation.comparison.clone();
        let found_out = given.is_none();
        let comparison = given.or_else(tried);
        SignatureExplained {
            scheme: explanation.scheme,
            fits,
            sentence: sentences.pop().unwrap_or_default(),
            also,
            version: self.found.map(|fit| fit.version),
            server: explanation.lines().collect(),
            found_out: found_out && comparison.is_some(),
            comparison,
            notes: self.pasted.notes.clone(),
        }
    }

    /// What the service takes.
    fn of_service(&self) -> Vec<String> {
        let Some(service) = self.service else { return Vec::new() };
        let mut wrong = Vec::new();
        let scheme = self.explanation.scheme;
        if !service.schemes.iter().any(|known| known.as_str() == scheme.as_str()) {
            let taken: Vec<&str> = service.schemes.iter().map(|known| known.as_str()).collect();
            wrong.push(format!("{} takes no requests that are signed by {}: sign by {}", service.name, scheme.as_str(), taken.join(" or ")));
        }
        let authorities = authorities(service, self.credential.environment);
        let asked = self.pasted.see(|request| request.authority().map(std::borrow::Cow::into_owned));
        if let Ok(asked) = asked
            && !authorities.is_empty()
            && !authorities.contains(&asked)
            && !self.found.is_some_and(|fit| fit.for_declared)
        {
            let (environment, name, known) = (self.credential.environment, &service.name, authorities.join(" or "));
            wrong.push(format!(
                "in {environment} the address of {name} is {known}: send the request there; if you did, a proxy changed Host and has to pass it on"
            ));
        }
        wrong
    }

    /// What keeps a right signature from being accepted.
    fn of_state(&self, fit: &Fit) -> Option<String> {
        let credential = self.credential;
        match credential.standing(self.now) {
            Standing::Revoked => return Some("the signature is right, and the credential is revoked: make another one".into()),
            Standing::Expired => return Some("the signature is right, and the credential has expired: make another one".into()),
            Standing::Suspended => return Some("the signature is right, and the credential is suspended: resume it".into()),
            Standing::Active => {}
        }
        let version = credential.versions.iter().find(|version| version.number == fit.version)?;
        if version.accepts(self.now) {
            return None;
        }
        let newest = credential.newest();
        Some(format!("version {} signed, which was rotated away: give this program the {} of version {newest}", fit.version, credential.kind.secret_called()))
    }

    fn fits_nothing(&self) -> String {
        let count = self.credential.versions.len();
        let of = if count == 1 { "the version".to_owned() } else { format!("any of the {count} versions") };
        format!(
            "the signature fits the {} of {of} of this credential in no way that was tried: another one was used, or another text was signed. \
             Compare the text that your program signs with the server's",
            self.credential.kind.secret_called()
        )
    }
}

/// Addresses of a service in an environment.
pub(super) fn authorities(service: &Service, environment: Environment) -> &[String] {
    match environment {
        Environment::Production => &service.production_authorities,
        Environment::Sandbox => &service.sandbox_authorities,
    }
}

fn of_neighbour(kind: Kind, called: &str) -> String {
    let what = kind.secret_called();
    format!("the signature was made with the {what} of {called}, and the request names this credential: use the {what} and the public half of the same one")
}

/// Whether the text that was signed can be the right one all the same: then it is worth saying that the signature does not fit it.
const fn leaves_the_text(fault: &Fault) -> bool {
    match fault.kind() {
        FaultKind::OutOfWindow | FaultKind::DigestMismatch => true,
        FaultKind::Invalid => matches!(fault, Fault::NotCovered { .. } | Fault::ParameterMissing { .. }),
        FaultKind::Missing | FaultKind::Malformed | FaultKind::BodyUnavailable => false,
    }
}
