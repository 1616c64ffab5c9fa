//! Artifactory's query language, as far as it is needed: `items.find(…).include(…)`.

use registry::Digest;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::Error;

/// The longest query that Artifactory takes, in characters.
const LONGEST: usize = 6000;

/// A file that a search has found.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    pub(super) repo: String,
    /// The folder.
    pub(super) path: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) sha256: Option<String>,
    #[serde(default)]
    pub(super) properties: Vec<Property>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Property {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// The answer to a search.
#[derive(Debug, Deserialize)]
pub(super) struct Found {
    pub(super) results: Vec<Item>,
    pub(super) range: Range,
}

/// How much of what there is the answer holds.
#[derive(Debug, Deserialize)]
pub(super) struct Range {
    #[serde(default)]
    total: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    notification: Option<String>,
}

impl Item {
    pub(super) fn digest(&self) -> Option<Digest> {
        format!("sha256:{}", self.sha256.as_deref()?).parse().ok()
    }

    pub(super) fn is(&self, digest: &Digest) -> bool {
        self.digest().as_ref() == Some(digest)
    }

    /// Where the file is, below the root of the storage.
    pub(super) fn location(&self) -> String {
        format!("{}/{}/{}", self.repo, self.path, self.name)
    }
}

impl Range {
    /// Why the answer may not be all there is.
    pub(super) fn trimmed(&self) -> Option<String> {
        let full = self.limit.is_some_and(|limit| self.total.is_some_and(|total| total >= limit));
        let full = full.then(|| format!("as many as its limit of {}", self.limit.unwrap_or_default()));
        self.notification.clone().filter(|text| !text.is_empty()).or(full)
    }
}

/// The query for files with these criteria. Who is no administrator must ask for repository, path and name, always.
pub(super) fn query(criteria: &Json, fields: &[&str]) -> Result<String, Error> {
    let fields: Vec<String> =
        ["repo", "path", "name"].iter().chain(fields).map(|field| format!("\"{field}\"")).collect();
    let query = format!("items.find({criteria}).include({})", fields.join(","));
    match query.chars().count() {
        length if length > LONGEST => Err(Error::QueryTooLong { length, limit: LONGEST }),
        _ => Ok(query),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_quoted_and_what_is_too_long_is_not_sent() {
        let text = query(&json!({ "repo": "a", "@ticket": "say \"hi\" \\ é" }), &["sha256"]).unwrap();
        assert_eq!(
            text,
            r#"items.find({"@ticket":"say \"hi\" \\ é","repo":"a"}).include("repo","path","name","sha256")"#
        );
        assert!(query(&json!({ "@k": "v".repeat(6000) }), &[]).is_err());
    }

    #[test]
    fn an_answer_that_may_have_been_cut_says_so() {
        let table = [
            (json!({ "start_pos": 0, "end_pos": 2, "total": 2 }), None),
            (json!({ "total": 2, "limit": 3 }), None),
            (json!({ "total": 3, "limit": 3 }), Some("as many as its limit of 3")),
            (json!({ "total": 1, "notification": "results are trimmed" }), Some("results are trimmed")),
        ];
        for (range, expected) in table {
            let read: Range = serde_json::from_value(range.clone()).unwrap();
            assert_eq!(read.trimmed().as_deref(), expected, "{range}");
        }
    }
}
