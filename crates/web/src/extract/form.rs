//! What a form of a page sent.

use hyper::header::{CONTENT_TYPE, HeaderMap};
use serde::de::DeserializeOwned;
use utoipa::openapi::path::OperationBuilder;

use super::{csrf, fields};
use crate::extract::caller::Who;
use crate::problem::{Kind, Problem};
use crate::routes::call::Call;
use crate::routes::endpoint::{Input, Schemas};

/// The code of the refusal of a form whose token is not the session's.
pub(crate) const FORM_OF_ANOTHER_SESSION: &str = "form_of_another_session";

/// Whether fields were sent, and no files.
pub(crate) fn is_fields(headers: &HeaderMap) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// A form of a button alone.
#[derive(serde::Deserialize)]
pub(crate) struct NoFields {}

/// The fields of a form; a repeated field is a list (`#[serde(default)]`, as a list without entries is not sent). Fields that the type does not
/// know are passed over.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> Input for Form<T> {
    fn take(call: &Call) -> Result<Self, Problem> {
        if !is_fields(&call.parts().headers) {
            return Err(Problem::new(Kind::UnsupportedMediaType, "Send a form."));
        }
        let mut pairs = fields::pairs(call.body())?;
        if let Some(session) = call.who().and_then(Who::session) {
            let given = pairs.iter().find(|(name, _)| name == "csrf").map_or("", |(_, value)| value.as_str());
            if !csrf::matches(&session.csrf, given) {
                let detail = "This form is not of your session. Go back, load the page again, and send it once more.";
                return Err(Problem::new(Kind::AnotherSite, detail).coded(FORM_OF_ANOTHER_SESSION));
            }
        }
        pairs.retain(|(name, _)| name != "csrf" && name != "once");
        fields::read(pairs).map(Self)
    }

    fn describe(operation: OperationBuilder, _: &mut Schemas) -> OperationBuilder {
        operation
    }
}
