//! A version in a range, of which parts may be left open: `1`, `1.4`, `1.x`, `*`, `1.4.3-rc.1`.

use semver::{BuildMetadata, Prerelease};

use crate::Version;

/// A version whose last parts may be open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Partial {
    pub(super) major: Option<u64>,
    /// Always open when the major number is.
    pub(super) minor: Option<u64>,
    /// Always open when the minor number is.
    pub(super) patch: Option<u64>,
    /// Empty for a release.
    pub(super) pre: Prerelease,
}

/// What a dialect allows beyond three numbers and a pre-release.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grammar {
    /// A pre-release behind fewer than three numbers: `1.4-rc.1`.
    pub(super) pre_behind_fewer: bool,
    /// A pre-release without its hyphen: `1.4.3rc.1`.
    pub(super) pre_without_hyphen: bool,
    /// Numbers with zeros in front: `01.4.3`.
    pub(super) leading_zeros: bool,
}

impl Partial {
    /// Reads a whole text; what is wrong with it, else.
    pub(super) fn parse(text: &str, grammar: Grammar) -> Result<Self, String> {
        let wrong = |why: &str| format!("'{text}' {why}");
        let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
        if let Some(build) = build {
            let read = BuildMetadata::new(build);
            if build.is_empty() || read.is_err() {
                return Err(wrong("has build metadata that no version has"));
            }
        }
        let mut rest = rest;
        let mut parts = [None; 3];
        let mut count = 0;
        while count < parts.len() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let wild = rest.starts_with(['x', 'X', '*']);
            let end = if wild { 1 } else { end };
            let digits = &rest[..end];
            if !wild {
                let zeros = digits.len() > 1 && digits.starts_with('0') && !grammar.leading_zeros;
                if zeros {
                    return Err(wrong("has a number with a zero in front"));
                }
                parts[count] = Some(digits.parse().map_err(|_| wrong("is no version"))?);
            }
            rest = &rest[end..];
            count += 1;
            match rest.strip_prefix('.') {
                Some(behind) if count < parts.len() => rest = behind,
                _ => break,
            }
        }
        let pre = match rest.strip_prefix('-') {
            _ if rest.is_empty() => "",
            Some("") => return Err(wrong("ends with a hyphen")),
            Some(pre) => pre,
            None if grammar.pre_without_hyphen && count == parts.len() => rest,
            None => return Err(wrong("is no version")),
        };
        if !pre.is_empty() && count < parts.len() && !grammar.pre_behind_fewer {
            return Err(wrong("has a pre-release behind fewer than three numbers"));
        }
        let pre = Prerelease::new(pre).map_err(|_| wrong("has a pre-release that no version has"))?;
        let [major, minor, patch] = parts;
        let minor = major.and(minor);
        Ok(Self { major, minor, patch: minor.and(patch), pre })
    }

    /// The version, with zeros for what is open.
    pub(super) fn lowest(&self) -> Version {
        let [major, minor, patch] = [self.major, self.minor, self.patch].map(Option::unwrap_or_default);
        Version::new(major, minor, patch).with_pre(self.pre.clone())
    }

    /// Whether all three numbers are there.
    pub(super) fn is_whole(&self) -> bool {
        self.patch.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_parts_are_zeros_at_the_lowest() {
        let masterminds = Grammar { pre_behind_fewer: true, leading_zeros: true, ..Grammar::default() };
        let loose = Grammar { pre_without_hyphen: true, ..Grammar::default() };
        let table = [
            ("1.4.3", masterminds, Some("1.4.3")),
            ("1.4", masterminds, Some("1.4.0")),
            ("1.x", masterminds, Some("1.0.0")),
            ("X", masterminds, Some("0.0.0")),
            ("1.*.7", masterminds, Some("1.0.0")),
            ("1-rc.1", masterminds, Some("1.0.0-rc.1")),
            ("*-0", masterminds, Some("0.0.0-0")),
            ("1.4.3+b.7", masterminds, Some("1.4.3")),
            ("01.4", masterminds, Some("1.4.0")),
            ("01.4", loose, None),
            ("1-rc.1", loose, None),
            ("1.4.3rc.1", loose, Some("1.4.3-rc.1")),
            ("1.4.3rc.1", masterminds, None),
            ("1.4.3.2", masterminds, None),
            ("1.", masterminds, None),
            ("1.4.3-", masterminds, None),
            ("1.4.3+", masterminds, None),
            ("1.4.3+a_b", masterminds, None),
            ("x1", masterminds, None),
            ("", masterminds, None),
            ("99999999999999999999", masterminds, None),
        ];
        for (text, grammar, lowest) in table {
            let read = Partial::parse(text, grammar).ok().map(|partial| partial.lowest().to_string());
            assert_eq!(read.as_deref(), lowest, "{text}");
        }
    }
}
