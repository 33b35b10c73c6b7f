//! A form that could not be taken, because its session had ended or was another one: nothing that was typed is lost.
//!
//! What was typed is handed from page to page as a hidden field, and never stands in a URL, a cookie or the store. At the end its owner reads it
//! once more and sends it with the token of the session that they have now.

use askama::Template;
use hyper::StatusCode;

use crate::extract::{Visitor, fields, form, origin};
use crate::hub::frame::{Frame, own_path};
use crate::hub::sign_in;
use crate::problem::{Kind, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Html, Reply, Result};

/// Where a form was sent, and what stood in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptForm {
    /// A path of ours.
    to: String,
    fields: Vec<(String, String)>,
}

/// A field as it is shown again.
struct Shown {
    label: String,
    /// None: it may be a secret, which travels on unseen.
    value: Option<String>,
}

/// Characters of a value that are shown; all of it is sent.
const SHOWN_CHARS: usize = 200;

/// Parts of names under which somebody may have pasted a secret.
const SECRETS: [&str; 4] = ["credential", "secret", "token", "code"];

/// Fields that are about sending, not about what is sent.
const OF_SENDING: [&str; 3] = ["csrf", "once", "kept"];

impl KeptForm {
    /// What was sent to this path.
    pub(crate) fn sent(to: &str, body: &[u8]) -> Self {
        let fields = form_urlencoded::parse(body).into_owned().filter(|(name, _)| name != "csrf").collect();
        Self { to: own_path(to).to_owned(), fields }
    }

    /// As a hidden field has it.
    pub(crate) fn write(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair("to", &self.to).extend_pairs(&self.fields).finish()
    }

    /// What [`write`](Self::write) wrote; none: nothing is kept.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut pairs = form_urlencoded::parse(text.as_bytes()).into_owned();
        let (_, to) = pairs.next().filter(|(name, _)| name == "to")?;
        Some(Self { to: own_path(&to).to_owned(), fields: pairs.filter(|(name, _)| name != "csrf").collect() })
    }

    /// The page of the key of which it shows a secret again; none: it is another form.
    fn reveals(&self) -> Option<&str> {
        let (page, rest) = self.to.split_once("/secrets/")?;
        (page.starts_with("/keys/") && rest.ends_with("/reveal")).then_some(page)
    }

    fn shown(&self) -> Vec<Shown> {
        let told = self.fields.iter().filter(|(name, value)| !OF_SENDING.contains(&name.as_str()) && !value.is_empty());
        told.map(|(name, value)| {
            let mut words = name.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            let secret = SECRETS.iter().any(|part| name.contains(part));
            let cut = value.char_indices().nth(SHOWN_CHARS).map(|(end, _)| format!("{}…", &value[..end]));
            Shown { label: words, value: (!secret).then(|| cut.unwrap_or_else(|| value.clone())) }
        })
        .collect()
    }
}

/// Why it is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    /// Its session had ended, and its owner has signed in again.
    SignedInAgain,
    /// It was made in another session than the one that is there now.
    AnotherSession,
}

#[derive(Template)]
#[template(path = "kept_form.html")]
struct Page<'a> {
    frame: Frame,
    because: Because,
    to: &'a str,
    fields: &'a [(String, String)],
    shown: Vec<Shown>,
    /// It shows a secret again: the page of the key.
    reveals: Option<&'a str>,
}

/// What was typed, to be read and sent again. The frame is of somebody who has signed in.
pub(crate) fn page(mut frame: Frame, kept: &KeptForm, because: Because) -> Result<Html> {
    let reveals = kept.reveals();
    frame.title = if reveals.is_some() { "Show the secret" } else { "Send it again" }.to_owned();
    frame.path = "/".to_owned();
    let status = match because {
        Because::SignedInAgain => StatusCode::OK,
        Because::AnotherSession => StatusCode::FORBIDDEN,
    };
    Html::page_as(status, &Page { frame, because, to: &kept.to, fields: &kept.fields, shown: kept.shown(), reveals })
}

/// Bytes of a form that is kept while somebody signs in; with its characters escaped once more it still fits into the form for that.
const KEPT_BYTES_MAX: usize = 24 * 1024;

/// What becomes of a form whose session has ended, or whose token is another session's.
///
/// # Errors
/// The refusal itself, where there is nothing to keep, or where the browser does not say that a page of ours sent it: whoever sends somebody else's
/// form must not find it on a page that only waits for a click.
pub(crate) async fn sent_in_vain(call: &mut Call, refusal: Problem) -> Result<Reply> {
    let ended = refusal.kind() == Kind::SignInNeeded;
    if origin::from_our_page(call.app(), call.parts()).is_err() || !form::is_fields(&call.parts().headers) {
        return if ended { Ok(Reply::see("/sign-in")) } else { Err(refusal) };
    }
    call.read_body_of(KEPT_BYTES_MAX).await.map_err(|problem| match problem.kind() {
        Kind::ContentTooLarge => {
            let told = "Your session has ended, and what you sent is too large to be kept meanwhile. Sign in in another tab, then go back and send it again.";
            Problem::new(Kind::ContentTooLarge, told).closing()
        }
        _ => problem,
    })?;
    fields::pairs(call.body())?;
    let visitor = Visitor::take(call)?;
    let path = call.parts().uri.path();
    if path == "/theme" {
        return Ok(Reply::see("/"));
    }
    if path.starts_with("/sign-in") {
        // Whoever has signed in meanwhile, in another tab, wanted what they had sent before.
        let kept = form_urlencoded::parse(call.body()).find(|(name, _)| name == "kept").and_then(|(_, kept)| KeptForm::read(&kept));
        return match kept {
            Some(kept) => Ok(page(visitor.frame(""), &kept, Because::SignedInAgain)?.into_reply()),
            None => Ok(Reply::see("/")),
        };
    }
    let kept = KeptForm::sent(path, call.body());
    Ok(if ended { sign_in::session_ended(&visitor, &kept)? } else { page(visitor.frame(""), &kept, Because::AnotherSession)? }.into_reply())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_comes_back_whole_and_leads_to_ours_only() {
        let kept = KeptForm::sent("/applications/app_1", "name=A+%26+B&csrf=00&once=k&networks=10.0.0.0%2F8&networks=%F0%9F%94%91".as_bytes());
        assert_eq!(KeptForm::read(&kept.write()).unwrap(), kept);
        assert_eq!(kept.fields[0].1, "A & B");
        assert!(kept.fields.iter().all(|(name, _)| name != "csrf"));
        assert_eq!(KeptForm::read("to=%2F%2Fevil.example&a=b").unwrap().to, "/");
        assert!(KeptForm::read("").is_none() && KeptForm::read("a=b").is_none());
    }

    #[test]
    fn a_secret_that_waits_to_be_shown_is_told_from_what_waits_to_be_sent() {
        let reveals = |to: &str| KeptForm::sent(to, b"").reveals().map(str::to_owned);
        assert_eq!(reveals("/keys/key_1/secrets/2/reveal").as_deref(), Some("/keys/key_1"));
        for other in ["/keys/key_1/secrets/2/revoke", "/keys/key_1/secrets/new", "/applications/app_1/secrets/2/reveal"] {
            assert_eq!(reveals(other), None, "{other}");
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let kept = KeptForm::sent("/provider/leaks", "credential=kw_live_x&internal_name=y&once=k&empty=".as_bytes());
        let shown = kept.shown();
        assert_eq!(shown.len(), 2);
        assert_eq!((shown[0].value.as_deref(), shown[1].value.as_deref(), shown[1].label.as_str()), (None, Some("y"), "Internal name"));
    }
}
