//! The work of explaining: what a request is taken for, and whose signature it carries. It takes a processor, and no store.

use std::sync::Arc;

use keywright_crypto::scheme::UriScheme;
use keywright_crypto::scheme::explain::{self, Ask, Cause, Explanation, Pasted, paste};
use keywright_crypto::scheme::http_message_signatures::Coverage;
use keywright_crypto::scheme::{Fault, Kind as FaultKind};
use keywright_domain::catalogue::{Catalogue, Scheme, Service};
use keywright_domain::credential::Credential;
use keywright_domain::limits;
use keywright_domain::time::Timestamp;

use super::case::{Case, authorities};
use super::fit::{self, Fit, Prover, Work};
use super::neighbours::Neighbour;
use super::{SignatureExplained, SignatureQuestion, sent_secrets};
use crate::Error;
use crate::form::{CHECKED, Form};

const AS_HTTPS: &str = "it fits as https: if your gateway or proxy tells the verifier http, the verdict is signature_invalid; let it tell what the client used";
const AS_HTTP: &str =
    "it fits as http, and not as https: if your gateway or proxy tells the verifier https, the verdict is signature_invalid; let it tell what the client used";
const AS_NEITHER: &str = "The request does not say whether it was sent by https or http, which its signature covers; https was assumed.";
const NOT_ALL: &str = "Not every way of signing was tried, as the request is long: shorten its headers or its body, and ask again.";

/// What is asked, with all that is known about it.
pub(super) struct Matter {
    pub(super) credential: Credential,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) provers: Vec<Prover>,
    pub(super) question: SignatureQuestion,
    pub(super) now: Timestamp,
}

/// How far the credential alone explains it.
pub(super) enum Looked {
    Told(Box<SignatureExplained>),
    /// None of its secrets or keys fits: another credential's may.
    Unknown(Box<Unknown>),
}

/// A signature that is not by this credential, as far as was tried.
pub(super) struct Unknown {
    matter: Matter,
    seen: Seen,
    work: Work,
}

/// What was found.
struct Seen {
    pasted: Pasted,
    explanation: Explanation,
    found: Option<Fit>,
    at: Option<Timestamp>,
    other_algorithm: bool,
    uri_scheme: Option<&'static str>,
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

impl Matter {
    fn service(&self) -> Option<&Service> {
        self.catalogue.service(&self.credential.service)
    }

    /// Secret keys that were pasted.
    fn secrets(&self) -> Vec<String> {
        let pasted = [Some(&*self.question.request), self.question.signed_text.as_deref()];
        pasted.into_iter().flatten().flat_map(|text| sent_secrets::within(text, &self.catalogue.brands)).collect()
    }

    /// What can be said with this credential's secrets and keys.
    ///
    /// # Errors
    /// [`Error::Invalid`]
    pub(super) fn looked_at(self) -> Result<Looked, Error> {
        let (seen, work) = match self.look()? {
            Ok(seen) => seen,
            Err(explained) => return Ok(Looked::Told(explained)),
        };
        let another = seen.explanation.causes.contains(&Cause::OtherKey);
        if seen.found.is_some() || seen.explanation.text.is_none() || another || work.is_over() {
            return Ok(Looked::Told(Box::new(self.told(&seen, None))));
        }
        Ok(Looked::Unknown(Box::new(Unknown { matter: self, seen, work })))
    }

    /// What is seen, or all that can be said of what cannot be read.
    fn look(&self) -> Result<Result<(Seen, Work), Box<SignatureExplained>>, Error> {
        let Checked { mut pasted, scheme, at } = check(&self.question)?;
        let at = at.or_else(|| pasted.answered_at_s.map(seconds));
        let base_paths = self.base_paths();
        let ask = self.ask(&base_paths, scheme, at);
        // By RFC 9421 a digest tells which body was signed, otherwise the signature itself does.
        pasted.settle(|request| match explain::scheme(request, &ask) {
            Ok(Scheme::HttpMessageSignatures) => explain::is_digested(request),
            Ok(scheme) => fit::is_exact(request, scheme, &ask, &self.provers),
            Err(_) => false,
        });
        // What keeps the scheme itself from being known is all that can be said then.
        let explanation = match explain::explain(&pasted, &ask) {
            Ok(explanation) => explanation,
            Err(fault) => return Ok(Err(Box::new(self.unreadable(scheme, &fault, pasted.notes)))),
        };
        let mut work = Work::new();
        let mut seen = self.seen(pasted, &ask, explanation, &mut work);
        seen.at = at;
        // A clock that is wrong against the client's own `Date` is wrong; one that agrees with it says nothing.
        if at.is_none()
            && let Some(date) = seen.pasted.date_s().map(seconds)
        {
            let dated = explain::explain(&seen.pasted, &self.ask(&base_paths, scheme, Some(date)));
            if let Ok(explanation) = dated
                && explanation.faults.iter().any(|fault| fault.kind() == FaultKind::OutOfWindow)
            {
                (seen.explanation, seen.at) = (explanation, Some(date));
            }
        }
        if work.is_over() {
            seen.pasted.notes.push(NOT_ALL);
        }
        Ok(Ok((seen, work)))
    }

