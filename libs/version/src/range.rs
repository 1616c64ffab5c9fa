//! Ranges of versions, such as `^1.4`, in the two dialects that are in use.
//!
//! A range is a list of alternatives, an alternative a list of conditions that all have to hold. Both dialects are read
//! into the same few comparisons ([`test`]), so that what matches is decided in one place.

mod masterminds;
mod node;
mod partial;
#[cfg(test)]
mod tables;
mod test;

use std::fmt;

use contract::{Exit, Explain};

use crate::{Dialect, Version};
use test::{Condition, Test};

/// How a range is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RangeOptions {
    /// By which rules.
    pub dialect: Dialect,
    /// Pre-releases are in the range like all other versions.
    pub prereleases: bool,
    /// In [`Dialect::Node`], what that dialect calls loose: `1.2.3beta` is read, and a condition that cannot be read
    /// does not count. Without a meaning in the other.
    pub lenient: bool,
}

/// A range of versions.
#[derive(Clone, Debug)]
pub struct Range {
    text: String,
    alternatives: Vec<Alternative>,
}

/// Conditions that all have to hold.
#[derive(Clone, Debug)]
struct Alternative {
    conditions: Vec<Condition>,
    prereleases: Prereleases,
}

/// Which pre-releases may be looked at. Conditions have to hold for them all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Prereleases {
    All,
    None,
    /// Those that lead up to one of these releases.
    Of(Vec<Version>),
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// When the dialect does not allow it.
    pub fn parse(text: &str, options: RangeOptions) -> Result<Self, InvalidRange> {
        let alternatives = match options.dialect {
            Dialect::Masterminds => masterminds::parse(text, options.prereleases),
            Dialect::Node => node::parse(text, options),
        };
        let invalid = |reason| InvalidRange { text: text.to_owned(), reason };
        Ok(Self { text: text.to_owned(), alternatives: alternatives.map_err(invalid)? })
    }

    /// Whether a version is in it.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|alternative| alternative.refusal(version).is_none())
    }

    /// Why a version is not in it, as one sentence; `None` when it is.
    pub fn refusal(&self, version: &Version) -> Option<String> {
        let mut reasons = Vec::new();
        for alternative in &self.alternatives {
            let reason = alternative.refusal(version)?;
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        Some(format!("{version} is not in {self}: {}", reasons.join("; ")))
    }
}

impl Alternative {
    fn refusal(&self, version: &Version) -> Option<String> {
        if version.is_prerelease() && !self.prereleases.allow(version) {
            let named = match self.prereleases {
                Prereleases::Of(_) => format!("names none of {}", version.release()),
                _ => "names none".to_owned(),
            };
            return Some(format!("it is a pre-release, and '{self}' {named}"));
        }
        let broken = self.conditions.iter().find(|condition| !condition.holds(version))?;
        Some(format!("'{}' does not hold", broken.text))
    }
}

impl Prereleases {
    fn allow(&self, version: &Version) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Of(releases) => releases.contains(&version.release()),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.trim() {
            "" => f.write_str("*"),
            text => f.write_str(text),
        }
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.conditions.iter().map(|condition| condition.text.as_str()).collect();
        f.write_str(&texts.join(" "))
    }
}

/// A text that is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no range: {reason}")]
pub struct InvalidRange {
    text: String,
    reason: String,
}

impl Explain for InvalidRange {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("a range is ^1.4, ~1.4.2, >=1.4 <2, 1.x, 1.2 - 1.4, or several with || between them".into())
    }
}
