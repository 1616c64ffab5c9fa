//! The tags of a released image, and how far those that move may go.

use contract::Failure;
use registry::{Access, Error, Reference, Registries, Tag};
use tracing::info;
use version::{Version, image_tag};

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
