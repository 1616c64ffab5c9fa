//! Names of git objects: the tag a release is for, and the ref it is made from.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use semver::Version;

use crate::Invalid;

/// A git tag: what a release is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// A commit, branch or tag by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ref(String);

/// What stays as it is in a file name and in a URL's fragment. The percent sign does not, so no two tags share a name.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-').remove(b'+');
const RULES: &str = "see 'git help check-ref-format' for what git allows";
/// No file system in use takes more bytes in a file name; ours ends in `.json`.
const LONGEST_SLUG: usize = 255 - ".json".len();

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The version it names: SemVer, with or without a `v` in front (<https://semver.org>).
    pub fn version(&self) -> Option<Version> {
        Version::parse(self.0.strip_prefix('v').unwrap_or(&self.0)).ok()
    }

    /// The tag as one safe file name, without an extension; no two tags have the same. Bytes that some file system or a
    /// URL treats in its own way are percent-encoded, and so is a dot in front, which would hide the file.
    pub fn slug(&self) -> String {
        slug(&self.0)
    }
}

/// Any name as one safe file name.
pub(crate) fn slug(name: &str) -> String {
    let encoded = utf8_percent_encode(name, &ENCODED).to_string();
    match encoded.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => encoded,
    }
}

impl Ref {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the full id of a commit, SHA-1 or SHA-256.
    pub fn is_commit(&self) -> bool {
        matches!(self.0.len(), 40 | 64) && self.0.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

impl FromStr for Tag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check(text).map_err(|reason| Invalid::new("tag", text, reason).hint(RULES))?;
        if slug(text).len() > LONGEST_SLUG {
            return Err(Invalid::new("tag", text, "it is too long for the name of a file"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Ref {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        check(text).map_err(|reason| Invalid::new("ref", text, reason).hint(RULES))?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Git's own rules for names (<https://git-scm.com/docs/git-check-ref-format>): what git refuses cannot be there.
fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("it is empty".into());
    }
    let refused = |c: char| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c);
    if let Some(bad) = name.chars().find(|c| refused(*c)) {
        return Err(format!("git allows no {bad:?} in a name"));
    }
    if let Some(bad) = ["..", "@{", "//"].into_iter().find(|bad| name.contains(bad)) {
        return Err(format!("git allows no '{bad}' in a name"));
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if name == "@" || name.starts_with('-') || name.ends_with('.') || name.split('/').any(bad_part) {
        return Err("git allows no such name".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_may_have_a_v_in_front() {
        for text in ["1.2.3", "v1.2.3", "v1.2.3-rc.1+build.5"] {
            assert_eq!(tag(text).version().map(|version| version.major), Some(1), "{text}");
        }
        for text in ["V1.2.3", "vv1.2.3", "1.2", "v1", "01.2.3", "release-1.2.3", "api/v1.2.3", "nightly"] {
            assert_eq!(tag(text).version(), None, "{text}");
        }
    }

    #[test]
    fn names_that_git_refuses_are_refused() {
        let table = [
            "", " ", "a b", "a\nb", "a\u{a0}b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a..b",
            "a@{1}", "a//b", "/a", "a/", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "@", "-a",
        ];
        for text in table {
            assert!(text.parse::<Tag>().is_err(), "{text:?}");
            assert!(text.parse::<Ref>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_slug_is_one_safe_file_name() {
        let table = [
            ("v1.2.3", "v1.2.3"),
            ("1.0.0+a-b_c", "1.0.0+a-b_c"),
            ("api/v1.0.0", "api%2Fv1.0.0"),
            ("api%2Fv1.0.0", "api%252Fv1.0.0"),
            ("é<\"&'>", "%C3%A9%3C%22%26%27%3E"),
        ];
        for (text, slug) in table {
            assert_eq!(tag(text).slug(), slug);
        }
        assert_eq!(slug("."), "%2E");
        assert_eq!(slug(".."), "%2E.");
    }

    #[test]
    fn a_tag_too_long_for_a_file_name_is_refused() {
        assert!("a".repeat(250).parse::<Tag>().is_ok());
        assert!("a".repeat(251).parse::<Tag>().is_err());
        assert!("é".repeat(42).parse::<Tag>().is_err());
    }

    #[test]
    fn a_commit_is_a_full_id() {
        let table = [(40, true), (64, true), (8, false), (41, false)];
        for (length, expected) in table {
            assert_eq!("a".repeat(length).parse::<Ref>().unwrap().is_commit(), expected, "{length}");
        }
        assert!(!"g".repeat(40).parse::<Ref>().unwrap().is_commit());
    }
}
