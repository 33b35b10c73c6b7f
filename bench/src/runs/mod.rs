//! The parts of the benchmark.

pub(crate) mod changes;
pub(crate) mod creations;
pub(crate) mod key_making;
pub(crate) mod kinds;
pub(crate) mod nonces;
pub(crate) mod oauth;
pub(crate) mod pages;
pub(crate) mod revocations;
pub(crate) mod signed;
pub(crate) mod start_up;
pub(crate) mod tokens;
pub(crate) mod verify;

/// The beginning of the answer about a valid key.
pub(crate) const VALID: &str = r#"{"valid":true,"code":"valid","#;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::dataset::DataSet;
use crate::keys::key;
use crate::load::ask;
use crate::process::Server;
use crate::questions::{Requests, single};

/// Waits until the server gives a verdict, and gives it: the body of an answer about a live key.
///
/// # Errors
/// It does not, for a minute.
pub(crate) fn first_verdict(server: &Server, data: &DataSet) -> Result<Vec<u8>> {
    let Requests::Keys { template, at, keys } = single(server.address, &data.token, [key(0)].into_iter()) else { bail!("not a single request") };
    let mut request = template;
    request[at..][..keys[0].len()].copy_from_slice(&keys[0]);
    until_answered(server.address, &request, VALID)
}

/// Asks until the answer is 200 and begins with `expected`, and gives it.
///
/// # Errors
/// It is not, for a minute.
pub(crate) fn until_answered(address: SocketAddr, request: &[u8], expected: &str) -> Result<Vec<u8>> {
    let since = Instant::now();
    loop {
        match ask(address, request) {
            Ok((200, body)) if body.starts_with(expected.as_bytes()) => return Ok(body),
            other if since.elapsed() > Duration::from_secs(60) => match other {
                Ok((status, body)) => bail!("not what was expected but {status}: {}", String::from_utf8_lossy(&body)),
                Err(error) => return Err(error),
            },
            _ => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
