//! What is said about a signature, as JSON; the command line prints the same.

use keywright_domain::catalogue::Scheme;
use keywright_operations::credentials::SignatureExplained;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::words;

/// Why a signature does not fit, or that it does. It holds texts that were signed, and never a MAC under a stored secret.
#[derive(Serialize, ToSchema)]
pub struct SignatureExplainedShape {
    /// How the request is signed.
    #[schema(value_type = words::SignatureScheme)]
    scheme: &'static str,
    /// Whether a verifier would accept the signature that was pasted.
    fits: bool,
    /// What to fix, in one sentence.
    sentence: String,
    /// Whatever else is wrong, a sentence each.
    also: Vec<String>,
    /// Number of the version whose secret or key made the signature; null: none fits.
    version: Option<u32>,
    /// The text that the server builds, a line each, with what is not printable ASCII as escapes; empty: it cannot be built.
    server_text: Vec<String>,
    /// The text that the client signed, in the same form; null: it was not given and could not be found out.
    client_text: Option<Vec<String>>,
    /// Whether the client's text was found out by trying, and not given.
    found_out: bool,
    /// Where the two texts part; null: they are equal, or there is only one.
    first_difference: Option<DifferenceShape>,
    /// What had to be guessed about the request, a sentence each.
    notes: Vec<&'static str>,
}

/// The first byte that differs.
#[derive(Serialize, ToSchema)]
pub struct DifferenceShape {
    /// Counted from 1.
    line: usize,
    /// In bytes, counted from 1.
    column: usize,
    /// What both texts have just before it in this line.
    before: String,
    /// What the server has from there on; empty at the end of its text.
    server: String,
    /// What the client has from there on; empty at the end of its text.
    client: String,
}

impl From<SignatureExplained> for SignatureExplainedShape {
    fn from(explained: SignatureExplained) -> Self {
        let comparison = explained.comparison;
        let client_text = comparison.as_ref().map(|both| both.lines.iter().filter_map(|pair| pair.client.clone()).collect());
        let first = comparison.and_then(|both| both.first);
        Self {
            scheme: Scheme::as_str(explained.scheme),
            fits: explained.fits,
            sentence: explained.sentence,
            also: explained.also,
            version: explained.version,
            server_text: explained.server,
            client_text,
            found_out: explained.found_out,
            first_difference: first.map(|d| DifferenceShape { line: d.line, column: d.column, before: d.before, server: d.server, client: d.client }),
            notes: explained.notes,
        }
    }
}
