//! Choosing between light and dark without a script.

use serde::Deserialize;

use crate::extract::{Form, Visitor};
use crate::hub::frame::{Theme, own_path};
use crate::routes::{Html, Result};

/// What the switch sends.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    to: String,
}

/// Keeps the choice in a cookie and leads back.
pub(crate) async fn choose(visitor: Visitor, Form(chosen): Form<Chosen>) -> Result<Html> {
    let theme = Theme::of_word(&chosen.theme);
    Ok(Html::see(own_path(&chosen.to)).cookie(&theme.set_cookie(visitor.hub().secure_cookies)))
}
