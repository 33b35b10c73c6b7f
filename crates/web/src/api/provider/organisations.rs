//! `/provider/organisations`

use keywright_domain::ids::OrganisationId;
use keywright_domain::organisation::{Decision, Review, ReviewError};
use keywright_store::organisations::Search;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::shapes::OrganisationShape;
use crate::api::words;
use crate::extract::rights::Operate;
use crate::extract::{AsOperator, Body, Of, Page, Query};
use crate::problem::{FieldError, Problem};
use crate::routes::{Done, Listed, Result};

/// Which organisations.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    /// Part of the name, an id, or a member's mail address.
    #[serde(default)]
    search: String,
    /// `draft`, `in_review` or `verified`
    #[schema(value_type = Option<words::Review>)]
    review: Option<String>,
}

/// Newest first.
pub(crate) async fn list(operator: AsOperator, page: Page, Query(wanted): Query<Wanted>) -> Result<Listed<OrganisationShape>> {
    let bad = |error: ReviewError| Problem::invalid(vec![FieldError { field: "review".into(), message: error.to_string() }]);
    let review = wanted.review.as_deref().map(|text| text.parse::<Review>().map_err(bad)).transpose()?;
    let search = Search { text: wanted.search, review, suspended: None, before: page.before()?, limit: page.ask() };
    let rows = operator.operations().organisation_search(operator.caller(), search).await?;
    Ok(Listed::new(&page, rows, |o| o.id, |o| o.into()))
}

/// Says that the provider knows who it is.
pub(crate) async fn verify(of: Of<OrganisationId, Operate>) -> Result<Done<OrganisationShape>> {
    let organisation = of.operations().organisation_review(of.caller(), of.id, Decision::Verify).await?;
    Ok(Done((&organisation).into()))
}

/// What there is to mend.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemarkForm {
    /// Its members read this.
    remark: String,
}

/// Hands it back with a remark.
pub(crate) async fn hand_back(of: Of<OrganisationId, Operate>, Body(form): Body<RemarkForm>) -> Result<Done<OrganisationShape>> {
    let organisation = of.operations().organisation_review(of.caller(), of.id, Decision::HandBack { remark: form.remark }).await?;
    Ok(Done((&organisation).into()))
}

/// Switches it off: its production credentials are refused.
pub(crate) async fn suspend(of: Of<OrganisationId, Operate>) -> Result<Done<OrganisationShape>> {
    let organisation = of.operations().organisation_suspend(of.caller(), of.id, true).await?;
    Ok(Done((&organisation).into()))
}

/// Switches it on again.
pub(crate) async fn resume(of: Of<OrganisationId, Operate>) -> Result<Done<OrganisationShape>> {
    let organisation = of.operations().organisation_suspend(of.caller(), of.id, false).await?;
    Ok(Done((&organisation).into()))
}
