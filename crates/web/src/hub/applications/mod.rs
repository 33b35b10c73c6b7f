//! Applications: the list, making one, and what stands on the pages of one.

pub(crate) mod activity;
pub(crate) mod around;
pub(crate) mod chooser;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod details;
mod details_form;
pub(crate) mod edit;
pub(crate) mod list;
pub(crate) mod registration_tokens;
pub(crate) mod state;
pub(crate) mod usage;

pub(crate) use around::{Around, May, Place, framed, framed_visit};
