//! What refers to an image: signatures, attestations, marks (distribution-spec, "Listing Referrers").

use http::header::{ACCEPT, HeaderValue};
use http::{Method, Request, StatusCode, Url};
use serde::Deserialize;
use std::collections::{BTreeMap, HashSet};

use super::{Remote, link};
use crate::manifest::media_type;
use crate::{Descriptor, Digest, Error, Manifest, Tag, Which};

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

/// Who keeps the list of what refers to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// The store itself: who writes a manifest with a `subject` has nothing more to do.
    Store,
    /// Clients, in an index under the tag `sha256-<hex>`; or nobody yet.
    Clients,
    /// Nobody can: the registry has no list, and that tag leads to the image itself (GitLab), or to something that is
    /// no index.
    Nobody,
}

/// All referrers of an image, and who keeps the list of them.
#[derive(Clone, Debug)]
pub struct Referrers {
    /// The referrers, each once, in the store's order.
    pub list: Vec<Referrer>,
    /// Who keeps the list.
    pub keeping: Keeping,
}

impl Referrers {
    /// Only those of this type.
    #[must_use]
    pub fn of_type(mut self, artifact_type: &str) -> Self {
        self.list.retain(|referrer| referrer.artifact_type.as_deref() == Some(artifact_type));
        self
    }

    /// Adds those of another list that are not in this one.
    pub fn add(&mut self, others: Vec<Referrer>) {
        let mut seen: HashSet<_> = self.list.iter().map(|known| known.descriptor.digest.clone()).collect();
        self.list.extend(others.into_iter().filter(|other| seen.insert(other.descriptor.digest.clone())));
    }
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
    annotations: Option<BTreeMap<String, String>>,
}

impl Remote {
    /// Everything that refers to this digest: as the registry itself says, or else as clients have noted under the
    /// referrers tag.
    ///
    /// # Errors
    /// When the registry answers neither with a list nor that it keeps none.
    pub async fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        match self.own_referrers(subject, None).await? {
            Some(referrers) => Ok(referrers),
            None => self.tagged_referrers(subject).await,
        }
    }

    /// The same, but only those of one type. The registry is asked to send no others, and whether it does so or not,
    /// there are no others in the list.
    ///
    /// # Errors
    /// When the registry answers neither with a list nor that it keeps none.
    pub async fn referrers_of_type(&self, subject: &Digest, artifact_type: &str) -> Result<Referrers, Error> {
        let referrers = match self.own_referrers(subject, Some(artifact_type)).await? {
            Some(referrers) => referrers,
            None => self.tagged_referrers(subject).await?,
        };
        Ok(referrers.of_type(artifact_type))
    }

    /// What the registry itself knows of; none when it keeps no list. `artifact_type` is a wish that it need not heed.
    ///
    /// # Errors
    /// When the registry answers neither with a list nor that it keeps none.
    pub async fn own_referrers(
        &self,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Option<Referrers>, Error> {
        let action = format!("list what refers to {}", self.blob_name(subject));
        let mut referrers = Referrers { list: Vec::new(), keeping: Keeping::Store };
        let mut request = self.request(Method::GET, &format!("referrers/{subject}"))?;
        if let Some(artifact_type) = artifact_type {
            request.url_mut().query_pairs_mut().append_pair("artifactType", artifact_type);
        }
        let mut asked = HashSet::from([request.url().clone()]);
        loop {
            let Some((page, next)) = self.page(request, &action).await? else { return Ok(None) };
            referrers.add(page);
            match next {
                // A page may be empty when others were filtered out; one that leads back would go on for ever.
                Some(url) if !asked.insert(url.clone()) => {
                    return Err(self.fault(&action, "sends a page that leads back to one before it"));
                }
                Some(url) => request = self.page_request(url, &action)?,
                None => return Ok(Some(referrers)),
            }
        }
    }

    /// A page of the registry's list, and where the next one is; none when the registry keeps no list.
    async fn page(
        &self,
        mut request: Request,
        action: &str,
    ) -> Result<Option<(Vec<Referrer>, Option<Url>)>, Error> {
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(media_type::OCI_INDEX));
        let answer = self.line.fetch(request, PAGE_LIMIT, action).await?;
        let same_server = answer.url.origin() == self.line.url("")?.origin();
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(None),
            // GitHub's registry redirects to a page for people.
            _ if !same_server => Ok(None),
            // A 200 with something else is a server that answers everything so.
            StatusCode::OK => Ok(read(&answer.body).map(|page| (page, link::next(&answer)))),
            status => Err(self.line.refusal(status, &answer.body, action)),
        }
    }

    /// What clients have noted in the index under the referrers tag, without asking the registry for its own list.
    ///
    /// # Errors
    /// When the tag cannot be read.
    pub async fn tagged_referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let of = |list, keeping| Ok(Referrers { list, keeping });
        match self.manifest(&Which::Tag(referrers_tag(subject)?)).await {
            Ok(index) => match noted(&index, subject) {
                Some(list) => of(list, Keeping::Clients),
                None => of(Vec::new(), Keeping::Nobody),
            },
            Err(Error::NotFound { .. }) => of(Vec::new(), Keeping::Clients),
            Err(Error::Manifest { .. }) => of(Vec::new(), Keeping::Nobody),
            Err(error) => Err(error),
        }
    }
}

/// The entries of what stands under the referrers tag; none when it is something else. GitLab takes the tag for the
/// digest and sends the image itself, which may be an index, too.
pub(super) fn noted(index: &Manifest, subject: &Digest) -> Option<Vec<Referrer>> {
    if index.digest() == subject { None } else { read(index.bytes()) }
}

/// The tag under which clients keep the list of a digest's referrers.
pub(super) fn referrers_tag(subject: &Digest) -> Result<Tag, Error> {
    let text = subject.tag_stem();
    text.parse().map_err(|error: crate::InvalidTag| Error::Manifest { what: text, reason: error.to_string() })
}

/// How a manifest stands in a list of referrers.
pub(crate) fn of(manifest: &Manifest) -> Option<Referrer> {
    let entry: Entry = serde_json::from_value(super::listing::entry(manifest)).ok()?;
    referrer(entry)
}

fn referrer(entry: Entry) -> Option<Referrer> {
    let annotations = entry.annotations.unwrap_or_default();
    let descriptor = Descriptor {
        media_type: entry.media_type,
        digest: entry.digest.parse().ok()?,
        size: entry.size,
        platform: None,
        foreign: false,
        annotations: annotations.clone(),
    };
    Some(Referrer { descriptor, artifact_type: entry.artifact_type, annotations })
}

/// The entries of an index; none when it is not one.
pub(crate) fn read(body: &[u8]) -> Option<Vec<Referrer>> {
    let index: Index = serde_json::from_slice(body).ok()?;
    if index.media_type != media_type::OCI_INDEX {
        return None;
    }
    Some(index.manifests.into_iter().filter_map(referrer).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_referrers_tag_is_a_tag_for_either_algorithm() {
        for (algorithm, length) in [("sha256", 64), ("sha512", 128)] {
            let subject: Digest = format!("{algorithm}:{}", "a".repeat(length)).parse().unwrap();
            assert_eq!(referrers_tag(&subject).unwrap().as_str(), format!("{algorithm}-{}", "a".repeat(64)));
        }
    }
}