    fn base_paths(&self) -> Vec<&str> {
        self.service().map_or(&[][..], |service| &service.base_paths).iter().map(String::as_str).collect()
    }

    fn ask<'a>(&'a self, base_paths: &'a [&'a str], scheme: Option<Scheme>, at: Option<Timestamp>) -> Ask<'a> {
        Ask {
            scheme,
            keyid: self.credential.public_id.as_deref(),
            coverage: Coverage::STANDARD,
            base_paths,
            now_ms: Some(at.unwrap_or(self.now).us().div_euclid(1_000)),
            window_s: limits::SIGNATURE_WINDOW_S,
            signed_text: self.question.signed_text.as_deref().map(str::as_bytes),
        }
    }

    /// Whose signature it is, by https and by http where the paste tells neither and the signature covers it.
    fn seen(&self, mut pasted: Pasted, ask: &Ask<'_>, explanation: Explanation, work: &mut Work) -> Seen {
        let own: Vec<&str> = self.service().map_or(&[][..], |service| authorities(service, self.credential.environment)).iter().map(String::as_str).collect();
        let scheme = explanation.scheme;
        let mut explanation = explanation;
        let mut find = |pasted: &Pasted| pasted.see(|request| fit::find(request, scheme, ask, &own, &self.provers, work));
        let mut found = find(&pasted);
        let is_open = !pasted.scheme_known && scheme == Scheme::HttpMessageSignatures && pasted.see(|request| explain::covers_uri_scheme(request, ask));
        let mut uri_scheme = None;
        if is_open {
            uri_scheme = Some(AS_HTTPS);
            if found.as_ref().is_none_or(|fit| fit.mend.is_some()) {
                pasted.scheme = UriScheme::Http;
                let other = find(&pasted);
                // A way that is right goes before one that is nearly so.
                let is_better = other.as_ref().is_some_and(|fit| fit.mend.is_none() || found.is_none());
                match explain::explain(&pasted, ask) {
                    Ok(as_http) if is_better => (found, explanation, uri_scheme) = (other, as_http, Some(AS_HTTP)),
                    _ => pasted.scheme = UriScheme::Https,
                }
            }
            if found.is_none() {
                pasted.notes.push(AS_NEITHER);
            }
        }
        let other_algorithm = scheme == Scheme::HttpMessageSignatures && pasted.see(|request| fit::names_another_algorithm(request, ask, &self.provers));
        Seen { pasted, explanation, found, at: None, other_algorithm, uri_scheme }
    }

    fn told(&self, seen: &Seen, neighbour: Option<&Neighbour>) -> SignatureExplained {
        let secrets = self.secrets();
        let case = Case {
            credential: &self.credential,
            service: self.service(),
            explanation: &seen.explanation,
            found: seen.found.as_ref(),
            neighbour: neighbour.map(|neighbour| &*neighbour.called),
            pasted: &seen.pasted,
            now: self.now,
            at: seen.at,
            other_algorithm: seen.other_algorithm,
            secret_sent: !secrets.is_empty(),
            uri_scheme: seen.uri_scheme,
        };
        sent_secrets::hidden(case.told(), &secrets)
    }

    fn unreadable(&self, scheme: Option<Scheme>, fault: &Fault, notes: Vec<&'static str>) -> SignatureExplained {
        let secret_sent = !self.secrets().is_empty();
        let (sentence, also) = if secret_sent { (sent_secrets::SENT.to_owned(), vec![fault.to_string()]) } else { (fault.to_string(), Vec::new()) };
        SignatureExplained {
            scheme: scheme.unwrap_or(Scheme::HttpMessageSignatures),
            fits: false,
            sentence,
            also,
            version: None,
            server: Vec::new(),
            comparison: None,
            found_out: false,
            notes,
        }
    }
}

impl Unknown {
    pub(super) const fn credential(&self) -> &Credential {
        &self.matter.credential
    }

    /// What can be said with the other credentials too.
    pub(super) fn told(mut self, neighbours: &[Neighbour]) -> SignatureExplained {
        let scheme = self.seen.explanation.scheme;
        let base_paths = self.matter.base_paths();
        let ask = self.matter.ask(&base_paths, Some(scheme), self.seen.at);
        let work = &mut self.work;
        let neighbour = self.seen.pasted.see(|request| fit::whose(request, scheme, &ask, neighbours, |one| &one.provers, work));
        self.matter.told(&self.seen, neighbour)
    }
}

const fn seconds(s: i64) -> Timestamp {
    Timestamp::from_us(s.saturating_mul(1_000_000))
}
