//! What is to be done, decided before anything is.

use registry::{Digest, Tag};
use version::Version;

/// What becomes of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It leads to the image already: there is nothing to do, and nothing is written.
    Unchanged,
    /// It does not exist yet.
    Create,
    /// It leads elsewhere, and may move.
    Move { from: Digest },
    /// It leads elsewhere, and stays.
    Refuse { found: Digest },
}

/// Which tags may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moving {
    None,
    /// Those that are no full version.
    Aliases,
    All,
}

/// Decides by what the tag leads to now.
pub(crate) fn decide(tag: &Tag, found: Option<&Digest>, wanted: &Digest, moving: Moving) -> Verdict {
    let may_move = match moving {
        Moving::None => false,
        Moving::Aliases => is_alias(tag),
        Moving::All => true,
    };
    match found {
        None => Verdict::Create,
        Some(found) if found == wanted => Verdict::Unchanged,
        Some(found) if may_move => Verdict::Move { from: found.clone() },
        Some(found) => Verdict::Refuse { found: found.clone() },
    }
}

/// Is this a name that is meant to move on, and not a version that somebody relies on? `_` stands for the `+` of a
/// version, which tags may not hold.
fn is_alias(tag: &Tag) -> bool {
    tag.as_str().replacen('_', "+", 1).parse::<Version>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_moves_only_when_it_may() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let refuse = || Verdict::Refuse { found: two.clone() };
        let moves = || Verdict::Move { from: two.clone() };
        let table = [
            ("1.4.3", None, Moving::None, Verdict::Create),
            ("1.4.3", Some(&one), Moving::None, Verdict::Unchanged),
            ("1.4.3", Some(&one), Moving::All, Verdict::Unchanged),
            ("1.4.3", Some(&two), Moving::None, refuse()),
            ("1.4.3", Some(&two), Moving::All, moves()),
            ("1.4.3", Some(&two), Moving::Aliases, refuse()),
            ("latest", Some(&two), Moving::None, refuse()),
            ("latest", Some(&two), Moving::Aliases, moves()),
        ];
        for (tag, found, moving, expected) in table {
            let verdict = decide(&tag.parse().unwrap(), found, &one, moving);
            assert_eq!(verdict, expected, "{tag} {found:?} {moving:?}");
        }
    }

    #[test]
    fn what_is_no_full_version_is_an_alias() {
        for alias in ["latest", "1", "1.4", "v1.4", "dev", "027c3e98", "2024.10.03"] {
            assert!(is_alias(&alias.parse().unwrap()), "{alias}");
        }
        for version in ["1.4.3", "v1.4.3", "1.5.0-rc.1", "1.4.3_build.7"] {
            assert!(!is_alias(&version.parse().unwrap()), "{version}");
        }
    }
}
