//! Bodies on their way: counted, spoiled, cut off.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::log::InFlight;
use super::socket::ResetSwitch;

/// Why a connection ends in the middle.
#[derive(Debug)]
pub(super) struct Broken(String);

impl Broken {
    pub(super) fn by(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// An answer's body.
pub(super) type Body = UnsyncBoxBody<Bytes, Broken>;
/// The bytes of a body.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, Broken>>;

/// A body that is all there.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Pieces {
    let bytes = bytes.into();
    // An empty piece would be a piece all the same, and HTTP sends none.
    stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed()
}

/// Makes an answer's body of its pieces; the request is in flight until its end.
pub(super) fn body(pieces: Pieces, in_flight: Option<InFlight>) -> Body {
    let frames = pieces.map(move |piece| {
        let _until_the_end = &in_flight;
        piece.map(Frame::data)
    });
    StreamBody::new(frames).boxed_unsync()
}

/// Counts what passes.
pub(super) fn counted<E>(
    pieces: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    counter: Arc<AtomicU64>,
) -> BoxStream<'static, Result<Bytes, E>> {
    let count = move |piece: &Result<Bytes, E>| {
        let length = piece.as_ref().map_or(0, Bytes::len);
        counter.fetch_add(length as u64, Ordering::SeqCst);
    };
    pieces.inspect(count).boxed()
}

/// Flips a bit in the middle of the first piece: the length stays, the digest does not.
pub(super) fn flipped(pieces: Pieces) -> Pieces {
    let mut first = true;
    let flip = move |piece: Result<Bytes, Broken>| {
        let mut bytes = piece?.to_vec();
        if std::mem::take(&mut first) {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        Ok(Bytes::from(bytes))
    };
    pieces.map(flip).boxed()
}

/// Ends the connection after this many bytes: with a reset when there is a switch to set, else as if all was sent.
pub(super) fn cut(pieces: Pieces, after: u64, switch: Option<ResetSwitch>) -> Pieces {
    let begin = Some((pieces, after));
    let before = stream::unfold(begin, |state| async {
        let (mut pieces, left) = state?;
        let piece = pieces.next().await?;
        match piece {
            Ok(bytes) if (bytes.len() as u64) < left => {
                let left = left - bytes.len() as u64;
                Some((Ok(bytes), Some((pieces, left))))
            }
            Ok(bytes) => Some((Ok(bytes.slice(..usize::try_from(left).unwrap_or(bytes.len()))), None)),
            Err(broken) => Some((Err(broken), None)),
        }
    });
    let end = stream::once(async move {
        // Not before what was let through is on its way: hyper writes when a body makes it wait.
        tokio::task::yield_now().await;
        if let Some(switch) = switch {
            switch.set();
        }
        Err(Broken::by("cut off, as the fault wants it"))
    });
    before
        .filter(|piece| std::future::ready(!matches!(piece, Ok(bytes) if bytes.is_empty())))
        .chain(end)
        .boxed()
}
