//! `/keys/{credential}/explain`: why a signature was refused. What is pasted stands on the page that answers, and nowhere else.

use askama::Template;
use hyper::StatusCode;
use keywright_domain::caller::Right;
use keywright_operations::credentials::{CredentialView, SignatureExplained, SignatureQuestion, signs};
use serde::Deserialize;

use crate::extract::rights::View;
use crate::extract::{Form, OfCredential, OnPage};
use crate::hub::forms::{Field, Wrong, mendable};
use crate::hub::frame::Frame;
use crate::hub::parts::{Crumb, EnvironmentLabel};
use crate::kinds::words;
use crate::problem::Problem;
use crate::routes::{Html, Result};

#[derive(Template)]
#[template(path = "keys/explain.html")]
struct Page {
    frame: Frame,
    crumbs: Vec<Crumb>,
    action: String,
    back: String,
    environment: EnvironmentLabel,
    /// What the public half is called, and itself.
    public_half: Option<(&'static str, String)>,
    /// Whether requests are signed with a credential of this kind.
    signs: bool,
    /// What is sent where they are not.
    sent: &'static str,
    wrong: Vec<Wrong>,
    request: Field,
    signed_text: Field,
    at: Field,
    explained: Option<Explained>,
}

/// What was found out.
struct Explained {
    sentence: String,
    also: Vec<String>,
    fits: bool,
    version: Option<u32>,
    scheme: &'static str,
    found_out: bool,
    /// Both texts, or the server's alone.
    rows: Vec<Row>,
    beside: bool,
    difference: Option<Difference>,
    notes: Vec<&'static str>,
}

/// A line of each text.
struct Row {
    number: usize,
    server: Option<String>,
    client: Option<String>,
    differs: bool,
    /// The first difference is in it.
    first: bool,
}

struct Difference {
    line: usize,
    column: usize,
    before: String,
    server: String,
    client: String,
}

/// What was pasted.
#[derive(Deserialize, Default)]
pub(crate) struct Pasted {
    #[serde(default)]
    request: String,
    #[serde(default)]
    signed_text: String,
    #[serde(default)]
    at: String,
}

impl Pasted {
    /// Browsers end the lines of a form with CR LF. A message's own ends are found by its length; those of a command and of a signed text are mended here.
    fn question(&self) -> SignatureQuestion {
        let feeds = |text: &str| text.replace("\r\n", "\n");
        let is_command = self.request.trim_start().trim_start_matches("$ ").starts_with("curl");
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        SignatureQuestion {
            request: if is_command { feeds(&self.request) } else { self.request.clone() },
            signed_text: some(&feeds(&self.signed_text)),
            scheme: None,
            at: some(self.at.trim()),
        }
    }
}

impl Explained {
    fn of(explained: SignatureExplained) -> Self {
        let first = explained.comparison.as_ref().and_then(|both| both.first.clone());
        let at = first.as_ref().map(|first| first.line);
        let (rows, beside) = match explained.comparison {
            Some(both) => {
                let row = |(number, pair): (usize, keywright_crypto::scheme::explain::Pair)| Row {
                    number,
                    differs: pair.server != pair.client,
                    first: at == Some(number),
                    server: pair.server,
                    client: pair.client,
                };
                ((1..).zip(both.lines).map(row).collect(), true)
            }
            None => {
                let row = |(number, line)| Row { number, server: Some(line), client: None, differs: false, first: false };
                ((1..).zip(explained.server).map(row).collect(), false)
            }
        };
        let difference = first.map(|d| Difference { line: d.line, column: d.column, before: d.before, server: d.server, client: d.client });
        Self {
            sentence: sentence(&explained.sentence),
            also: explained.also.iter().map(|text| sentence(text)).collect(),
            fits: explained.fits,
            version: explained.version,
            scheme: explained.scheme.as_str(),
            found_out: explained.found_out,
            rows,
            beside,
            difference,
            notes: explained.notes,
        }
    }
}

/// With a capital letter and a full stop, as it stands by itself on a page.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let end = if text.ends_with('.') { "" } else { "." };
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>() + end)
}

async fn page(
    visit: &OnPage<OfCredential<View>>,
    view: &CredentialView,
    typed: &Pasted,
    wrong: Vec<Wrong>,
    explained: Option<SignatureExplained>,
) -> Result<Page> {
    let (catalogue, _) = visit.operations().catalogue().await?;
    let credential = &view.shown.credential;
    let (frame, crumbs) = super::framed(visit, "Explain a signature".to_owned(), view, true).await?;
    let field = |name, value: &str| Field::new(name, value).checked(&wrong);
    let back = format!("/keys/{}", visit.id);
    Ok(Page {
        frame,
        crumbs,
        action: format!("{back}/explain"),
        back,
        environment: super::label(view, &catalogue),
        public_half: words(credential.kind).public_half.zip(credential.public_id.clone()),
        signs: signs(credential.kind),
        sent: if credential.kind.is_bearer() { "the key itself is sent" } else { "an access token is sent, which the consumer key and secret get" },
        request: field("request", &typed.request),
        signed_text: field("signed_text", &typed.signed_text),
        at: field("at", &typed.at),
        explained: explained.map(Explained::of),
        wrong,
    })
}

/// The box to paste into.
pub(crate) async fn ask(visit: OnPage<OfCredential<View>>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::View, visit.id).await?;
    Html::page(&page(&visit, &view, &Pasted::default(), Vec::new(), None).await?)
}

/// What is wrong with the signature that was pasted.
pub(crate) async fn explain(visit: OnPage<OfCredential<View>>, Form(typed): Form<Pasted>) -> Result<Html> {
    let view = visit.operations().credential_view(visit.caller(), Right::View, visit.id).await?;
    match visit.operations().signature_explain(visit.caller(), visit.id, typed.question()).await {
        Ok(explained) => Html::page(&page(&visit, &view, &typed, Vec::new(), Some(explained)).await?),
        Err(error) => {
            // What is wrong with a pasted request is a sentence of its own.
            let wrong = mendable(Problem::from(error), &[("request", ""), ("signed_text", "The signed text"), ("at", "The time")])?;
            Html::page_as(StatusCode::BAD_REQUEST, &page(&visit, &view, &typed, wrong, None).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_that_a_browser_adds_are_taken_away_where_no_length_tells_them() {
        let pasted = |request: &str, signed: &str| Pasted { request: request.into(), signed_text: signed.into(), at: " ".into() }.question();
        let curl = pasted("$ curl \\\r\n  https://h/", "a\r\nb");
        assert_eq!((curl.request.as_str(), curl.signed_text.as_deref(), curl.at), ("$ curl \\\n  https://h/", Some("a\nb"), None));
        let message = pasted("GET / HTTP/1.1\r\nHost: h\r\n\r\n", "");
        assert_eq!((message.request.as_str(), message.signed_text), ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", None));
    }

    #[test]
    fn a_sentence_stands_by_itself() {
        assert_eq!(sentence("the body was changed"), "The body was changed.");
        assert_eq!(sentence(""), "");
    }
}
