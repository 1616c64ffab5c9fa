//! How a blob gets into a repository: mounted from another one, or uploaded.
//!
//! An upload is one PUT of the whole blob, streamed. Chunks (PATCH) could be resumed, but a registry may refuse them or
//! take longer over them, each costs a round trip, and a blob that broke off is sent again from its source, which can
//! be read from the start at any time. So `OCI-Chunk-Min-Length` and 416, which are about chunks, do not concern us.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Body, Method, Repeat, Request, Response, StatusCode, Url};

use super::{Remote, text_header};
use crate::host::is_private_address;
use crate::{Blob, Digest, Error};

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
        let response = match self.line.send(request, Repeat::Safe, &action).await {
            // Some token servers never grant the source; the upload does not need it.
            Err(Error::Unauthorized { reason, .. }) => {
                tracing::debug!("cannot mount {digest}: {reason}");
                return Ok(Mounted::Refused);
            }
            result => result?,
        };
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
        let location = text_header(response.headers(), LOCATION.as_str());
        let location = location.and_then(|location| response.url().join(&location).ok());
        let location =
            location.ok_or_else(|| self.line.fault(action, "opens an upload without saying where"))?;
        match fault_of(&location, &self.line.url("")?) {
            Some(fault) => Err(self.line.fault(action, fault)),
            None => Ok(Upload { location }),
        }
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
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                text
            })
        });
        *request.body_mut() = Some(Body::wrap_stream(stream));
        let sent = self.line.send(request, Repeat::Unsafe, &action).await;
        if let Some(error) = fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        self.expect(sent?, &[StatusCode::CREATED], &action).await.map(drop)
    }
}

/// What is wrong with sending a blob to a location that a registry names. Another host may take it, without our
/// authorization, but not one that only we can reach: the registry would write there with our hands.
fn fault_of(location: &Url, registry: &Url) -> Option<&'static str> {
    let host = location.host_str().unwrap_or_default();
    if !matches!(location.scheme(), "http" | "https") {
        Some("opens an upload at what is no web address")
    } else if registry.scheme() == "https" && location.scheme() != "https" {
        Some("opens an upload without TLS")
    } else if Some(host) != registry.host_str() && is_private_address(host) {
        Some("opens an upload at a private address of another host")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_goes_to_the_registry_or_where_everybody_could_send_it() {
        let table = [
            ("https://registry.example/v2/a/blobs/uploads/1", true),
            ("https://registry.example:8443/upload", true),
            ("https://storage.example/upload?signature=x", true),
            ("https://203.0.113.7/upload", true),
            ("https://10.0.0.7/upload", false),
            ("https://169.254.169.254/latest", false),
            ("https://127.0.0.1:2375/containers", false),
            ("https://[::1]/upload", false),
            ("https://[fd00::7]/upload", false),
            ("http://registry.example/upload", false),
            ("ftp://registry.example/upload", false),
        ];
        let registry = Url::parse("https://registry.example/v2/").unwrap();
        for (location, expected) in table {
            let fault = fault_of(&Url::parse(location).unwrap(), &registry);
            assert_eq!(fault.is_none(), expected, "{location}: {fault:?}");
        }
        let near = Url::parse("http://127.0.0.1:5000/v2/").unwrap();
        assert_eq!(fault_of(&Url::parse("http://127.0.0.1:5001/upload").unwrap(), &near), None);
        assert!(fault_of(&Url::parse("http://127.0.0.2:5001/upload").unwrap(), &near).is_some());
    }
}
