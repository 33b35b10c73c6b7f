//! Reading a request's body: bounded before and while it is read, and without a copy when it comes in one piece.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};
use hyper::header::{EXPECT, HeaderMap};

use crate::watch::Watch;

/// Bytes that are read and thrown away so that a client that sends too much gets to read why. Beyond, the connection is closed.
const DISCARDED_MAX: u64 = 32 * 1024 * 1024;

/// A body that is read before it is known who sends it, so that the token of an ordinary question is looked at once. Each connection of a
/// stranger costs as much memory.
const SMALL_BYTES_MAX: u64 = 16 * 1024;

/// Whether the body says of itself that it is small.
pub(crate) fn is_small(body: &Incoming) -> bool {
    body.size_hint().upper().is_some_and(|bytes| bytes <= SMALL_BYTES_MAX)
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// Longer than allowed. The rest was thrown away, or the connection has to close.
    TooLarge { closing: bool },
    /// Not whole in time.
    Late,
    /// The client went away or broke the framing.
    Broken,
}

/// The body, at most `max` bytes.
pub(crate) async fn read(body: &mut Incoming, headers: &HeaderMap, max: usize, watch: &Watch) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let declared = body.size_hint().lower();
    if declared > max as u64 {
        return Err(discard(body, headers, declared, watch).await);
    }
    let Some(first) = frame(body, watch).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() && first.len() <= max {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity((declared as usize).max(first.len()).min(max));
    let mut next = Some(first);
    while let Some(piece) = next {
        if whole.len() + piece.len() > max {
            return Err(discard(body, headers, 0, watch).await);
        }
        whole.extend_from_slice(&piece);
        next = frame(body, watch).await?;
    }
    Ok(whole.freeze())
}

/// Reads what nobody wants, in bounded memory, and says whether the connection can go on.
async fn discard(body: &mut Incoming, headers: &HeaderMap, declared: u64, watch: &Watch) -> BodyError {
    // Who asks first (RFC 9110 section 10.1.1) has not sent anything yet.
    if headers.contains_key(EXPECT) || declared > DISCARDED_MAX {
        return BodyError::TooLarge { closing: true };
    }
    let mut discarded = 0;
    loop {
        match frame(body, watch).await {
            Ok(Some(piece)) => discarded += piece.len() as u64,
            Ok(None) => return BodyError::TooLarge { closing: false },
            Err(_) => return BodyError::TooLarge { closing: true },
        }
        if discarded > DISCARDED_MAX {
            return BodyError::TooLarge { closing: true };
        }
    }
}

/// The next piece of data; trailers are passed over.
async fn frame(body: &mut Incoming, watch: &Watch) -> Result<Option<Bytes>, BodyError> {
    poll_fn(|cx| {
        loop {
            let polled = Pin::new(&mut *body).poll_frame(cx);
            return match polled {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Ok(Some(data))),
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(_))) => Poll::Ready(Err(BodyError::Broken)),
                Poll::Ready(None) => Poll::Ready(Ok(None)),
                // The connection polls its handler again after a tick, so that it sees this.
                Poll::Pending if watch.late() => Poll::Ready(Err(BodyError::Late)),
                Poll::Pending => Poll::Pending,
            };
        }
    })
    .await
}
