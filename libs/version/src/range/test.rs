//! The comparisons that every condition comes down to.

use crate::{TooLarge, Version};

/// What was written, and what it means.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) text: String,
    pub(super) tests: Vec<Test>,
}

impl Condition {
    pub(super) fn holds(&self, version: &Version) -> bool {
        self.tests.iter().all(|test| test.holds(version))
    }
}

/// One comparison, by precedence.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// `>=`
    From(Version),
    /// `>`
    Above(Version),
    /// `<=`
    UpTo(Version),
    /// `<`
    Below(Version),
    /// `=`
    Is(Version),
    /// `!=`
    IsNot(Version),
    /// `!=` of a whole line of versions: from the first on, below the second.
    Outside(Version, Version),
    /// `!=` of what has these first two numbers and this pre-release, or none.
    NotAlike(Version),
    /// Holds for nothing.
    Never,
}

impl Test {
    fn holds(&self, version: &Version) -> bool {
        match self {
            Self::From(bound) => version >= bound,
            Self::Above(bound) => version > bound,
            Self::UpTo(bound) => version <= bound,
            Self::Below(bound) => version < bound,
            Self::Is(bound) => version == bound,
            Self::IsNot(bound) => version != bound,
            Self::Outside(from, below) => version < from || version >= below,
            Self::NotAlike(other) => {
                (version.major(), version.minor(), version.prerelease())
                    != (other.major(), other.minor(), other.prerelease())
            }
            Self::Never => false,
        }
    }

    /// The version it compares with, if there is one.
    pub(super) fn bound(&self) -> Option<&Version> {
        match self {
            Self::From(bound) | Self::Above(bound) | Self::UpTo(bound) | Self::Below(bound) => Some(bound),
            Self::Is(bound) | Self::IsNot(bound) => Some(bound),
            Self::Outside(..) | Self::NotAlike(_) | Self::Never => None,
        }
    }
}

/// The lowest version of all that follow `major`: `2.0.0-0` after 1.
pub(super) fn after_major(major: u64) -> Result<Version, TooLarge> {
    Ok(Version::new(major, 0, 0).bump(crate::Bump::Major)?.lowest_prerelease())
}

/// The lowest version of all that follow `major.minor`: `1.5.0-0` after 1.4.
pub(super) fn after_minor(major: u64, minor: u64) -> Result<Version, TooLarge> {
    Ok(Version::new(major, minor, 0).bump(crate::Bump::Minor)?.lowest_prerelease())
}

/// The lowest version of all that follow these three numbers: `1.4.4-0` after 1.4.3.
pub(super) fn after_patch(version: &Version) -> Result<Version, TooLarge> {
    Ok(version.bump(crate::Bump::Patch)?.lowest_prerelease())
}
