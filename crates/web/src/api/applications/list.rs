//! `GET /organisations/{organisation}/applications`

use crate::api::shapes::ApplicationShape;
use crate::extract::rights::See;
use crate::extract::{InOrganisation, Page};
use crate::routes::{Listed, Result};

/// Those that the caller may see, newest first.
pub(crate) async fn list(org: InOrganisation<See>, page: Page) -> Result<Listed<ApplicationShape>> {
    let rows = org.operations().application_list(org.caller(), org.id, page.before()?, page.ask()).await?;
    Ok(Listed::new(&page, rows, |a| a.id, |a| a.into()))
}
