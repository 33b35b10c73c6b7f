//! The rules of Keywright, without I/O: no async runtime, SQL, HTTP, cryptography or clock of its own.
//!
//! Everything here is a value or a pure function. Times, random bits and answers from the outside are passed in.

pub mod application;
pub mod caller;
pub mod catalogue;
pub mod change;
pub mod country;
pub mod credential;
pub mod grants;
pub mod ids;
pub mod limits;
pub mod membership;
pub mod organisation;
pub mod promise;
pub mod registration;
pub mod resource_server;
pub mod sign_in;
pub mod text;
pub mod time;
pub mod token;
pub mod verdict;
mod words;
