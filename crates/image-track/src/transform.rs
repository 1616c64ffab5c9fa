//! What happens to a version on its way from a source to a file.

use regex_lite::Regex;
use version::{Bump, Version};

use crate::trouble::Trouble;

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Transformer {
    AddPrefix(String),
    AddSuffix(String),
    TrimPrefix(String),
    TrimSuffix(String),
    /// From what to what, all at once: what was put in is not replaced again.
    Replace(Vec<(String, String)>),
    Find(Regex),
    /// A pattern, and which of its groups; 0 is the whole of what matches.
    FindSubmatch(Regex, usize),
    Increment(Vec<Bump>),
    Quote,
    Unquote,
}

/// Carries out all steps, each with what the one before gave.
///
/// # Errors
/// When a pattern does not match, what should be a version is none, or nothing is left.
pub(crate) fn transform(value: &str, steps: &[Transformer]) -> Result<String, Trouble> {
    let mut value = value.to_owned();
    for step in steps {
        let after = step.apply(&value)?;
        tracing::debug!("{value} becomes {after}");
        value = after;
        if value.is_empty() {
            return Err(Trouble::failed("the transformers leave nothing of the version"));
        }
    }
    Ok(value)
}

impl Transformer {
    fn apply(&self, value: &str) -> Result<String, Trouble> {
        let no_match = |regex: &Regex| {
            Trouble::failed(format!("the pattern {} matches nothing in '{value}'", regex.as_str()))
        };
        Ok(match self {
            Self::AddPrefix(prefix) => format!("{prefix}{value}"),
            Self::AddSuffix(suffix) => format!("{value}{suffix}"),
            Self::TrimPrefix(prefix) => value.strip_prefix(prefix.as_str()).unwrap_or(value).to_owned(),
            Self::TrimSuffix(suffix) => value.strip_suffix(suffix.as_str()).unwrap_or(value).to_owned(),
            Self::Replace(pairs) => replace(value, pairs),
            Self::Find(regex) => regex.find(value).ok_or_else(|| no_match(regex))?.as_str().to_owned(),
            Self::FindSubmatch(regex, group) => {
                let found = regex.captures(value).ok_or_else(|| no_match(regex))?;
                found.get(*group).ok_or_else(|| no_match(regex))?.as_str().to_owned()
            }
            Self::Increment(bumps) => increment(value, bumps)?,
            Self::Quote => format!("{value:?}"),
            Self::Unquote => value.trim_matches('"').to_owned(),
        })
    }
}

/// At each place the first pair that fits, as Go's `strings.Replacer` does.
fn replace(value: &str, pairs: &[(String, String)]) -> String {
    let mut result = String::new();
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        match pairs.iter().find(|(from, _)| !from.is_empty() && rest.starts_with(from.as_str())) {
            Some((from, to)) => {
                result.push_str(to);
                rest = &rest[from.len()..];
            }
            None => {
                result.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    result
}

fn increment(value: &str, bumps: &[Bump]) -> Result<String, Trouble> {
    let mut version = Version::lenient(value).map_err(|error| Trouble::of(&error))?;
    for bump in bumps {
        // The patch that a pre-release leads up to is the one that comes next.
        version = match bump {
            Bump::Patch if version.is_prerelease() => version.release(),
            bump => version.bump(*bump).map_err(|error| Trouble::of(&error))?,
        };
    }
    Ok(version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(text: &str) -> Regex {
        Regex::new(text).unwrap()
    }

    #[test]
    fn every_step_does_what_updatecli_does() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let table: [(&str, Vec<Transformer>, &str); 12] = [
            ("1.2.3", vec![Transformer::AddPrefix("app:v".into())], "app:v1.2.3"),
            ("v1.2.3", vec![Transformer::TrimPrefix("v".into())], "1.2.3"),
            ("1.2.3", vec![Transformer::TrimPrefix("v".into())], "1.2.3"),
            ("1.2.3-x", vec![Transformer::TrimSuffix("-x".into())], "1.2.3"),
            (
                "1.2.3",
                vec![Transformer::AddSuffix("-x".into()), Transformer::AddPrefix("v".into())],
                "v1.2.3-x",
            ),
            ("a_b_a", vec![Transformer::Replace(vec![pair("a", "b"), pair("b", "c"), pair("_", "")])], "bcb"),
            ("app-1.2.3-x", vec![Transformer::Find(regex(r"\d+\.\d+"))], "1.2"),
            ("v1.2.3", vec![Transformer::FindSubmatch(regex(r"v(\d+)\.(\d+)"), 2)], "2"),
            ("v1.2.3", vec![Transformer::FindSubmatch(regex(r"v(\d+)\.(\d+)"), 0)], "v1.2"),
            ("1.2.3", vec![Transformer::Increment(vec![Bump::Minor, Bump::Patch])], "1.3.1"),
            ("1.2.3-rc.1", vec![Transformer::Increment(vec![Bump::Patch])], "1.2.3"),
            ("1.2.3", vec![Transformer::Quote, Transformer::Unquote], "1.2.3"),
        ];
        for (value, steps, expected) in table {
            assert_eq!(transform(value, &steps).as_deref(), Ok(expected), "{value} {steps:?}");
        }
    }

    #[test]
    fn what_matches_nothing_is_an_error_and_no_empty_value() {
        for steps in [
            vec![Transformer::Find(regex("x"))],
            vec![Transformer::FindSubmatch(regex("(1)"), 4)],
            vec![Transformer::Increment(vec![Bump::Major]), Transformer::Find(regex("y"))],
            vec![Transformer::TrimPrefix("1.2.3".into())],
        ] {
            assert!(transform("1.2.3", &steps).is_err(), "{steps:?}");
        }
        assert!(transform("latest", &[Transformer::Increment(vec![Bump::Major])]).is_err());
    }
}
