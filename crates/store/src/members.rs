//! Members of an organisation and their grants.
