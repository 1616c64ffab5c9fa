//! What the next release is called. Pure: what was committed goes in, a version comes out.

use contract::Failure;
use history::Announcement;
use version::{Bump, TooLarge, Version};

/// The version of a project's first release, and what it is where a major step is asked for.
const FIRST: Version = Version::new(0, 1, 0);
const FIRST_STABLE: Version = Version::new(1, 0, 0);

/// Who decides how far a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stride {
    /// The commits.
    Announced,
    /// Whoever called, for any commit.
    Fixed(Bump),
}

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

impl Stride {
    /// The most that these commits ask for.
    pub(crate) fn of<'a>(self, messages: impl IntoIterator<Item = &'a Announcement>) -> Option<Bump> {
        let mut messages = messages.into_iter();
        match self {
            Self::Announced => messages.filter_map(bump_for).max(),
            Self::Fixed(bump) => messages.next().map(|_| bump),
        }
    }
}

/// The release after `last`, given the most that the commits since then ask for, and the `highest` version there is,
/// which may be a pre-release of what comes next.
///
/// Before 1.0.0 nothing is promised, so there a breaking change is a minor step
/// (<https://semver.org/spec/v2.0.0.html#spec-item-4>); who asks for a major step outright gets 1.0.0.
pub(crate) fn next(
    last: Option<&Version>,
    stride: Stride,
    bump: Option<Bump>,
    highest: Option<&Version>,
) -> Result<Version, TooLarge> {
    let bump = match bump {
        Some(Bump::Major) if stride == Stride::Announced && last.is_some_and(|last| last.major() == 0) => {
            Some(Bump::Minor)
        }
        other => other,
    };
    let bumped = match (last, bump) {
        (Some(last), Some(bump)) => Some(last.bump(bump)?),
        (Some(last), None) => Some(last.clone()),
        (None, _) => None,
    };
    let announced = highest.filter(|highest| highest.is_prerelease()).map(Version::release);
    let first = if stride == Stride::Fixed(Bump::Major) { FIRST_STABLE } else { FIRST };
    Ok(bumped.into_iter().chain(announced).max().unwrap_or(first))
}

/// The pre-release of `release` called `name` that follows those that are `known`.
///
/// # Errors
/// When it would come before one that this commit is built on, whose highest version is `highest`; when `name` makes
/// no pre-release.
pub(crate) fn prerelease<'a>(
    release: &Version,
    name: &str,
    known: impl Iterator<Item = &'a Version>,
    highest: Option<&Version>,
) -> Result<Version, Failure> {
    let numbers =
        known.filter(|version| version.release() == *release).filter_map(|version| number(version, name));
    let number = numbers.max().map_or(Some(1), |last| last.checked_add(1));
    let number = number
        .ok_or_else(|| Failure::failed(format!("no number comes after the last {name} of {release}")))?;
    let next = release.with_prerelease(&format!("{name}.{number}"))?;
    match highest {
        Some(highest) if *highest > next => {
            let message = format!("{next} would come before {highest}, which this commit is built on");
            let tagged = highest.prerelease().split('.').next().unwrap_or_default();
            Err(Failure::usage(message)
                .hint(format!("go on with --prerelease {tagged}, or release {release}")))
        }
        _ => Ok(next),
    }
}

/// The name of pre-releases that are numbered on.
///
/// # Errors
/// Why there can be none of that name.
pub(crate) fn prerelease_name(name: &str) -> Result<String, String> {
    let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    if name.is_empty() || FIRST.with_prerelease(name).is_err() {
        return Err(format!(
            "'{name}' names no pre-release: letters, digits and - do, with a . between parts"
        ));
    }
    match name.rsplit_once('.').map_or(("", name), |parts| parts) {
        (before, last) if is_number(last) => {
            let say = if before.is_empty() { "rc" } else { before };
            Err(format!("'{name}' ends with a number, and numbers are added: say {say}"))
        }
        _ => Ok(name.to_owned()),
    }
}

/// The number of a pre-release called `name`; 0 for one that has none.
pub(crate) fn number(version: &Version, name: &str) -> Option<u64> {
    let rest = version.prerelease().strip_prefix(name)?;
    if rest.is_empty() { Some(0) } else { rest.strip_prefix('.')?.parse().ok() }
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
            let found = next(read(last).as_ref(), Stride::Announced, bump, read(highest).as_ref()).unwrap();
            assert_eq!(found.to_string(), expected, "{last:?} {bump:?} {highest:?}");
        }
    }

    #[test]
    fn who_asks_for_a_step_gets_it() {
        let table = [
            (Some("0.3.0"), Bump::Major, "1.0.0"),
            (Some("0.3.0"), Bump::Patch, "0.3.1"),
            (Some("1.4.3"), Bump::Minor, "1.5.0"),
            (None, Bump::Major, "1.0.0"),
            (None, Bump::Patch, "0.1.0"),
        ];
        for (last, bump, expected) in table {
            let last = last.map(|last| last.parse::<Version>().unwrap());
            let found = next(last.as_ref(), Stride::Fixed(bump), Some(bump), None).unwrap();
            assert_eq!(found.to_string(), expected, "{last:?} {bump:?}");
        }
        let chore = Announcement::parse("chore: x", false);
        assert_eq!(Stride::Fixed(Bump::Patch).of([&chore]), Some(Bump::Patch));
        assert_eq!(Stride::Fixed(Bump::Patch).of([]), None);
        assert_eq!(Stride::Announced.of([&chore]), None);
    }

    #[test]
    fn a_prerelease_has_a_name_without_a_number() {
        for name in ["rc", "alpha.x", "rc1", "a-b", "x.0a"] {
            assert_eq!(prerelease_name(name).as_deref(), Ok(name));
        }
        let table = [
            ("r_c", "names no pre-release"),
            ("r c", "names no pre-release"),
            ("", "names no pre-release"),
            ("rc.", "names no pre-release"),
            ("rc.01", "names no pre-release"),
            ("rc+1", "names no pre-release"),
            ("rc.1", "say rc"),
            ("alpha.x.2", "say alpha.x"),
            ("1", "say rc"),
        ];
        for (name, why) in table {
            assert!(prerelease_name(name).is_err_and(|error| error.contains(why)), "{name}");
        }
    }

    #[test]
    fn prereleases_number_on() {
        let table = [
            ("rc", "", Ok("1.5.0-rc.1")),
            ("rc", "1.5.0-rc.1 1.5.0-rc.2", Ok("1.5.0-rc.3")),
            ("rc", "1.5.0-rc.9 1.5.0-rc.10", Ok("1.5.0-rc.11")),
            ("rc", "1.5.0-rc", Ok("1.5.0-rc.1")),
            ("rc", "1.5.0-beta.7 1.4.0-rc.3", Ok("1.5.0-rc.1")),
            ("rc.x", "1.5.0-rc.x.4", Ok("1.5.0-rc.x.5")),
            ("beta", "1.5.0-rc.1", Err("1.5.0-beta.1 would come before 1.5.0-rc.1")),
            ("r c", "", Err("is no version")),
            ("rc", "1.5.0-rc.18446744073709551615", Err("no number comes after")),
        ];
        let release = Version::new(1, 5, 0);
        for (name, known, expected) in table {
            let known: Vec<Version> = known.split_whitespace().map(|text| text.parse().unwrap()).collect();
            match (prerelease(&release, name, known.iter(), known.iter().max()), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.to_string(), expected),
                (Err(failure), Err(expected)) => assert!(failure.summary().contains(expected), "{failure}"),
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
    }
}
