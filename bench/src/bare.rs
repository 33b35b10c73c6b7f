//! The measure: axum with nothing around it, which takes a body and gives a constant one.

use std::io::Read;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;

/// The word that makes this program the bare server.
pub(crate) const BARE: &str = "bare";

/// Serves what it read from standard input: `bare ADDRESS`. The runtime is made as the product makes its own.
///
/// # Errors
/// It cannot listen.
pub(crate) fn serve(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    let address = arguments.next().context("no address")?;
    let mut answer = Vec::new();
    std::io::stdin().read_to_end(&mut answer)?;
    let answer = Bytes::from(answer);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async move {
        let handler = move |_: Bytes| {
            let answer = answer.clone();
            async move { ([(CONTENT_TYPE, "application/json")], answer) }
        };
        let router = Router::new().route("/verify", post(handler));
        let listener = tokio::net::TcpListener::bind(address).await?;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        Ok(axum::serve(listener, router).await?)
    })
}
