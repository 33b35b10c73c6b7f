//! What pages refer to.

use crate::extract::Browser;
use crate::hub::static_files;
use crate::problem::Problem;
use crate::routes::{Reply, Result};

/// A file, if there is one of this name and content.
pub(crate) async fn serve(browser: Browser) -> Result<Reply> {
    static_files::serve(browser.path(), browser.headers()).map(Reply::made).ok_or_else(Problem::not_found)
}
