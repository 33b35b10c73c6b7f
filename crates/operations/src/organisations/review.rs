//! What operators do with organisations: finding and reviewing them.

use keywright_domain::caller::{Caller, Right};
use keywright_domain::ids::OrganisationId;
use keywright_domain::organisation::Decision;
use keywright_domain::{limits, text};
use keywright_store::organisations::{Organisation, Search};
use keywright_store::{AuditEntry, Done};
use serde_json::json;

use crate::form::{CHECKED, Form};
use crate::{Error, Operations, Rule};

impl Operations {
    /// The organisations that an operator looks for, newest first.
    ///
    /// # Errors
    /// [`Error::Right`], [`Error::Store`]
    pub async fn organisation_search(&self, caller: &Caller, search: Search) -> Result<Vec<Organisation>, Error> {
        let allowed = self.operate(caller)?;
        let limit = search.limit.min(limits::PAGE_ROWS_ASKED as u32);
        // No name is longer, and nothing that holds more is found.
        let text: String = search.text.trim().chars().take(limits::MAIL_CHARS_MAX).collect();
        Ok(self.store.as_operator(&allowed)?.organisation_search(&Search { text, limit, ..search }).await?)
    }

    /// Decides about an organisation: it is verified, or handed back with a remark that its members see.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Right`], [`Error::Invalid`], [`Rule::ReviewState`], [`Error::Store`]
    pub async fn organisation_review(&self, caller: &Caller, id: OrganisationId, decision: Decision) -> Result<Organisation, Error> {
        self.operate(caller)?;
        let allowed = self.over_organisation(caller, Right::See, id).await?;
        let mut form = Form::default();
        let remark = match &decision {
            Decision::Verify => Some(None),
            Decision::HandBack { remark } => form.take("remark", text::paragraph(remark, limits::DESCRIPTION_CHARS_MAX)).map(Some),
        };
        form.done()?;
        let remark = remark.expect(CHECKED);
        let done = self
            .write(allowed, async move |tx| {
                let mut organisation = tx.organisation_for_update(id).await?.ok_or_else(|| Error::not_found("organisation", id))?;
                let review = organisation.review;
                let wanted = if remark.is_some() { "handed back" } else { "verified" };
                organisation.review = review.decided(&decision).ok_or(Rule::ReviewState { review, wanted })?;
                let mut profile = tx.profile(id).await?;
                profile.remark.clone_from(&remark);
                tx.profile_save(id, &profile).await?;
                tx.organisation_save(&organisation).await?;
                let audit = match &remark {
                    Some(remark) => AuditEntry::new("organisation.handed_back", id).with(json!({ "remark": remark })),
                    None => AuditEntry::new("organisation.verified", id),
                };
                Ok::<_, Error>(Done::new(organisation).audit(audit))
            })
            .await?;
        Ok(done.value)
    }
}
