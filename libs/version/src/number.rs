//! A version and what comes after it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};
use semver::{BuildMetadata, Prerelease};

/// A version after SemVer 2.0.0: `1.4.3`, `1.5.0-rc.1`, `1.4.3+g1a2b3c4d`.
///
/// It is read with or without a leading `v` and written without one. Equality and order are those of precedence, in
/// which build metadata does not count (<https://semver.org/spec/v2.0.0.html#spec-item-11>): `1.0.0+a` equals `1.0.0+b`.
#[derive(Clone, Debug)]
pub struct Version(semver::Version);

/// Which part of a version grows. The order is that of importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bump {
    /// Something was repaired.
    Patch,
    /// Something was added.
    Minor,
    /// Something that worked works otherwise now.
    Major,
}

impl Version {
    /// The release `major.minor.patch`.
    pub const fn new(major: u64, minor: u64, patch: u64) -> Self {
        Self(semver::Version::new(major, minor, patch))
    }

    /// The first of the three numbers; 0 means that nothing is promised yet.
    pub fn major(&self) -> u64 {
        self.0.major
    }

    /// The second of the three numbers.
    pub fn minor(&self) -> u64 {
        self.0.minor
    }

    /// What stands behind the hyphen, as `rc.1`; empty for a release.
    pub fn prerelease(&self) -> &str {
        &self.0.pre
    }

    /// Whether it stands before its release, as `1.5.0-rc.1` does.
    pub fn is_prerelease(&self) -> bool {
        !self.0.pre.is_empty()
    }

    /// The release this version belongs to: the three numbers alone.
    #[must_use]
    pub fn release(&self) -> Self {
        Self::new(self.0.major, self.0.minor, self.0.patch)
    }

    /// The same three numbers as a pre-release, `1.5.0-rc.1` for `rc.1`.
    ///
    /// # Errors
    /// When `prerelease` is not made of letters, digits, `-` and `.` between them, or a number in it starts with 0.
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, InvalidVersion> {
        let pre = Prerelease::new(prerelease)
            .map_err(|source| InvalidVersion { text: format!("{}-{prerelease}", self.release()), source })?;
        Ok(self.with_pre(pre))
    }

    /// What may stand in front of the three numbers, and how many of them there are, is taken lightly: ` v1.4`, `01.4.0`
    /// and `1.4.0rc.1` are versions, as they are for updatecli or for npm in its loose mode. Missing numbers are 0.
    ///
    /// # Errors
    /// When it is no version even so.
    pub fn lenient(text: &str) -> Result<Self, InvalidVersion> {
        let strict = text.parse::<Self>();
        if strict.is_ok() {
            return strict;
        }
        let bare = text.trim().trim_start_matches(['v', '=', ' ']);
        let digits = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
        let (numbers, rest) = bare.split_at(digits);
        let mut parts: Vec<&str> = numbers.split('.').collect();
        if rest.starts_with(['-', '+']) || rest.is_empty() {
            parts.resize(parts.len().max(3), "0");
        }
        let parts: Vec<&str> = parts.into_iter().map(without_zeros).collect();
        let hyphen = if rest.starts_with(['-', '+']) || rest.is_empty() { "" } else { "-" };
        format!("{}{hyphen}{rest}", parts.join(".")).parse().or(strict)
    }

    /// The lowest version of these three numbers that there can be: `1.5.0-0`.
    pub(crate) fn lowest_prerelease(&self) -> Self {
        // A single digit is always a pre-release.
        self.with_pre(Prerelease::new("0").unwrap_or(Prerelease::EMPTY))
    }

    pub(crate) fn with_pre(&self, pre: Prerelease) -> Self {
        Self(semver::Version { pre, build: BuildMetadata::EMPTY, ..self.0.clone() })
    }

    /// The release that follows this one's three numbers. What a pre-release leads up to is [`Version::release`].
    ///
    /// # Errors
    /// When a number is already the largest there is.
    pub fn bump(&self, bump: Bump) -> Result<Self, TooLarge> {
        let semver::Version { major, minor, patch, .. } = self.0;
        let next = |number: u64| number.checked_add(1).ok_or_else(|| TooLarge { version: self.to_string() });
        Ok(match bump {
            Bump::Major => Self::new(next(major)?, 0, 0),
            Bump::Minor => Self::new(major, next(minor)?, 0),
            Bump::Patch => Self::new(major, minor, next(patch)?),
        })
    }

    /// The same version with this build metadata in the place of its own, as `1.4.3+g1a2b3c4d`.
    ///
    /// # Errors
    /// When `build` is not made of letters, digits, `-` and `.` between them.
    pub fn with_build(&self, build: &str) -> Result<Self, InvalidVersion> {
        let build = BuildMetadata::new(build)
            .map_err(|source| InvalidVersion { text: format!("{}+{build}", self.release()), source })?;
        Ok(Self(semver::Version { build, ..self.0.clone() }))
    }
}

