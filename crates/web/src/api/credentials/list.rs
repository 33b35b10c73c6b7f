//! `GET /applications/{application}/credentials`

use keywright_domain::credential::Environment;
use keywright_operations::credentials::Listing;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::shapes::CredentialShape;
use crate::api::words;
use crate::extract::rights::View;
use crate::extract::{InApplication, Page, Query};
use crate::problem::{FieldError, Problem};
use crate::routes::{Listed, Result};

/// Which credentials.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Filter {
    /// `production` or `sandbox`; left out: both.
    #[schema(value_type = Option<words::Environment>)]
    environment: Option<String>,
}

impl Filter {
    pub(crate) fn environment(&self) -> Result<Option<Environment>> {
        let bad = |error: keywright_domain::credential::environment::EnvironmentError| {
            Problem::invalid(vec![FieldError { field: "environment".into(), message: error.to_string() }])
        };
        self.environment.as_deref().map(|text| text.parse().map_err(bad)).transpose()
    }
}

/// Live and ended ones, newest first.
pub(crate) async fn list(app: InApplication<View>, page: Page, Query(filter): Query<Filter>) -> Result<Listed<CredentialShape>> {
    let listing = Listing { environment: filter.environment()?, before: page.before()?, limit: page.ask() };
    let rows = app.operations().credential_list(app.caller(), app.id, listing).await?;
    Ok(Listed::new(&page, rows, |s| s.credential.id, |s| s.into()))
}
