//! Explaining a signature that does not fit: what the server builds, beside what the client signed or must have signed, and one sentence on what to fix.
//!
//! Nothing of what is pasted is stored or logged, and no MAC under a stored secret leaves this module: trials say whether they fit, nothing else.

mod fit;
mod subject;

use keywright_crypto::scheme::Fault;
use keywright_crypto::scheme::explain::{self, Ask, Cause, Comparison, Explanation, Pasted, Trial, paste};
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::Scheme;
use keywright_domain::catalogue::Service;
use keywright_domain::credential::{Credential, Kind, Standing};
use keywright_domain::ids::CredentialId;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

use self::fit::Fit;
use super::organisation;
use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

/// A request whose signature is asked about, as it was pasted.
#[derive(Default)]
pub struct SignatureQuestion {
    /// The text of an HTTP/1.1 message, or a curl command line.
    pub request: String,
    /// The text that the client says it signed.
    pub signed_text: Option<String>,
    /// `http-message-signatures`, `yoti` or `tylt`; none: whichever one's headers the request carries.
    pub scheme: Option<String>,
    /// When the request was sent, in RFC 3339; none: some time ago, so that nothing is said against an old one.
    pub at: Option<String>,
}

/// What can be said about it.
pub struct SignatureExplained {
    /// The scheme that was looked at.
    pub scheme: Scheme,
    /// Whether the signature is one that a verifier accepts, as far as the signature goes.
    pub fits: bool,
    /// What to fix, in one sentence.
    pub sentence: String,
    /// Whatever else is wrong.
    pub also: Vec<String>,
    /// The version whose secret or key made the signature, where that was found out.
    pub version: Option<u32>,
    /// The text that the server builds, line by line, as it can be shown.
    pub server: Vec<String>,
    /// The same beside the text of the client.
    pub comparison: Option<Comparison>,
    /// The client's text was found by trying, and not given.
    pub found_out: bool,
    /// What had to be guessed about the request.
    pub notes: Vec<&'static str>,
}

impl Operations {
    /// Explains the signature of a request that names, or should name, this credential.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Rule::SignsNothing`] for kinds that prove requests in another way; [`Error::Invalid`]; [`Error::Keys`] where the secret
    /// is sealed and the master key is not at hand; [`Error::Store`]
    pub async fn signature_explain(&self, caller: &Caller, id: CredentialId, question: &SignatureQuestion) -> Result<SignatureExplained, Error> {
        let allowed = self.over_credential(caller, Right::View, id).await?;
        organisation(&allowed, id)?;
        let stored = self.store.scope(&allowed)?.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let credential = stored.credential;
        if !signs(credential.kind) {
            return Err(Rule::SignsNothing(credential.kind).into());
        }
        let (catalogue, _) = self.catalogue().await?;
        let service = catalogue.service(&credential.service);
        let now = self.now();
        let Checked { mut pasted, scheme, at } = check(question)?;
        let base_paths: Vec<&str> = service.map_or(&[][..], |s| &s.base_paths).iter().map(String::as_str).collect();
        let ask = Ask {
            scheme,
            keyid: credential.public_id.as_deref(),
            coverage: Coverage::STANDARD,
            base_paths: &base_paths,
            now_ms: Some(at.unwrap_or(now).us().div_euclid(1_000)),
            window_s: limits::SIGNATURE_WINDOW_S,
            signed_text: question.signed_text.as_deref().map(str::as_bytes),
        };
        let provers = fit::provers(&credential, self.keys())?;
        // By RFC 9421 a digest tells which body was signed, otherwise the signature itself does.
        pasted.settle(|request| match explain::scheme(request, &ask) {
            Ok(Scheme::HttpMessageSignatures) => explain::is_digested(request),
            Ok(scheme) => fit::is_exact(request, scheme, &ask, &provers),
            Err(_) => false,
        });
        // What keeps the scheme itself from being known is all that can be said then.
        let explanation = match explain::explain(&pasted, &ask) {
            Ok(explanation) => explanation,
            Err(fault) => return Ok(unreadable(scheme.unwrap_or(Scheme::HttpMessageSignatures), fault.to_string(), pasted.notes)),
        };
        let found = pasted.see(|request| fit::find(request, explanation.scheme, &ask, &provers));
        Ok(Case { credential: &credential, service, explanation: &explanation, found: found.as_ref(), pasted: &pasted, now, at }.told())
    }
}

