//! Keys, values, and who set them.

use std::fmt;
use std::str::FromStr;

use contract::output::printable;
use serde::Serialize;

/// A key becomes a part of a tag, `sha256-<64 hex>.<key>`, and a tag has at most 128 characters.
const LONGEST_KEY: usize = 128 - "sha256-".len() - 64 - 1;
/// A value is an annotation, and registries limit the whole manifest; this is far below any such limit, in bytes.
const LONGEST_VALUE: usize = 4096;
/// So many characters say which text was meant.
const QUOTE: usize = 80;

/// What an image is marked with: letters, digits, `.`, `_` and `-`, at most 56 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Key(String);

/// What a key is set to; `true` unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value(String);

/// `KEY` or `KEY=VALUE`: what is to be set, or has to hold. As it is typed no value is empty: `tested=$RESULT` would spoil
/// what is there, where the variable is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assignment {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Value,
}

/// A mark as it was found on an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// When it was set, as RFC 3339; none when another tool set it and did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who set it, and where.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// Which pipeline set a mark; empty on a laptop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The URL of the pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// The URL of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The account the job runs for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// Set or unset: what a key is, or shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum State {
    /// It holds, with this value.
    Set {
        /// The value.
        value: Value,
    },
    /// It was set once, and does not hold any more.
    Unset,
}

/// What was, or shall be, done to a key: an entry of an image's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// The key.
    pub key: Key,
    /// What it became.
    #[serde(flatten)]
    pub state: State,
    /// When, as RFC 3339; none when another tool did it and did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who did it, and where.
    #[serde(flatten)]
    pub provenance: Provenance,
}

/// What shall become of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The key.
    pub key: Key,
    /// What it shall be.
    pub state: State,
    /// Who says so, if it is not who carries it out.
    pub by: Option<Provenance>,
}

/// What writing a mark changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "change")]
pub enum Change {
    /// It was not there, and is set.
    Created,
    /// It had another value.
    Changed {
        /// The value before.
        previous: Value,
    },
    /// It was there with this value; nothing was written.
    Unchanged,
    /// It was there, and is unset.
    Removed {
        /// The value before.
        previous: Value,
    },
    /// It was to be unset and was not there; nothing was written.
    Absent,
}

impl Record {
    /// The mark this is, if it holds.
    pub fn mark(&self) -> Option<Mark> {
        let State::Set { value } = &self.state else { return None };
        let (key, value) = (self.key.clone(), value.clone());
        Some(Mark { key, value, created: self.created.clone(), provenance: self.provenance.clone() })
    }
}

impl Step {
    /// Sets what is given.
    pub fn set(assignment: &Assignment) -> Self {
        let Assignment { key, value } = assignment.clone();
        Self { key, state: State::Set { value }, by: None }
    }

    /// Sets a mark as it was found on an image elsewhere, in the name of who set it there.
    pub fn carry(mark: &Mark) -> Self {
        let Mark { key, value, provenance, .. } = mark.clone();
        Self { key, state: State::Set { value }, by: Some(provenance) }
    }

    /// Unsets a key, whatever its value.
    pub fn unset(key: &Key) -> Self {
        Self { key: key.clone(), state: State::Unset, by: None }
    }

    /// What this changes where the key has the value `known`.
    pub fn change(&self, known: Option<&Value>) -> Change {
        match (&self.state, known.cloned()) {
            (State::Set { value }, Some(known)) if *value == known => Change::Unchanged,
            (State::Set { .. }, Some(previous)) => Change::Changed { previous },
            (State::Set { .. }, None) => Change::Created,
            (State::Unset, Some(previous)) => Change::Removed { previous },
            (State::Unset, None) => Change::Absent,
        }
    }

    /// Does a key with the value `known` need no more than it has?
    pub(crate) fn is_done(&self, known: Option<&Value>) -> bool {
        matches!(self.change(known), Change::Unchanged | Change::Absent)
    }
}

impl Provenance {
    /// What GitLab's variables say, each in one line; `variable` looks up the environment.
    pub fn collect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let line = |value: String| printable(value.trim());
        let known = |name: &str| variable(name).map(line).filter(|value| !value.is_empty());
        Self {
            pipeline: known("CI_PIPELINE_URL"),
            job: known("CI_JOB_URL"),
            actor: known("GITLAB_USER_LOGIN"),
        }
    }
}

