//! What runs where: one JSON document for all environments of a project.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::record::Unreadable;
use crate::{Invalid, Tag, Timestamp};

/// An environment by its name, such as `preview` or `production`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment(String);

impl Environment {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Environment {
    type Err = Invalid;

    /// `prev` is `preview`, `prod` is `production`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const LONGEST: usize = 64;
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.is_empty()
            || text.len() > LONGEST
            || text.starts_with(['-', '.'])
            || !text.chars().all(is_word)
        {
            let reason =
                "a name has up to 64 letters, digits, dots, - and _, and begins with none of - and .";
            return Err(
                Invalid::new("environment", text, reason).hint("expected such as preview or production")
            );
        }
        let name = match text {
            "prev" => "preview",
            "prod" => "production",
            other => other,
        };
        Ok(Self(name.to_owned()))
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A version that runs in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The version, as its tag or image names it.
    pub version: Tag,
    /// When it was first recorded there.
    pub since: Timestamp,
    /// Where people find it.
    pub url: Option<Url>,
}

impl Deployment {
    /// A web address for people to find an environment at.
    ///
    /// # Errors
    /// When it is not http or https, or holds a user or password.
    pub fn address(text: &str) -> Result<Url, Invalid> {
        crate::asset::web_url("environment URL", text)
    }

    /// Does it say the same, whenever that was?
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.version == other.version && self.url == other.url
    }
}

/// Every environment and what runs there.
pub type Environments = BTreeMap<Environment, Deployment>;

/// The environments as JSON, without its `schema`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentsRecord {
    environments: BTreeMap<String, DeploymentRecord>,
}

/// What runs in one environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeploymentRecord {
    version: String,
    since: String,
    url: Option<String>,
}

impl From<&Deployment> for DeploymentRecord {
    fn from(deployment: &Deployment) -> Self {
        Self {
            version: deployment.version.to_string(),
            since: deployment.since.to_string(),
            url: deployment.url.as_ref().map(Url::to_string),
        }
    }
}

impl From<&Environments> for EnvironmentsRecord {
    fn from(environments: &Environments) -> Self {
        let records = environments.iter().map(|(name, deployment)| (name.to_string(), deployment.into()));
        Self { environments: records.collect() }
    }
}

impl TryFrom<EnvironmentsRecord> for Environments {
    type Error = Invalid;

    fn try_from(record: EnvironmentsRecord) -> Result<Self, Invalid> {
        let read = |(name, deployment): (String, DeploymentRecord)| {
            let deployment = Deployment {
                version: deployment.version.parse()?,
                since: deployment.since.parse()?,
                url: deployment.url.as_deref().map(Deployment::address).transpose()?,
            };
            Ok((name.parse()?, deployment))
        };
        record.environments.into_iter().map(read).collect()
    }
}

/// Writes the document.
pub(crate) fn write(environments: &Environments) -> Vec<u8> {
    let mut text = Vec::new();
    // Only a full disk could fail here, and memory is none.
    let _ = contract::output::json(&mut text, &EnvironmentsRecord::from(environments));
    text
}

/// Reads the document. A field that is not known is an error: it would be lost when the document is written again.
pub(crate) fn read(text: &[u8]) -> Result<Environments, Unreadable> {
    let document: Value = crate::record::document(text)?;
    let record: EnvironmentsRecord = serde_json::from_value(document).map_err(Unreadable::Json)?;
    record.try_into().map_err(Unreadable::Invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_the_long_ones() {
        for (text, name) in
            [("prev", "preview"), ("prod", "production"), ("dev", "dev"), ("eu-1.x", "eu-1.x")]
        {
            assert_eq!(text.parse::<Environment>().unwrap().as_str(), name);
        }
        for text in ["", "a b", "a/b", "../x", ".x", "-x", "é", &"x".repeat(65)] {
            assert!(text.parse::<Environment>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let deployment = Deployment {
            version: "v1.2.0".parse().unwrap(),
            since: "2026-11-21T08:00:00Z".parse().unwrap(),
            url: Some(Deployment::address("https://app.example.com/").unwrap()),
        };
        let other = Deployment { url: None, ..deployment.clone() };
        let all: Environments =
            [("prod".parse().unwrap(), deployment), ("dev".parse().unwrap(), other)].into_iter().collect();
        assert_eq!(read(&write(&all)).unwrap(), all);
    }

    #[test]
    fn a_document_that_is_not_in_order_is_refused() {
        let table = [
            ("{}", "no \"schema\""),
            ("{\"schema\": 2, \"environments\": {}}", "schema is 2"),
            ("{\"schema\": 1}", "missing field"),
            ("{\"schema\": 1, \"environments\": {}, \"more\": 1}", "unknown field"),
            (
                "{\"schema\": 1, \"environments\": {\"a\": {\"version\": \"a b\", \"since\": \"x\"}}}",
                "git allows",
            ),
        ];
        for (text, expected) in table {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
