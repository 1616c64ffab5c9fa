//! A repository of a registry: the verbs of the distribution API, a file for each noun.

mod blobs;
mod download;
mod head;
mod link;
mod listing;
mod manifests;
mod referrers;
mod tags;
mod upload;

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue};
use http::{Method, Repeat, Request, Response, StatusCode};

use crate::connection::Connection;
use crate::{Digest, Error, Which};

pub use head::Head;
pub use listing::Listed;
pub use manifests::Written;
pub use referrers::{Keeping, Referrer, Referrers};
pub(crate) use referrers::{of as referrer_entry, read as read_referrers};
pub use upload::{Mounted, Upload};

/// A repository of a registry.
#[derive(Clone, Debug)]
pub struct Remote {
    line: Arc<Connection>,
    path: String,
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
            Which::Digest(digest) => self.blob_name(digest),
        }
    }

    fn blob_name(&self, digest: &Digest) -> String {
        format!("{}/{}@{digest}", self.line.host(), self.path)
    }

    fn request(&self, method: Method, path: &str) -> Result<Request, Error> {
        Ok(Request::new(method, self.line.url(&format!("{}/{path}", self.path))?))
    }

    async fn send(&self, request: Request, repeat: Repeat, action: &str) -> Result<Response, Error> {
        self.line.send(request, repeat, action).await
    }

    async fn error(&self, response: Response, action: &str) -> Error {
        self.line.error(response, action).await
    }

    fn fault(&self, action: &str, fault: &str) -> Error {
        self.line.fault(action, fault)
    }

    async fn expect(&self, response: Response, good: &[StatusCode], action: &str) -> Result<Response, Error> {
        if good.contains(&response.status()) { Ok(response) } else { Err(self.error(response, action).await) }
    }
}

fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn header(text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| Error::Manifest {
        what: "this image".into(),
        reason: format!("its media type {text:?} cannot be sent"),
    })
}
