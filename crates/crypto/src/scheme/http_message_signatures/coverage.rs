//! What the server wants covered, and whether it is.

use super::Signature;
use super::component::Source;
use crate::scheme::content_digest::{self, Checked};
use crate::scheme::fault::Fault;
use crate::scheme::request::Body;

/// What a signature must cover: `@method`, `@authority`, `@path`, `@query` (also where there is none), the body by its `content-digest`, and the
/// parameters `created`, `nonce` and `keyid`. `@target-uri` stands for authority, path and query, `@request-target` for path and query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage<'p> {
    /// Fields that must be covered besides, in lower case.
    pub fields: &'p [&'p str],
}

impl Coverage<'_> {
    /// What every service wants.
    pub const STANDARD: Coverage<'static> = Coverage { fields: &[] };

    /// The components to cover for this method, in the order in which the signer writes them.
    pub fn components(&self, method: &str) -> impl Iterator<Item = &str> {
        let digest = wants_digest(method).then_some(CONTENT_DIGEST);
        REQUIRED.iter().map(|(_, name)| *name).chain(digest).chain(self.fields.iter().copied())
    }

    /// The value of `Accept-Signature` (RFC 9421 section 5.1) for a refusal. The nonce is the client's to choose and the key is the client's own, so
    /// neither is named.
    #[must_use]
    pub fn accept_signature(&self, method: &str) -> String {
        let names: Vec<String> = self.components(method).map(|name| format!("\"{name}\"")).collect();
        format!("sig=({});created", names.join(" "))
    }
}

const CONTENT_DIGEST: &str = "content-digest";

/// What must be covered, and each way of covering it.
const REQUIRED: [(&[Source], &str); 4] = [
    (&[Source::Method], "@method"),
    (&[Source::Authority, Source::TargetUri], "@authority"),
    (&[Source::Path, Source::TargetUri, Source::RequestTarget], "@path"),
    (&[Source::Query, Source::TargetUri, Source::RequestTarget], "@query"),
];

/// Whether requests of this method carry a digest even of an empty body. In any case, although methods have one: some servers take `post` for `POST`.
#[must_use]
pub fn wants_digest(method: &str) -> bool {
    ["POST", "PUT", "PATCH", "DELETE"].iter().any(|known| known.eq_ignore_ascii_case(method))
}

impl Signature<'_, '_> {
    /// Whether the signature can be read in full and covers what it must.
    ///
    /// # Errors
    /// [`Fault::Component`], [`Fault::Parameter`], [`Fault::ParameterMissing`], [`Fault::NotCovered`] with all that is missing.
    pub fn check(&self, coverage: &Coverage<'_>) -> Result<(), Fault> {
        self.check_parameters()?;
        let mut covered = 0_u16;
        for component in self.parts() {
            if let Some(why) = component.fault {
                return Err(component.refused(&self.all.input, why));
            }
            covered |= 1 << component.source as u16;
        }
        let mut missing: Vec<&str> = Vec::new();
        for (ways, name) in REQUIRED {
            if !ways.iter().any(|source| covered & (1 << *source as u16) != 0) {
                missing.push(name);
            }
        }
        if self.must_cover_digest() && !self.covers(CONTENT_DIGEST) {
            missing.push(CONTENT_DIGEST);
        }
        missing.extend(coverage.fields.iter().copied().filter(|name| !self.covers(name)));
        if !missing.is_empty() {
            let names: Vec<String> = missing.iter().map(|name| format!("\"{name}\"")).collect();
            return Err(Fault::NotCovered { components: names.join(", ") });
        }
        let parameters = [("created", self.member.created_s.is_some()), ("nonce", self.member.nonce.is_some()), ("keyid", self.member.keyid.is_some())];
        match parameters.into_iter().find(|(_, there)| !there) {
            Some((name, _)) => Err(Fault::ParameterMissing { name }),
            None => Ok(()),
        }
    }

    /// Compares the body with its digest, which counts only where it is covered.
    ///
    /// # Errors
    /// Those of [`content_digest::check`]; [`Fault::NotCovered`] for a body whose digest is not covered.
    pub fn check_body(&self) -> Result<Checked, Fault> {
        let request = &self.all.request;
        if self.covers(CONTENT_DIGEST) {
            return content_digest::check(request, true);
        }
        match request.body {
            Body::Unseen if !self.must_cover_digest() => Ok(Checked::Unchecked),
            Body::None if !self.must_cover_digest() => Ok(Checked::None),
            _ => Err(Fault::NotCovered { components: format!("\"{CONTENT_DIGEST}\"") }),
        }
    }

    fn must_cover_digest(&self) -> bool {
        let request = &self.all.request;
        wants_digest(request.method) || matches!(request.body, Body::Bytes(_) | Body::Sha256(_) | Body::Sha512(_))
    }

    /// Whether the whole field is covered: one member of it (`key`) is not enough.
    fn covers(&self, field: &str) -> bool {
        self.parts().iter().any(|component| component.source == Source::Field && component.key.is_none() && component.name.of(&self.all.input) == field)
    }
}
