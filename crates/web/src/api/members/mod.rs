//! Members of an organisation, and invitations.

pub(crate) mod invitations;
pub(crate) mod people;
