//! What the next release is called. Pure: what was committed goes in, a version comes out.

use history::Announcement;
use version::{Bump, TooLarge, Version};

/// The version of a project's first release.
pub(crate) const FIRST: Version = Version::new(0, 1, 0);

/// What a change of this kind asks for; `None` for what users do not notice (`chore`, `docs`, `ci`, …).
fn bump_of(kind: &str) -> Option<Bump> {
    match kind {
        "feat" => Some(Bump::Minor),
        "fix" | "perf" | "revert" => Some(Bump::Patch),
        _ => None,
    }
}

/// The most that one commit asks for.
pub(crate) fn bump_for(announcement: &Announcement) -> Option<Bump> {
    if announcement.breaking {
        return Some(Bump::Major);
    }
    announcement.changes.iter().filter_map(|change| bump_of(&change.kind)).max()
}

/// The release after `last`, given the most that the commits since then ask for, and the `highest` version there is,
/// which may be a pre-release of what comes next.
///
/// Before 1.0.0 nothing is promised, so there a breaking change is a minor step
/// (<https://semver.org/spec/v2.0.0.html#spec-item-4>).
pub(crate) fn next(
    last: Option<&Version>,
    bump: Option<Bump>,
    highest: Option<&Version>,
) -> Result<Version, TooLarge> {
    let bump = match bump {
        Some(Bump::Major) if last.is_some_and(|last| last.major() == 0) => Some(Bump::Minor),
        other => other,
    };
    let bumped = match (last, bump) {
        (Some(last), Some(bump)) => Some(last.bump(bump)?),
        (Some(last), None) => Some(last.clone()),
        (None, _) => None,
    };
    let announced = highest.filter(|highest| highest.is_prerelease()).map(Version::release);
    Ok(bumped.into_iter().chain(announced).max().unwrap_or(FIRST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_change_decides_the_step() {
        let table = [
            ("feat: x", Some(Bump::Minor)),
            ("fix: x", Some(Bump::Patch)),
            ("perf: x", Some(Bump::Patch)),
            ("revert: feat: x", Some(Bump::Patch)),
            ("Revert \"feat!: x\"", Some(Bump::Patch)),
            ("chore!: x", Some(Bump::Major)),
            ("docs: x\n\nBREAKING CHANGE: y", Some(Bump::Major)),
            ("Add things\n\n* fix: a\n* feat: b\n* chore: c", Some(Bump::Minor)),
            ("chore: x", None),
            ("feature: x", None),
            ("wip", None),
        ];
        for (message, bump) in table {
            assert_eq!(bump_for(&Announcement::parse(message, false)), bump, "{message:?}");
        }
    }

    #[test]
    fn the_next_release_is_never_below_what_was_announced() {
        let (patch, minor, major) = (Some(Bump::Patch), Some(Bump::Minor), Some(Bump::Major));
        let table = [
            (Some("1.4.3"), patch, None, "1.4.4"),
            (Some("1.4.3"), minor, None, "1.5.0"),
            (Some("1.4.3"), major, None, "2.0.0"),
            (Some("1.4.3"), None, None, "1.4.3"),
            (Some("0.3.0"), major, None, "0.4.0"),
            (Some("0.3.0"), minor, None, "0.4.0"),
            (Some("0.3.0"), patch, None, "0.3.1"),
            (Some("1.4.3+build"), None, None, "1.4.3+build"),
            (Some("1.4.3"), patch, Some("2.0.0-rc.1"), "2.0.0"),
            (Some("1.4.3"), None, Some("1.5.0-rc.2"), "1.5.0"),
            (Some("1.4.3"), major, Some("1.5.0-rc.2"), "2.0.0"),
            (Some("1.4.3"), patch, Some("1.4.3"), "1.4.4"),
            (Some("1.4.3"), patch, Some("1.4.3-rc.1"), "1.4.4"),
            (None, patch, Some("1.1.0-rc.10"), "1.1.0"),
            (None, major, None, "0.1.0"),
            (None, None, None, "0.1.0"),
        ];
        for (last, bump, highest, expected) in table {
            let read = |text: Option<&str>| text.map(|text| text.parse::<Version>().unwrap());
            let found = next(read(last).as_ref(), bump, read(highest).as_ref()).unwrap();
            assert_eq!(found.to_string(), expected, "{last:?} {bump:?} {highest:?}");
        }
    }
}
