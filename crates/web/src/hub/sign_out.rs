//! Signing out: here, or everywhere.

use crate::extract::{Form, NoFields, OnPage, SignedIn, Visitor, cookies};
use crate::routes::{Html, Result};

/// Ends this browser's session. Whoever has none is signed out already.
pub(crate) async fn here(visitor: Visitor, Form(NoFields {}): Form<NoFields>) -> Result<Html> {
    if let Some(visit) = visitor.visit() {
        visitor.operations().session_end(&visit.caller, visit.session.id).await?;
    }
    Ok(Html::see("/sign-in").cookie(&cookies::forget(visitor.hub(), visitor.hub().session_cookie())))
}

/// Ends all sessions and access tokens of the person, this one too.
pub(crate) async fn everywhere(visit: OnPage<SignedIn>, Form(NoFields {}): Form<NoFields>) -> Result<Html> {
    visit.operations().sessions_end_all(visit.caller()).await?;
    Ok(Html::see("/sign-in").cookie(&cookies::forget(visit.hub(), visit.hub().session_cookie())))
}
