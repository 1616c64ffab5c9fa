//! A repository of a registry: the verbs of the distribution API.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::unfold;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Body, Method, Repeat, Request, Response, StatusCode, Url, body_within};

use crate::connection::Connection;
use crate::manifest::media_type;
use crate::{Blob, Descriptor, Digest, Error, Manifest, Tag, Which};

/// No registry is known to take manifests anywhere near as long, in bytes.
const MANIFEST_LIMIT: usize = 32 * 1024 * 1024;
const DOCKER_CONTENT_DIGEST: &str = "docker-content-digest";

/// A repository of a registry.
#[derive(Clone, Debug)]
pub struct Remote {
    line: Arc<Connection>,
    path: String,
}

/// What a registry makes of the wish to mount a blob from another repository.
#[derive(Debug)]
pub enum Mounted {
    /// The blob is there now, and none of its bytes were moved.
    Done,
    /// It has to be uploaded, and the registry has opened an upload for it.
    Upload(Upload),
    /// It has to be uploaded.
    Refused,
}

/// An upload that a registry has opened.
#[derive(Debug)]
pub struct Upload {
    location: Url,
}

impl Remote {
    pub(crate) fn new(line: Arc<Connection>, path: &str) -> Self {
        Self { line, path: path.to_owned() }
    }

