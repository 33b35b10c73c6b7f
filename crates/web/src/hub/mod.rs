//! The hub: server-rendered pages for the people of a customer and of the provider.

mod agent;
pub(crate) mod api_docs;
pub(crate) mod applications;
pub(crate) mod assets;
pub(crate) mod chart;
#[cfg(test)]
mod contrast;
pub(crate) mod days;
mod entries;
pub(crate) mod forms;
pub(crate) mod frame;
#[cfg(test)]
mod gallery;
pub(crate) mod home;
pub(crate) mod icons;
pub(crate) mod invitation;
mod kept_form;
pub(crate) mod keys;
pub(crate) mod new_organisation;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod parts;
pub(crate) mod person;
pub(crate) mod provider;
mod refusals;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod static_files;
pub(crate) mod theme;
pub(crate) mod words;

pub(crate) use kept_form::sent_in_vain;
pub(crate) use refusals::problem_page;
