//! Explaining a signature that does not fit: what the server builds, beside what the client signed or must have signed, and one sentence on what to fix.
//!
//! Nothing of what is pasted is stored or logged, and no MAC under a stored secret leaves this module: trials say whether they fit, nothing else.

mod case;
mod fit;
mod matter;
mod neighbours;
mod sent_secrets;
mod subject;
#[cfg(test)]
mod tests;
mod turns;

use keywright_crypto::scheme::explain::Comparison;
use keywright_domain::caller::{Caller, Right};
use keywright_domain::catalogue::Scheme;
use keywright_domain::credential::Kind;
use keywright_domain::ids::CredentialId;
use keywright_store::StoreError;

use self::matter::{Looked, Matter};
use super::organisation;
use crate::apart::apart;
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
    /// is sealed and the master key is not at hand; [`Error::Store`] also while others have theirs explained
    pub async fn signature_explain(&self, caller: &Caller, id: CredentialId, question: SignatureQuestion) -> Result<SignatureExplained, Error> {
        let allowed = self.over_credential(caller, Right::View, id).await?;
        let organisation = organisation(&allowed, id)?;
        let stored = self.store.scope(&allowed)?.credential(id).await?.ok_or_else(|| Error::not_found("credential", id))?;
        let credential = stored.credential;
        if !signs(credential.kind) {
            return Err(Rule::SignsNothing(credential.kind).into());
        }
        let (catalogue, _) = self.catalogue().await?;
        // Before secrets are opened, for somebody who has to wait.
        let turn = turns::turn(organisation).await?;
        let provers = fit::provers(&credential, self.keys())?;
        let matter = Matter { credential, catalogue, provers, question, now: self.now() };
        let looked = at_work(move || {
            // Held until the work is done, also where nobody waits for it any more.
            matter.looked_at().map(|looked| (looked, turn))
        })
        .await??;
        let (looked, turn) = match looked {
            (Looked::Told(explained), _) => return Ok(*explained),
            (Looked::Unknown(unknown), turn) => (unknown, turn),
        };
        let neighbours = self.neighbours(caller, &allowed, looked.credential()).await?;
        at_work(move || {
            let _turn = turn;
            looked.told(&neighbours)
        })
        .await
    }
}

/// On a thread that those who answer requests go before.
async fn at_work<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = apart("explaining", work).await?;
    Ok(done.ok_or_else(|| StoreError::Busy { waited_ms: 0, detail: "the request could not be explained".to_owned() })?)
}

/// Whether requests are proved by a signature.
#[must_use]
pub const fn signs(kind: Kind) -> bool {
    kind.signs()
}