fn without_zeros(number: &str) -> &str {
    let bare = number.trim_start_matches('0');
    if bare.is_empty() && !number.is_empty() { "0" } else { bare }
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let bare = text.strip_prefix('v').unwrap_or(text);
        let parsed = semver::Version::parse(bare);
        parsed.map(Self).map_err(|source| InvalidVersion { text: text.to_owned(), source })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

/// A text that is no version.
#[derive(Debug, thiserror::Error)]
#[error("'{text}' is no version")]
pub struct InvalidVersion {
    text: String,
    source: semver::Error,
}

impl Explain for InvalidVersion {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("a version is MAJOR.MINOR.PATCH, such as 1.4.3 or v1.4.3 or 1.5.0-rc.1".into())
    }
}

/// There is no version after this one.
#[derive(Debug, thiserror::Error)]
#[error("no version comes after {version}: its number is the largest there is")]
pub struct TooLarge {
    version: String,
}

impl Explain for TooLarge {
    fn hint(&self) -> Option<String> {
        Some(format!("if the tag {} was a mistake, delete it", self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_leading_v_is_read_and_never_written() {
        let table = [
            ("1.4.3", "1.4.3"),
            ("v1.4.3", "1.4.3"),
            ("v1.5.0-rc.10", "1.5.0-rc.10"),
            ("0.0.0", "0.0.0"),
            ("1.0.0-0a.-+001.x", "1.0.0-0a.-+001.x"),
        ];
        for (text, shown) in table {
            assert_eq!(version(text).to_string(), shown);
        }
    }

    #[test]
    fn what_semver_does_not_allow_is_refused() {
        let table = [
            "",
            "v",
            "1",
            "1.2",
            "1.2.3.4",
            "vv1.2.3",
            "V1.2.3",
            " 1.2.3",
            "1.2.3\n",
            "01.2.3",
            "1.2.3-",
            "1.2.3-rc..1",
            "1.2.3-01",
            "1.2.3+",
            "1.2.3+a_b",
            "-1.2.3",
            "1.2.99999999999999999999",
            "2024-10-03",
        ];
        for text in table {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn lenient_reading_fills_what_is_missing() {
        let table = [
            ("1", Some("1.0.0")),
            ("v1.4", Some("1.4.0")),
            ("1.4-rc.1", Some("1.4.0-rc.1")),
            ("1.4+7", Some("1.4.0+7")),
            ("01.04.00", Some("1.4.0")),
            ("= v1.4.3", Some("1.4.3")),
            ("1.4.3rc.1", Some("1.4.3-rc.1")),
            ("1.4.3-rc.1", Some("1.4.3-rc.1")),
            ("20240101", Some("20240101.0.0")),
            ("1.4rc1", None),
            ("1.2.3.4", None),
            ("1..3", None),
            (".1", None),
            ("latest", None),
            ("027c3e98", None),
            ("", None),
            ("v", None),
        ];
        for (text, shown) in table {
            let read = Version::lenient(text).ok().map(|version| version.to_string());
            assert_eq!(read.as_deref(), shown, "{text:?}");
        }
    }

    #[test]
    fn a_prerelease_replaces_what_was_there() {
        assert_eq!(version("1.5.0-rc.1+g1").with_prerelease("rc.2").unwrap().to_string(), "1.5.0-rc.2");
        assert_eq!(version("1.5.0-rc.2").prerelease(), "rc.2");
        for bad in ["rc..1", "rc.01", "r c", "rc_1", "rc+1"] {
            assert!(version("1.0.0").with_prerelease(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn order_is_precedence() {
        // The chain of https://semver.org/spec/v2.0.0.html#spec-item-11, and what is often sorted as text.
        let ascending = [
            "0.9.0",
            "0.10.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1",
            "2.0.0",
        ];
        for pair in ascending.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn build_metadata_does_not_count() {
        assert_eq!(version("1.0.0+a"), version("1.0.0+b"));
        assert_eq!(version("1.0.0+a").max(version("1.0.0")).cmp(&version("1.0.0")), Ordering::Equal);
        assert_ne!(version("1.0.0-a"), version("1.0.0"));
    }

    #[test]
    fn a_bump_resets_what_stands_behind_it() {
        let table = [
            ("1.4.3", Bump::Patch, "1.4.4"),
            ("1.4.3", Bump::Minor, "1.5.0"),
            ("1.4.3", Bump::Major, "2.0.0"),
            ("1.4.3+g1", Bump::Patch, "1.4.4"),
            ("0.9.9", Bump::Minor, "0.10.0"),
        ];
        for (from, bump, to) in table {
            assert_eq!(version(from).bump(bump).unwrap().to_string(), to, "{from} {bump:?}");
        }
    }

    #[test]
    fn the_largest_number_has_no_successor() {
        let last = version("1.18446744073709551615.0");
        assert!(last.bump(Bump::Minor).is_err());
        assert_eq!(last.bump(Bump::Patch).unwrap().to_string(), "1.18446744073709551615.1");
    }

    #[test]
    fn build_metadata_replaces_what_was_there() {
        assert_eq!(version("1.4.3+x").with_build("g1a2b3c4d").unwrap().to_string(), "1.4.3+g1a2b3c4d");
        assert_eq!(version("1.0.0-rc.1").with_build("g1").unwrap().to_string(), "1.0.0-rc.1+g1");
        for bad in ["a b", "a\nb", "..", "a_b"] {
            assert!(version("1.0.0").with_build(bad).is_err(), "{bad:?}");
        }
    }
}
