//! Blobs of a repository, to look up and to read.

use http::{Method, Repeat, StatusCode};

use super::Remote;
use super::download::download;
use crate::{Blob, Descriptor, Digest, Error};

impl Remote {
    /// Does the repository hold this blob, as far as the registry knows?
    ///
    /// # Errors
    /// Any answer but yes and no.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        let action = format!("look up {digest} in {}/{}", self.line.host(), self.path);
        let request = self.request(Method::HEAD, &format!("blobs/{digest}"))?;
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(false),
            _ => self.expect(response, &[StatusCode::OK], &action).await.map(|_| true),
        }
    }

    /// Begins to read a blob. A download that breaks off goes on where it was.
    ///
    /// # Errors
    /// When the registry does not begin to send it.
    pub async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let stream = download(self, descriptor).await?;
        Ok(Blob::checked(descriptor, self.blob_name(&descriptor.digest), stream))
    }
}
