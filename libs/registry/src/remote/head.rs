//! What a registry tells of a manifest without sending it.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Repeat, StatusCode};

use super::{Remote, text_header};
use crate::{Digest, Error, Which};

const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";
/// The header by which Artifactory tells which of its repositories a manifest is in.
const ARTIFACTORY_REPOSITORY: &str = "x-artifactory-docker-registry";

/// What a registry tells of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its digest; old registries do not tell.
    pub digest: Option<Digest>,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes, if that is told.
    pub size: u64,
    /// The key of the repository in Artifactory; only Artifactory tells one.
    pub artifactory_repository: Option<String>,
}

impl Remote {
    /// Asks about a manifest.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the registry says so.
    pub async fn head(&self, which: &Which) -> Result<Head, Error> {
        let what = self.name(which);
        let action = format!("look up {what}");
        let request = self.manifest_request(Method::HEAD, which)?;
        let response = self.send(request, Repeat::Safe, &action).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::NotFound { what });
        }
        let response = self.expect(response, &[StatusCode::OK], &action).await?;
        let header = |name: &str| text_header(response.headers(), name);
        Ok(Head {
            digest: header(DOCKER_CONTENT_DIGEST).and_then(|digest| digest.parse().ok()),
            media_type: header(CONTENT_TYPE.as_str()).unwrap_or_default(),
            size: header(CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok()).unwrap_or_default(),
            artifactory_repository: header(ARTIFACTORY_REPOSITORY).filter(|key| !key.is_empty()),
        })
    }
}
