//! Manifests and indexes of a repository.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use http::{Method, Repeat, Request, StatusCode};

use super::{Remote, header, text_header};
use crate::connection::Answer;
use crate::manifest::media_type;
use crate::{Digest, Error, Manifest, Tag, Which};

/// No registry is known to take manifests anywhere near as long, in bytes.
const MANIFEST_LIMIT: usize = 32 * 1024 * 1024;
const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";
const OCI_SUBJECT: &str = "oci-subject";

/// What a store says to a manifest that it has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The store lists the manifest among the referrers of its subject by itself (distribution-spec, "Pushing Manifests
    /// with Subject"). Else somebody has to: [`crate::Store::list_referrers`].
    pub listed: bool,
}

impl Remote {
    pub(super) fn manifest_request(&self, method: Method, which: &Which) -> Result<Request, Error> {
        let mut request = self.request(method, &format!("manifests/{which}"))?;
        let accept = [
            media_type::OCI_INDEX,
            media_type::OCI_MANIFEST,
            media_type::DOCKER_LIST,
            media_type::DOCKER_MANIFEST,
        ];
        // One header: some registries look at the first of several only.
        request.headers_mut().insert(ACCEPT, header(&accept.join(", "))?);
        Ok(request)
    }

    /// Reads a manifest or index, and checks that it is what its digest says.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the registry says so.
    pub async fn manifest(&self, which: &Which) -> Result<Manifest, Error> {
        let (what, request) = (self.name(which), self.manifest_request(Method::GET, which)?);
        let action = format!("read {what}");
        let Answer { status, headers, body, .. } = self.line.fetch(request, MANIFEST_LIMIT, &action).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Error::NotFound { what }),
            status => return Err(self.line.refusal(status, &body, &action)),
        }
        let promised = match which {
            Which::Digest(digest) => Some(digest.clone()),
            Which::Tag(_) => digest_header(&headers),
        };
        if let Some(expected) = promised.filter(|expected| !expected.matches(&body)) {
            return Err(Error::Digest { what, expected, found: Digest::of(&body) });
        }
        let manifest = Manifest::parse(body, text_header(&headers, CONTENT_TYPE.as_str()).as_deref(), &what)?;
        Ok(match which {
            Which::Digest(digest) => manifest.known_as(digest),
            Which::Tag(_) => manifest,
        })
    }

    /// The digest a tag leads to, or none when there is no such tag. Only 404 means that: anything else is an error.
    ///
    /// # Errors
    /// Any other answer.
    pub async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, Error> {
        let which = Which::Tag(tag.clone());
        let action = format!("look up {}", self.name(&which));
        let request = self.manifest_request(Method::HEAD, &which)?;
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.expect(response, &[StatusCode::OK], &action).await?;
        match digest_header(response.headers()) {
            Some(digest) => Ok(Some(digest)),
            // Old servers do not send it.
            None => self.manifest(&which).await.map(|manifest| Some(manifest.digest().clone())),
        }
    }

    /// Does the repository hold the manifest or index with this digest?
    ///
    /// # Errors
    /// Any answer but yes and no.
    pub async fn has_manifest(&self, digest: &Digest) -> Result<bool, Error> {
        let which = Which::Digest(digest.clone());
        let action = format!("look up {}", self.name(&which));
        let request = self.manifest_request(Method::HEAD, &which)?;
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(false),
            _ => self.expect(response, &[StatusCode::OK], &action).await.map(|_| true),
        }
    }

    /// Writes a manifest under a digest (its own) or a tag.
    ///
    /// # Errors
    /// When the registry does not take it, or says it has another digest.
    pub async fn put_manifest(&self, manifest: &Manifest, which: &Which) -> Result<Written, Error> {
        let action = format!("write {}", self.name(which));
        let mut request = self.request(Method::PUT, &format!("manifests/{which}"))?;
        request.headers_mut().insert(CONTENT_TYPE, header(manifest.media_type())?);
        let bytes: Bytes = manifest.bytes().clone();
        *request.body_mut() = Some(bytes.into());
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        let response = self.expect(response, &[StatusCode::CREATED, StatusCode::OK], &action).await?;
        match digest_header(response.headers()) {
            Some(found)
                if found.algorithm() == manifest.digest().algorithm() && found != *manifest.digest() =>
            {
                Err(Error::Digest { what: self.name(which), expected: manifest.digest().clone(), found })
            }
            _ => Ok(Written { listed: response.headers().contains_key(OCI_SUBJECT) }),
        }
    }
}

fn digest_header(headers: &HeaderMap) -> Option<Digest> {
    text_header(headers, DOCKER_CONTENT_DIGEST)?.parse().ok()
}
