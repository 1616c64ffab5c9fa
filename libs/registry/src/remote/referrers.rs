//! What refers to an image: signatures, attestations, marks (distribution-spec, "Listing Referrers").

use http::header::{ACCEPT, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::{Remote, link};
use crate::manifest::media_type;
use crate::{Descriptor, Digest, Error, Tag, Which};

/// A page of referrers carries annotations and may be long, in bytes.
const PAGE_LIMIT: usize = 16 * 1024 * 1024;

/// A manifest whose `subject` is the image that was asked about.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// The manifest.
    pub descriptor: Descriptor,
    /// What kind of thing it is.
    pub artifact_type: Option<String>,
    /// Its annotations, as far as the list repeats them.
    pub annotations: BTreeMap<String, String>,
}

/// All referrers of an image, and how the registry keeps them.
#[derive(Clone, Debug)]
pub struct Referrers {
    /// The referrers, in the registry's order.
    pub list: Vec<Referrer>,
    /// Does the registry itself know who refers to whom? Else clients keep an index under the fallback tag.
    pub native: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    #[serde(default)]
    media_type: String,
    manifests: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    media_type: String,
    digest: String,
    size: u64,
    artifact_type: Option<String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Remote {
    /// Everything that refers to this digest.
    ///
    /// # Errors
    /// When the registry answers neither with a list nor that it keeps none.
    pub async fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let action = format!("list what refers to {}", self.blob_name(subject));
        let mut list = Vec::new();
        let mut request = self.request(Method::GET, &format!("referrers/{subject}"))?;
        loop {
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(media_type::OCI_INDEX));
            let answer = self.line.fetch(request, PAGE_LIMIT, &action).await?;
            let same_server = answer.url.origin() == self.line.url("")?.origin();
            match answer.status {
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                    return self.tagged_referrers(subject).await;
                }
                // GitHub's registry redirects to a page for people.
                _ if !same_server => return self.tagged_referrers(subject).await,
                StatusCode::OK => {}
                status => return Err(self.line.refusal(status, &answer.body, &action)),
            }
            let (next, body) = (link::next(&answer), answer.body);
            // A 200 with something else is a server that answers everything so.
            let Some(page) = read(&body) else { return self.tagged_referrers(subject).await };
            list.extend(page);
            match next {
                Some(url) => request = self.page_request(url, &action)?,
                None => return Ok(Referrers { list, native: true }),
            }
        }
    }

    /// The index that clients keep under a tag where the registry keeps none.
    async fn tagged_referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let list = match self.manifest(&Which::Tag(fallback_tag(subject)?)).await {
            // GitLab takes this tag for the digest and sends the image itself.
            Ok(index) if index.digest() == subject => Vec::new(),
            Ok(index) => read(index.bytes()).unwrap_or_default(),
            Err(Error::NotFound { .. } | Error::Manifest { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Referrers { list, native: false })
    }
}

/// The referrers tag of a digest: the algorithm, and at most 64 characters of the encoded part (distribution-spec,
/// "Referrers Tag Schema").
pub(crate) fn fallback_tag(subject: &Digest) -> Result<Tag, Error> {
    let encoded: String = subject.hex().chars().take(64).collect();
    let text = format!("{}-{encoded}", subject.algorithm());
    text.parse().map_err(|error: crate::InvalidTag| Error::Manifest { what: text, reason: error.to_string() })
}

/// The entries of an index; none when it is not one.
pub(crate) fn read(body: &[u8]) -> Option<Vec<Referrer>> {
    let index: Index = serde_json::from_slice(body).ok()?;
    if index.media_type != media_type::OCI_INDEX {
        return None;
    }
    let referrer = |entry: Entry| {
        let descriptor = Descriptor {
            media_type: entry.media_type,
            digest: entry.digest.parse().ok()?,
            size: entry.size,
            platform: None,
            foreign: false,
            annotations: entry.annotations.clone(),
        };
        Some(Referrer { descriptor, artifact_type: entry.artifact_type, annotations: entry.annotations })
    };
    Some(index.manifests.into_iter().filter_map(referrer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_referrers_tag_is_a_tag_for_either_algorithm() {
        for (algorithm, length) in [("sha256", 64), ("sha512", 128)] {
            let subject: Digest = format!("{algorithm}:{}", "a".repeat(length)).parse().unwrap();
            assert_eq!(fallback_tag(&subject).unwrap().as_str(), format!("{algorithm}-{}", "a".repeat(64)));
        }
    }
}
