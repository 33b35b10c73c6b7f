//! `/`: to where the person works.

use crate::extract::Visitor;
use crate::routes::{Html, Result};

/// To the overview of the first organisation, to registering one, or to signing in.
pub(crate) async fn show(visitor: Visitor) -> Result<Html> {
    Ok(Html::see(match visitor.visit() {
        None => "/sign-in".to_owned(),
        Some(visit) => match visit.memberships.first() {
            Some(first) => format!("/organisations/{}", first.organisation),
            None if visit.session.person.operator => "/provider/organisations".to_owned(),
            None => "/organisations/new".to_owned(),
        },
    }))
}
