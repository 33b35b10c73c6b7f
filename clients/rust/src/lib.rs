//! Signs requests to services behind Keywright, and fetches OAuth 2 tokens for them. It opens no connection: what it gives are headers
//! and token requests, which any HTTP client sends.
//!
//! ```
//! use keywright_client::{Key, Request, sign_request};
//!
//! let key = Key::secret("kw_sk_test_1234")?; // from the environment or a file, never in the source
//! let body = br#"{"amount":"10.00"}"#;
//! let request = Request { method: "POST", url: "https://api.example.com/payouts?dry=1", headers: &[], body: Some(body) };
//! for (name, value) in sign_request(&request, "c0ffee", &key)? {
//!     println!("{name}: {value}"); // add each one to the request, and send `body` byte for byte
//! }
//! # Ok::<(), keywright_client::Fault>(())
//! ```

mod fault;
mod key;
mod sign;
mod token;
mod url;

pub use fault::Fault;
pub use key::{Algorithm, Key};
pub use sign::{Headers, Request, sign_request, sign_request_at, sign_tylt};
pub use token::{Failure, Proof, TokenAnswer, TokenFault, TokenRequest, TokenSource, client_assertion};