    /// The name of the repository below its host.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Can blobs of the other one be mounted into this one? Only within one registry, under one account.
    pub fn shares_registry_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.line, &other.line)
    }

    fn name(&self, which: &Which) -> String {
        match which {
            Which::Tag(tag) => format!("{}/{}:{tag}", self.line.host(), self.path),
            Which::Digest(digest) => format!("{}/{}@{digest}", self.line.host(), self.path),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<Request, Error> {
        Ok(Request::new(method, self.line.url(&format!("{}/{path}", self.path))?))
    }

    fn manifest_request(&self, method: Method, which: &Which) -> Result<Request, Error> {
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
        let response = self.line.send(request, Repeat::Safe, &format!("read {what}")).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::NotFound { what });
        }
        let response = self.expect(response, &[StatusCode::OK], &format!("read {what}")).await?;
        let told = text_header(&response, CONTENT_TYPE.as_str());
        let promised = match which {
            Which::Digest(digest) => Some(digest.clone()),
            Which::Tag(_) => digest_header(&response),
        };
        let bytes = body_within(response, MANIFEST_LIMIT).await?;
        if let Some(expected) = promised.filter(|expected| !expected.matches(&bytes)) {
            return Err(Error::Digest { what, expected, found: Digest::of(&bytes) });
        }
        Manifest::parse(bytes, told.as_deref(), &what)
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
        match digest_header(&response) {
            Some(digest) => Ok(Some(digest)),
            // Old servers do not send it.
            None => self.manifest(&which).await.map(|manifest| Some(manifest.digest().clone())),
        }
    }

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

    /// Begins to read a blob.
    ///
    /// # Errors
    /// When the registry does not begin to send it.
    pub async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let what = format!("{}/{}@{}", self.line.host(), self.path, descriptor.digest);
        let action = format!("read {what}");
        let request = self.request(Method::GET, &format!("blobs/{}", descriptor.digest))?;
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Error::NotFound { what });
        }
        let response = self.expect(response, &[StatusCode::OK], &action).await?;
        let url = Box::new(response.url().clone());
        let stream = unfold(Some((response, url)), |state| async {
            let (mut response, url) = state?;
            match response.chunk().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some((response, url)))),
                Ok(None) => None,
                Err(source) => {
                    let source = source.without_url();
                    Some((Err(Error::Http(http::Error::BrokeOff { url, source })), None))
                }
            }
        });
        Ok(Blob::checked(descriptor, what, stream))
    }

    /// Asks the registry to take a blob over from another of its repositories, without moving a byte.
    ///
    /// # Errors
    /// When no answer came. A refusal is no error: the blob can still be uploaded.
    pub async fn mount(&self, digest: &Digest, from: &Self) -> Result<Mounted, Error> {
        let action = format!("mount {digest} into {}/{}", self.line.host(), self.path);
        let mut request = self.request(Method::POST, "blobs/uploads/")?;
        let query = format!("mount={digest}&from={}", from.path);
        request.url_mut().set_query(Some(&query));
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
        // Mounting twice is mounting once, and an upload that nobody uses is cleared away.
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        match response.status() {
            StatusCode::CREATED => Ok(Mounted::Done),
            StatusCode::ACCEPTED => Ok(Mounted::Upload(self.opened(&response, &action)?)),
            status if status.is_client_error() => {
                tracing::debug!("{} answers {status} to a mount", self.line.host());
                Ok(Mounted::Refused)
            }
            _ => Err(self.line.error(response, &action).await),
        }
    }

    /// Opens an upload.
    ///
    /// # Errors
    /// When the registry does not accept uploads here.
    pub async fn open_upload(&self) -> Result<Upload, Error> {
        let action = format!("upload to {}/{}", self.line.host(), self.path);
        let mut request = self.request(Method::POST, "blobs/uploads/")?;
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(0));
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        let response = self.expect(response, &[StatusCode::ACCEPTED], &action).await?;
        self.opened(&response, &action)
    }

    fn opened(&self, response: &Response, action: &str) -> Result<Upload, Error> {
        let location = text_header(response, LOCATION.as_str());
        let location = location.and_then(|location| response.url().join(&location).ok());
        let location =
            location.ok_or_else(|| self.line.fault(action, "opens an upload without saying where"))?;
        Ok(Upload { location })
    }

    /// Sends a blob into an opened upload.
    ///
    /// # Errors
    /// When reading the blob fails, its content is not what its digest says, or the registry does not take it.
    pub async fn upload(&self, upload: Upload, blob: Blob) -> Result<(), Error> {
        let digest = blob.descriptor.digest.clone();
        let action = format!("upload {digest} to {}/{}", self.line.host(), self.path);
        let mut url = upload.location;
        // What the registry put into the query is its own and has to come back as it was.
        let query = url.query().map_or_else(String::new, |query| format!("{query}&"));
        url.set_query(Some(&format!("{query}digest={digest}")));
        let mut request = Request::new(Method::PUT, url);
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(blob.descriptor.size));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        // An error on the source's side reaches us through the HTTP library only as a broken body.
        let fault = Arc::new(Mutex::new(None));
        let noted = Arc::clone(&fault);
        let stream = blob.into_stream().map(move |item| {
            item.map_err(|error| {
                let text = error.to_string();
                *noted.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                text
            })
        });
        *request.body_mut() = Some(Body::wrap_stream(stream));
        let sent = self.line.send(request, Repeat::Unsafe, &action).await;
        if let Some(error) = fault.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            return Err(error);
        }
        self.expect(sent?, &[StatusCode::CREATED], &action).await.map(drop)
    }

    /// Writes a manifest under a digest (its own) or a tag.
    ///
    /// # Errors
    /// When the registry does not take it, or says it has another digest.
    pub async fn put_manifest(&self, manifest: &Manifest, which: &Which) -> Result<(), Error> {
        let action = format!("write {}", self.name(which));
        let mut request = self.request(Method::PUT, &format!("manifests/{which}"))?;
        request.headers_mut().insert(CONTENT_TYPE, header(manifest.media_type())?);
        let bytes: Bytes = manifest.bytes().clone();
        *request.body_mut() = Some(bytes.into());
        let response = self.line.send(request, Repeat::Safe, &action).await?;
        let response = self.expect(response, &[StatusCode::CREATED, StatusCode::OK], &action).await?;
        match digest_header(&response) {
            Some(found)
                if found.algorithm() == manifest.digest().algorithm() && found != *manifest.digest() =>
            {
                Err(Error::Digest { what: self.name(which), expected: manifest.digest().clone(), found })
            }
            _ => Ok(()),
        }
    }

    async fn expect(&self, response: Response, good: &[StatusCode], action: &str) -> Result<Response, Error> {
        if good.contains(&response.status()) {
            Ok(response)
        } else {
            Err(self.line.error(response, action).await)
        }
    }
}

fn text_header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

fn digest_header(response: &Response) -> Option<Digest> {
    text_header(response, DOCKER_CONTENT_DIGEST)?.parse().ok()
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::Manifest {
        what: "this image".into(),
        reason: format!("its media type {text:?} cannot be sent"),
    })
}
