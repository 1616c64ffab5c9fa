//! The tags of a released image, and how far those that move may go.

use contract::Failure;
use registry::{Access, Error, Reference, Registries, Tag};
use tracing::info;
use version::{Version, image_tag, version_of_tag};

use crate::cli::ImageRepositoryArgs;
use crate::subject::Subject;

/// The tags of a release, given the other releases there are: `1.4.3`, and `1.4`, `1` and `latest` as far as no release
/// of their line is higher. Whoever pulls 0 gets what nobody promised to keep, so there is none.
pub(crate) fn of_release(version: &Version, known: &[Version]) -> Vec<String> {
    let mut tags = vec![image_tag(version)];
    if version.is_prerelease() {
        return tags;
    }
    let (major, minor) = (version.major(), version.minor());
    let is_highest = |of_line: &dyn Fn(&Version) -> bool| {
        !known.iter().any(|other| !other.is_prerelease() && of_line(other) && other > version)
    };
    let moving: [(String, bool); 3] = [
        (format!("{major}.{minor}"), is_highest(&|other| other.major() == major && other.minor() == minor)),
        (major.to_string(), major > 0 && is_highest(&|other| other.major() == major)),
        ("latest".into(), is_highest(&|_| true)),
    ];
    for (tag, moves) in moving {
        if moves {
            tags.push(tag);
        } else if tag != "0" {
            info!("{tag} stays where it is: there is a higher release than {version}");
        }
    }
    tags
}

/// The tags of a commit's image: its short id, and what a release adds to it.
pub(crate) fn of_commit(subject: &Subject<'_>, known: &[Version]) -> Vec<String> {
    let released = subject.released.as_ref().map(|version| of_release(version, known));
    std::iter::once(subject.short_sha.clone()).chain(released.into_iter().flatten()).collect()
}

/// The tag of an environment. What the tags of commits and releases look like is not its to take: those stay, or move
/// only forward.
///
/// # Errors
/// Why it cannot be called so.
pub(crate) fn environment(name: &str) -> Result<String, String> {
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let is_line = name.strip_prefix(['v', 'V']).unwrap_or(name).split('.').all(is_number);
    let is_id = (8..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_hexdigit());
    let whose = if name == "latest" || is_line || version_of_tag(name).is_some() {
        "a release"
    } else if is_id {
        "a commit"
    } else {
        return Ok(name.to_owned());
    };
    Err(format!("no environment can be called '{name}': that is the tag of {whose}"))
}

/// The tags of a repository of a registry; `None` where there is no such repository.
pub(crate) fn in_registry(
    image: &Reference,
    asked: &ImageRepositoryArgs,
) -> Result<Option<Vec<Tag>>, Failure> {
    if image.tag.is_some() || image.digest.is_some() {
        return Err(Failure::usage(format!("{image} is one image and no repository"))
            .hint(format!("write {}", image.repository)));
    }
    let registries = Registries::new(&asked.registry, "versioner", env!("CARGO_PKG_VERSION"))?;
    let store = registries.open(&image.repository, Access::Pull)?;
    match http::run(store.tags())? {
        Err(Error::NotFound { .. }) => Ok(None),
        tags => Ok(Some(tags?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_takes_no_tag_of_a_release_or_a_commit() {
        for name in ["prod", "review-x-1a2b3c", "v2-preview", "dev1", "1st", "facade", "review/x", "latest-x"]
        {
            assert_eq!(environment(name).as_deref(), Ok(name));
        }
        for name in ["latest", "1", "v1", "1.4", "v1.4", "1.4.3", "v1.5.0-rc.1", "1.4.3_b.7", "20241003"] {
            assert!(environment(name).is_err_and(|why| why.contains("the tag of a release")), "{name}");
        }
        for name in ["027c3e98", "deadbeef", &"a".repeat(40)] {
            assert!(environment(name).is_err_and(|why| why.contains("the tag of a commit")), "{name}");
        }
    }

    #[test]
    fn tags_that_move_only_move_forward() {
        let table = [
            ("1.4.3", "", "1.4.3 1.4 1 latest"),
            ("1.4.3", "1.4.2 1.3.9 0.9.0", "1.4.3 1.4 1 latest"),
            ("1.4.3", "1.4.3", "1.4.3 1.4 1 latest"),
            ("1.3.9", "1.4.3 1.3.8", "1.3.9 1.3"),
            ("1.3.9", "1.4.3 1.3.10", "1.3.9"),
            ("1.4.3", "2.0.0", "1.4.3 1.4 1"),
            ("1.4.3", "2.0.0-rc.1 1.4.4-rc.1", "1.4.3 1.4 1 latest"),
            ("0.3.0", "", "0.3.0 0.3 latest"),
            ("1.5.0-rc.1", "", "1.5.0-rc.1"),
            ("1.4.3+b.7", "1.4.3", "1.4.3_b.7 1.4 1 latest"),
        ];
        for (version, known, expected) in table {
            let known: Vec<Version> = known.split_whitespace().map(|text| text.parse().unwrap()).collect();
            assert_eq!(
                of_release(&version.parse().unwrap(), &known).join(" "),
                expected,
                "{version} {known:?}"
            );
        }
    }
}
