//! `GET /provider/verifiers`

use crate::api::shapes::VerifierShape;
use crate::extract::AsOperator;
use crate::routes::{Listed, Result};

/// Every registered verifier, and how far it is.
pub(crate) async fn list(operator: AsOperator) -> Result<Listed<VerifierShape>> {
    let listed = operator.operations().verifier_list(operator.caller()).await?;
    Ok(Listed::whole(listed.iter().map(Into::into).collect()))
}
