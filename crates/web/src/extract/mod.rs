//! What handlers are given: who is calling, the ids of the path, body, query and form.

pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod cookies;
pub(crate) mod csrf;
mod faults;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod of;
pub(crate) mod origin;
pub(crate) mod page;
pub(crate) mod query;
pub(crate) mod upload;

pub(crate) use body::{Body, MaybeBody, not_null, set, to_set};
pub(crate) use caller::{AsOperator, Browser, Machine, Open, Public, SignedIn, Who};
pub(crate) use form::{Form, NoFields};
pub(crate) use of::{InApplication, InOrganisation, InOwnApplication, Of, OfCredential, OnPage, Visitor, rights};
pub(crate) use page::Page;
pub(crate) use query::Query;
pub(crate) use upload::Upload;