/// Whether requests are proved by a signature.
#[must_use]
pub const fn signs(kind: Kind) -> bool {
    kind.signs()
}

struct Checked {
    pasted: Pasted,
    scheme: Option<Scheme>,
    at: Option<Timestamp>,
}

fn check(question: &SignatureQuestion) -> Result<Checked, Error> {
    let mut form = Form::default();
    let pasted = form.take("request", paste::read(&question.request));
    let known = |word: &str| Scheme::from_name(word).ok_or_else(|| format!("is not a scheme: write {}", Scheme::ALL.map(Scheme::as_str).join(", ")));
    let scheme = form.take_some("scheme", question.scheme.as_deref().map(known));
    let at = form.take_some("at", question.at.as_deref().map(str::parse::<Timestamp>));
    if question.signed_text.as_ref().is_some_and(|text| text.len() > paste::TEXT_BYTES_MAX) {
        form.bad("signed_text", format!("has more than {} bytes", paste::TEXT_BYTES_MAX));
    }
    form.done()?;
    Ok(Checked { pasted: pasted.expect(CHECKED), scheme, at })
}

fn unreadable(scheme: Scheme, sentence: String, notes: Vec<&'static str>) -> SignatureExplained {
    SignatureExplained { scheme, fits: false, sentence, also: Vec::new(), version: None, server: Vec::new(), comparison: None, found_out: false, notes }
}

/// All that is known about a pasted request.
struct Case<'c> {
    credential: &'c Credential,
    service: Option<&'c Service>,
    explanation: &'c Explanation,
    found: Option<&'c Fit>,
    pasted: &'c Pasted,
    now: Timestamp,
    /// When it was sent, where that was said.
    at: Option<Timestamp>,
}

impl Case<'_> {
    /// Every sentence, the one to begin with first.
    fn sentences(&self) -> Vec<String> {
        let explanation = self.explanation;
        let mut sentences = Vec::new();
        // What was found by trying is certain; the rest is likely.
        sentences.extend(self.found.and_then(|fit| fit.mend.or(fit.encoding)).map(str::to_owned));
        sentences.extend(self.found.and_then(|fit| self.of_state(fit)));
        // A secret that fits is the right one, whatever equal texts let one think.
        let causes = || explanation.causes.iter().filter(|cause| self.found.is_none() || **cause != Cause::SameText);
        let late = |fault: &Fault| self.lateness().is_some_and(|late| late == fault);
        sentences.extend(causes().filter(|cause| !self.lateness().is_some_and(|late| cause.explains(late))).map(ToString::to_string));
        sentences.extend(self.of_service());
        let untold = explanation.faults.iter().filter(|fault| !late(fault) && !causes().any(|cause| cause.explains(fault)));
        sentences.extend(untold.map(ToString::to_string));
        if self.found.is_none() && explanation.text.is_some() {
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

    fn told(self) -> SignatureExplained {
        let explanation = self.explanation;
        let mut sentences = self.sentences();
        let fits = sentences.is_empty();
        if fits {
            sentences.push(Trial::Exact.sentence().to_owned());
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
        let authorities = match self.credential.environment {
            keywright_domain::credential::Environment::Production => &service.production_authorities,
            keywright_domain::credential::Environment::Sandbox => &service.sandbox_authorities,
        };
        let asked = self.pasted.see(|request| request.authority().map(std::borrow::Cow::into_owned));
        if let Ok(asked) = asked
            && scheme == Scheme::HttpMessageSignatures
            && !authorities.is_empty()
            && !authorities.contains(&asked)
        {
            wrong.push(format!("in {} the address of {} is {}: send the request there", self.credential.environment, service.name, authorities.join(" or ")));
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
        Some(format!("version {} signed, which was rotated away: give this program the {} of version {newest}", fit.version, secret(credential.kind)))
    }

    fn fits_nothing(&self) -> String {
        let count = self.credential.versions.len();
        let of = if count == 1 { "the version".to_owned() } else { format!("any of the {count} versions") };
        format!(
            "the signature fits the {} of {of} of this credential in no way that was tried: another one was used, or another text was signed. \
             Compare the text that your program signs with the server's",
            secret(self.credential.kind)
        )
    }
}

const fn secret(kind: Kind) -> &'static str {
    match kind {
        Kind::Hmac => "secret key",
        Kind::KeyPair => "key",
        Kind::ApiKey | Kind::OauthClient => "secret",
    }
}
