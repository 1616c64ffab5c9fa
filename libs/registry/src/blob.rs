//! The bytes of a blob on their way from one place to another, checked as they pass.

use bytes::Bytes;
use futures_util::stream::{BoxStream, Stream, StreamExt, unfold};

use crate::digest::Hasher;
use crate::{Descriptor, Error};

/// A blob being read. Its end is an error when the bytes were not those of its descriptor.
pub struct Blob {
    /// What it is.
    pub descriptor: Descriptor,
    stream: BoxStream<'static, Result<Bytes, Error>>,
}

impl Blob {
    /// Wraps a stream of bytes that should be those of `descriptor`.
    pub(crate) fn checked(
        descriptor: &Descriptor,
        what: String,
        stream: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    ) -> Self {
        let check = Check {
            stream: stream.boxed(),
            hasher: descriptor.digest.hasher(),
            seen: 0,
            descriptor: descriptor.clone(),
            what,
        };
        let stream = unfold(Some(check), |check| async { check?.next().await });
        Self { descriptor: descriptor.clone(), stream: stream.boxed() }
    }

    /// Bytes that are at hand.
    pub(crate) fn whole(bytes: &[u8], what: &str) -> Self {
        let descriptor = Descriptor {
            media_type: "application/octet-stream".to_owned(),
            digest: crate::Digest::of(bytes),
            size: bytes.len() as u64,
            platform: None,
            foreign: false,
            annotations: std::collections::BTreeMap::new(),
        };
        let bytes = Bytes::copy_from_slice(bytes);
        Self::checked(&descriptor, what.to_owned(), futures_util::stream::iter([Ok(bytes)]))
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// When reading fails, or the whole is not what its digest says.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        self.stream.next().await
    }

    /// The same blob; `seen` learns how many bytes have passed each time that some do.
    pub fn watched(self, mut seen: impl FnMut(usize) + Send + 'static) -> Self {
        let stream = self.stream.inspect(move |piece| {
            if let Ok(bytes) = piece {
                seen(bytes.len());
            }
        });
        Self { stream: stream.boxed(), ..self }
    }

    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<Bytes, Error>> {
        self.stream
    }
}

struct Check {
    stream: BoxStream<'static, Result<Bytes, Error>>,
    hasher: Hasher,
    seen: u64,
    descriptor: Descriptor,
    what: String,
}

impl Check {
    /// The next item, and the state behind it; none behind an error.
    ///
    /// The last bytes pass only after the whole was checked: who has counted them all would not look for an error
    /// behind them, and a registry would then have a blob whose upload we call failed.
    async fn next(mut self) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        let (bytes, at_the_end) = match self.stream.next().await {
            Some(Ok(bytes)) => (bytes, false),
            Some(Err(error)) => return Some((Err(error), None)),
            None => (Bytes::new(), true),
        };
        self.seen += bytes.len() as u64;
        self.hasher.update(&bytes);
        if self.seen > self.descriptor.size || (at_the_end && self.seen < self.descriptor.size) {
            // Not to the end of what is too long: a server that lies may send without one.
            return Some((Err(self.wrong_size()), None));
        }
        if self.seen == self.descriptor.size {
            let found = self.hasher.clone().finish();
            if found != self.descriptor.digest {
                let expected = self.descriptor.digest;
                return Some((Err(Error::Digest { what: self.what, expected, found }), None));
            }
        }
        if at_the_end { None } else { Some((Ok(bytes), Some(self))) }
    }

    fn wrong_size(&self) -> Error {
        Error::Size { what: self.what.clone(), expected: self.descriptor.size, found: self.seen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;
    use futures_util::stream::iter;

    fn read(sent: &[&'static str], expected: &str) -> Result<String, String> {
        let descriptor = Descriptor {
            media_type: "m".into(),
            digest: Digest::of(expected.as_bytes()),
            size: expected.len() as u64,
            platform: None,
            foreign: false,
            annotations: Default::default(),
        };
        let pieces: Vec<_> = sent.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        let mut blob = Blob::checked(&descriptor, "the blob".into(), iter(pieces));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut text = String::new();
            while let Some(piece) = blob.next().await {
                text.push_str(std::str::from_utf8(&piece.map_err(|error| error.to_string())?).unwrap());
            }
            Ok(text)
        })
    }

    #[test]
    fn what_is_not_what_its_descriptor_says_ends_in_an_error() {
        assert_eq!(read(&["lay", "er"], "layer"), Ok("layer".into()));
        assert_eq!(read(&[], ""), Ok(String::new()));
        for (sent, reason) in [
            (&["layeR"] as &[_], "expected sha256"),
            (&["lay"], "expected 5 bytes, got 3"),
            (&["layer", "s"], "expected 5 bytes, got 6"),
        ] {
            let error = read(sent, "layer").unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