impl Key {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// Why a text is no mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no mark: {reason}")]
pub struct InvalidMark {
    text: String,
    pub(crate) reason: String,
    is_empty: bool,
}

impl InvalidMark {
    fn new(text: &str, reason: impl Into<String>) -> Self {
        let mut quote: String = text.chars().take(QUOTE).collect();
        if quote.len() < text.len() {
            quote.push('…');
        }
        Self { text: printable(&quote), reason: reason.into(), is_empty: false }
    }

    /// A part of it is missing, most likely because the job has not set what it comes from.
    fn empty(text: &str, part: &str) -> Self {
        Self { is_empty: true, ..Self::new(text, format!("the {part} is empty")) }
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> &'static str {
        if self.is_empty {
            "see that the variable is set that it comes from; 'props unset' takes a mark away"
        } else {
            "a mark is KEY or KEY=VALUE, such as tested or ticket=ABC-1"
        }
    }
}

impl FromStr for Key {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        let invalid = |reason: &str| InvalidMark::new(text, reason);
        if text.is_empty() {
            return Err(InvalidMark::empty(text, "key"));
        }
        if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
            return Err(invalid(&format!("the key holds {bad:?}; letters, digits and . _ - are allowed")));
        }
        if ["sig", "att", "sbom"].contains(&text) {
            return Err(invalid("cosign keeps signatures and the like under tags of that name"));
        }
        if text.len() > LONGEST_KEY {
            let length = text.len();
            return Err(invalid(&format!("the key has {length} characters, {LONGEST_KEY} are allowed")));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Value {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        if text.chars().any(char::is_control) {
            return Err(InvalidMark::new(text, "the value holds a control character"));
        }
        if text.len() > LONGEST_VALUE {
            let reason = format!("the value has {} bytes, {LONGEST_VALUE} are allowed", text.len());
            return Err(InvalidMark::new(text, reason));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Assignment {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        match text.split_once('=') {
            Some((key, value)) => {
                let key = key.parse()?;
                if value.is_empty() {
                    return Err(InvalidMark::empty(text, "value"));
                }
                // Who reads of a wrong value wants to know whose it is.
                let whole = |error: InvalidMark| InvalidMark::new(text, error.reason);
                Ok(Self { key, value: value.parse().map_err(whole)? })
            }
            None => Ok(Self { key: text.parse()?, value: Value("true".to_owned()) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_alone_is_set_to_true_and_a_value_may_hold_anything_readable() {
        let table = [
            ("tested", "tested", "true"),
            ("tested=false", "tested", "false"),
            ("ticket=JIRA-1 | x, y; z=1\\ é", "ticket", "JIRA-1 | x, y; z=1\\ é"),
            ("note==", "note", "="),
        ];
        for (text, key, value) in table {
            let assignment: Assignment = text.parse().unwrap();
            assert_eq!((assignment.key.as_str(), assignment.value.as_str()), (key, value));
        }
    }

    #[test]
    fn what_cannot_be_a_mark_is_refused_with_the_reason() {
        let (long_key, long_value) = ("k".repeat(57), format!("k={}", "v".repeat(4097)));
        let table = [
            ("", "empty"),
            ("=true", "empty"),
            ("note=", "the value is empty"),
            ("a b", "' '"),
            ("a/b=1", "'/'"),
            ("tested,scanned", "','"),
            ("note=two\nlines", "control"),
            (&long_key, "56"),
            (&long_value, "4096"),
        ];
        for (text, reason) in table {
            let error = text.parse::<Assignment>().expect_err(text).to_string();
            assert!(error.contains(reason) && !error.contains('\n'), "{error}");
            assert!(error.len() < 300, "{error}");
        }
        assert!("k".repeat(56).parse::<Key>().is_ok());
        // Older marks may be without a text, and are read.
        assert_eq!("".parse::<Value>().unwrap().as_str(), "");
    }

    #[test]
    fn what_the_variables_of_a_job_say_is_one_line_each() {
        let variables = [("CI_JOB_URL", " https://ci.example/1\n\u{1b}[2J"), ("CI_PIPELINE_URL", " \n")];
        let found = Provenance::collect(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let job = Some("https://ci.example/1\\n\\u{1b}[2J".to_owned());
        assert_eq!(found, Provenance { job, ..Provenance::default() });
    }
}
