//! `/static/…` and `/favicon.ico`: what pages refer to, for anybody.

use hyper::header::HeaderMap;

use super::static_files;
use crate::problem::Problem;
use crate::routes::call::Call;
use crate::routes::endpoint::Caller;
use crate::routes::{Access, Reply, Result, Way};

/// A browser that asks for a file: nobody in particular.
pub(crate) struct Asking {
    path: String,
    headers: HeaderMap,
}

impl Caller for Asking {
    const WHO: Access = Access::Public;
    const WAY: Way = Way::Open;

    fn take(call: &Call) -> Result<Self> {
        Ok(Self { path: call.parts().uri.path().to_owned(), headers: call.parts().headers.clone() })
    }
}

/// The file, which browsers keep: another content has another name.
pub(crate) async fn show(asking: Asking) -> Result<Reply> {
    let (status, headers, body) = static_files::serve(&asking.path, &asking.headers).ok_or_else(Problem::not_found)?;
    Ok(Reply { status, headers, body, shown_once: None })
}
