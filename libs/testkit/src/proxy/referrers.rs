//! A registry's own list of referrers (distribution-spec v1.1, "Listing Referrers"), for a registry behind that keeps
//! none, and the ways of registries that have no such list.
//!
//! Only what is pushed through the proxy is listed. What is deleted through it is listed no more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// How a registry deals with manifests that refer to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referrers {
    /// It keeps a list, as the specification wants it.
    Native {
        /// How many a page has at most.
        page: usize,
        /// Does it heed `artifactType`, and say so?
        filters: bool,
    },
    /// It keeps none, and takes the tag `sha256-<hex>` for the manifest with that digest, as GitLab's registry does.
    TagIsDigest,
}

/// A target of the API, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// `/v2/<name>/manifests/<reference>`
    Manifest {
        name: &'a str,
        reference: &'a str,
    },
    /// `/v2/<name>/referrers/<digest>`
    Referrers {
        name: &'a str,
        digest: &'a str,
    },
    Other,
}

impl<'a> Target<'a> {
    pub(super) fn of(target: &'a str) -> Self {
        let path = target.split('?').next().unwrap_or_default();
        let Some(path) = path.strip_prefix("/v2/") else { return Self::Other };
        let mut parts = path.rsplitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(reference), Some("manifests"), Some(name)) => Self::Manifest { name, reference },
            (Some(digest), Some("referrers"), Some(name)) => Self::Referrers { name, digest },
            _ => Self::Other,
        }
    }
}

/// What is answered to who asks for referrers.
pub(super) struct List {
    pub(super) status: u16,
    pub(super) body: Value,
    pub(super) content_type: &'static str,
    /// The value of `Link`.
    pub(super) link: Option<String>,
    /// The value of `OCI-Filters-Applied`.
    pub(super) filters: Option<&'static str>,
}

/// The lists of all repositories.
#[derive(Debug)]
pub(super) struct Lists {
    kind: Referrers,
    /// By repository and subject, in the order in which they came.
    known: Mutex<HashMap<(String, String), Vec<Value>>>,
}

impl Lists {
    pub(super) fn new(kind: Referrers) -> Self {
        Self { kind, known: Mutex::default() }
    }

    pub(super) fn is_native(&self) -> bool {
        matches!(self.kind, Referrers::Native { .. })
    }

    /// The digest that this tag stands for.
    pub(super) fn digest_of(&self, reference: &str) -> Option<String> {
        let hex = reference.strip_prefix("sha256-").filter(|hex| is_hex(hex))?;
        (self.kind == Referrers::TagIsDigest).then(|| format!("sha256:{hex}"))
    }

    /// Takes up a manifest that the registry has accepted, and returns its subject if it has one.
    pub(super) fn accept(&self, name: &str, manifest: &[u8]) -> Option<String> {
        let fields: Value = serde_json::from_slice(manifest).ok()?;
        let subject = fields["subject"]["digest"].as_str()?.to_owned();
        let digest = digest_of(manifest);
        let mut entry = json!({ "mediaType": fields["mediaType"], "digest": digest, "size": manifest.len() });
        let artifact_type = [&fields["artifactType"], &fields["config"]["mediaType"]];
        if let Some(artifact_type) = artifact_type.into_iter().find(|kind| kind.is_string()) {
            entry["artifactType"] = artifact_type.clone();
        }
        if fields["annotations"].is_object() {
            entry["annotations"] = fields["annotations"].clone();
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let list = known.entry((name.to_owned(), subject.clone())).or_default();
        if !list.iter().any(|known| known["digest"] == entry["digest"]) {
            list.push(entry);
        }
        Some(subject)
    }

    /// Forgets a manifest that was deleted.
    pub(super) fn forget(&self, name: &str, digest: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, list) in known.iter_mut().filter(|((repository, _), _)| repository == name) {
            list.retain(|entry| entry["digest"] != digest);
        }
    }

    /// Answers who asks for the referrers of a digest; none where there is no such list.
    pub(super) fn list(&self, target: &str) -> Option<List> {
        let Referrers::Native { page, filters } = self.kind else { return None };
        let Target::Referrers { name, digest } = Target::of(target) else { return None };
        if !digest.strip_prefix("sha256:").is_some_and(is_hex) {
            let problem = json!({ "code": "DIGEST_INVALID", "message": format!("{digest} is no digest") });
            let (body, content_type) = (json!({ "errors": [problem] }), "application/json");
            return Some(List { status: 400, body, content_type, link: None, filters: None });
        }
        let url = Url::parse("http://registry").and_then(|base| base.join(target)).ok()?;
        let parameter = |name: &str| {
            url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
        };
        let wanted = parameter("artifactType").filter(|_| filters);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let list = known.get(&(name.to_owned(), digest.to_owned())).cloned().unwrap_or_default();
        drop(known);
        let list = list.into_iter().filter(|entry| {
            wanted.as_deref().is_none_or(|wanted| entry["artifactType"].as_str() == Some(wanted))
        });
        let list: Vec<_> = list.collect();
        let begin: usize = parameter("next").and_then(|next| next.parse().ok()).unwrap_or(0);
        let end = list.len().min(begin + page);
        let link = (end < list.len()).then(|| {
            let mut next = url.clone();
            let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "next").collect();
            next.query_pairs_mut().clear().extend_pairs(kept).append_pair("next", &end.to_string());
            format!("<{}?{}>; rel=\"next\"", next.path(), next.query().unwrap_or_default())
        });
        let manifests = list.get(begin..end).unwrap_or_default();
        let body = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let filters = wanted.map(|_| "artifactType");
        Some(List { status: 200, body, content_type: INDEX, link, filters })
    }
}

fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_apart_by_their_end() {
        let table = [
            ("/v2/a/b/manifests/1", Target::Manifest { name: "a/b", reference: "1" }),
            ("/v2/a/manifests/sha256:0?x=y", Target::Manifest { name: "a", reference: "sha256:0" }),
            ("/v2/a/referrers/sha256:0", Target::Referrers { name: "a", digest: "sha256:0" }),
            ("/v2/a/tags/list", Target::Other),
            ("/token", Target::Other),
        ];
        for (target, expected) in table {
            assert_eq!(Target::of(target), expected, "{target}");
        }
    }
}
