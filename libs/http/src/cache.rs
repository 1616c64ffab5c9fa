//! Answers kept in a folder, and asked for again only where they have changed: conditional requests with entity tags
//! (RFC 9110, sections 8.8.3 and 13.1.2). Nothing is ever answered out of the folder alone, so who may no longer see
//! something does not get it from here either.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use contract::file;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK};
use reqwest::{Request, StatusCode, Url};

use crate::{Client, Error, Repeat, body_within};

/// A folder of answers.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// An answer that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its entity tag.
    pub etag: HeaderValue,
    /// Its `Link` header, which leads to the next page of a list.
    pub link: Option<HeaderValue>,
    /// Its content.
    pub body: Bytes,
}

impl Kept {
    /// The answer as it is worth keeping: with an entity tag.
    pub fn of(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let etag = headers.get(ETAG)?.clone();
        Some(Self { etag, link: headers.get(LINK).cloned(), body: body.clone() })
    }
}

impl Cache {
    /// Uses this folder, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        file::clear_abandoned(folder);
        Ok(Self { folder: folder.to_owned() })
    }

    /// What was kept of this URL. Damage counts as nothing.
    pub fn find(&self, url: &Url) -> Option<Kept> {
        let content = Bytes::from(fs::read(self.path(url)).ok()?);
        let mut lines = content.splitn(4, |byte| *byte == b'\n');
        // Another URL may have the same file; the last one has it.
        if lines.next()? != url.as_str().as_bytes() {
            return None;
        }
        let etag = HeaderValue::from_bytes(lines.next()?).ok()?;
        let link = lines.next().filter(|link| !link.is_empty());
        let link = link.and_then(|link| HeaderValue::from_bytes(link).ok());
        let body = content.slice_ref(lines.next()?);
        Some(Kept { etag, link, body })
    }

    /// Keeps an answer. That it cannot be kept is no failure: it will be asked for again.
    pub fn keep(&self, url: &Url, kept: &Kept) {
        let link = kept.link.as_ref().map_or(&b""[..], HeaderValue::as_bytes);
        let head = [url.as_str().as_bytes(), kept.etag.as_bytes(), link].join(&b'\n');
        let content = [&head[..], &kept.body[..]].join(&b'\n');
        if let Err(error) = file::replace(&self.path(url), &content) {
            tracing::debug!("{} is not kept: {error}", url.path());
        }
    }

    /// Adds the condition to a request for what is kept already.
    pub fn condition(&self, request: &mut Request) -> Option<Kept> {
        let kept = self.find(request.url())?;
        request.headers_mut().insert(IF_NONE_MATCH, kept.etag.clone());
        Some(kept)
    }

    fn path(&self, url: &Url) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        url.as_str().hash(&mut hasher);
        self.folder.join(format!("{:016x}", hasher.finish()))
    }
}

impl Client {
    /// As [`Client::fetch`], but what `cache` has and the server has not changed is not sent again.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn fetch_through(
        &self,
        cache: Option<&Cache>,
        mut request: Request,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), Error> {
        let Some(cache) = cache else { return self.fetch(request, limit).await };
        let kept = cache.condition(&mut request);
        let url = request.url().clone();
        let response = self.send(request, Repeat::Safe).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (status, kept) {
            return Ok((StatusCode::OK, kept.body));
        }
        let body = body_within(response, limit).await?;
        if let (StatusCode::OK, Some(kept)) = (status, Kept::of(&headers, &body)) {
            cache.keep(&url, &kept);
        }
        Ok((status, body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_damage_is_nothing() {
        let folder = std::env::temp_dir().join(format!("pypelines-cache-{}", std::process::id()));
        let cache = Cache::open(&folder).unwrap();
        let url = |text: &str| Url::parse(text).unwrap();
        let (one, other) = (url("https://h/v2/a/tags/list?n=1"), url("https://h/v2/b"));
        assert_eq!(cache.find(&one), None);
        let kept = Kept {
            etag: HeaderValue::from_static("W/\"1\""),
            link: None,
            body: Bytes::from_static(b"{\n\"tags\": []\n}\n"),
        };
        cache.keep(&one, &kept);
        assert_eq!(cache.find(&one), Some(kept.clone()));
        let linked = Kept { link: Some(HeaderValue::from_static("</b>; rel=\"next\"")), ..kept };
        cache.keep(&other, &linked);
        assert_eq!(cache.find(&other), Some(linked));
        fs::write(cache.path(&one), "https://h/v2/a/tags/list?n=1\n\"1\"").unwrap();
        assert_eq!(cache.find(&one), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
