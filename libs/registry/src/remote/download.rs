//! A blob on its way from a registry. When it breaks off, the rest is asked for (RFC 9110, section 14).

use bytes::Bytes;
use futures_util::stream::{Stream, unfold};
use http::header::{CONTENT_RANGE, HeaderValue, RANGE};
use http::{Method, Repeat, Response, StatusCode};

use super::Remote;
use crate::{Descriptor, Error};

/// A download may break off this often without a byte having come in between.
const PATIENCE: u32 = 5;

/// A download under way.
struct Download {
    remote: Remote,
    descriptor: Descriptor,
    response: Response,
    /// How many of the blob's bytes have come.
    offset: u64,
    /// How many bytes to drop, from a server that begins anew instead of going on.
    skip: u64,
    broken: u32,
}

/// The bytes of a blob; they are not checked here.
///
/// # Errors
/// When the registry does not begin to send it.
pub(super) async fn download(
    remote: &Remote,
    descriptor: &Descriptor,
) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + 'static, Error> {
    let (response, _) = open(remote, descriptor, 0).await?;
    let (remote, descriptor) = (remote.clone(), descriptor.clone());
    let download = Download { remote, descriptor, response, offset: 0, skip: 0, broken: 0 };
    Ok(unfold(Some(download), |download| async { download?.next().await }))
}

/// Asks for the bytes from `offset` on. Returns how many of those that come are not wanted.
async fn open(remote: &Remote, descriptor: &Descriptor, offset: u64) -> Result<(Response, u64), Error> {
    let what = remote.blob_name(&descriptor.digest);
    let action = format!("read {what}");
    let mut request = remote.request(Method::GET, &format!("blobs/{}", descriptor.digest))?;
    if offset > 0 {
        let range = HeaderValue::from_str(&format!("bytes={offset}-"));
        request.headers_mut().insert(RANGE, range.map_err(|_| remote.fault(&action, "has no such range"))?);
    }
    let response = remote.send(request, Repeat::Safe, &action).await?;
    match response.status() {
        StatusCode::NOT_FOUND => Err(Error::Missing { what }),
        StatusCode::OK => Ok((response, offset)),
        StatusCode::PARTIAL_CONTENT if offset > 0 && begins_at(&response, offset) => Ok((response, 0)),
        StatusCode::PARTIAL_CONTENT => {
            Err(remote.fault(&action, "sends another part of it than was asked for"))
        }
        _ => Err(remote.error(response, &action).await),
    }
}

fn begins_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

impl Download {
    /// The next bytes and the state behind them; none behind an error.
    async fn next(mut self) -> Option<(Result<Bytes, Error>, Option<Self>)> {
        loop {
            match self.response.chunk().await {
                Ok(Some(chunk)) => {
                    let unwanted = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
                    self.skip -= unwanted as u64;
                    let chunk = chunk.slice(unwanted..);
                    if chunk.is_empty() {
                        continue;
                    }
                    self.offset += chunk.len() as u64;
                    self.broken = 0;
                    return Some((Ok(chunk), Some(self)));
                }
                Ok(None) if self.offset >= self.descriptor.size => return None,
                broken => {
                    let why = broken.err().map(|source| http::Error::broke_off(&self.response, source));
                    if let Err(error) = self.resume(why).await {
                        return Some((Err(error), None));
                    }
                }
            }
        }
    }

    /// Asks for the rest. `why` is how it broke off; nothing when it just ended too early.
    async fn resume(&mut self, why: Option<http::Error>) -> Result<(), Error> {
        self.broken += 1;
        let what = self.remote.blob_name(&self.descriptor.digest);
        if self.broken > PATIENCE {
            return Err(match why {
                Some(error) => error.into(),
                None => Error::Size { what, expected: self.descriptor.size, found: self.offset },
            });
        }
        tracing::debug!(
            "{what} broke off after {} of {} bytes; asking for the rest",
            self.offset,
            self.descriptor.size
        );
        let (response, skip) = open(&self.remote, &self.descriptor, self.offset).await?;
        (self.response, self.skip) = (response, skip);
        Ok(())
    }
}
