//! The tags of a repository that are versions.

use std::collections::BTreeSet;

use contract::{Exit, Explain, Failure};
use history::{CommitId, Repository, Tag};
use tracing::warn;
use version::Version;

/// A tag and the version it names.
#[derive(Clone, Debug)]
pub(crate) struct VersionTag {
    pub(crate) version: Version,
    pub(crate) tag: Tag,
}

/// Every tag that names a version, on whatever branch it stands. Other tags are nobody's mistake and are left alone.
#[derive(Clone, Debug)]
pub(crate) struct VersionTags {
    all: Vec<VersionTag>,
    /// What stands before the version in tags that name none by themselves, or behind the prefix that is set. Only looked
    /// for where no tag fits.
    prefixes: BTreeSet<String>,
    /// The prefix that is set.
    prefix: Option<String>,
}

impl VersionTags {
    /// Reads the tags that start with `prefix`. With none set, it is empty.
    pub(crate) fn read(repository: &Repository, prefix: Option<&str>) -> Result<Self, history::Error> {
        let mut versions = Vec::new();
        let tags = repository.tags(|name| {
            let version = version_of(name, prefix);
            let is_wanted = version.is_some();
            versions.extend(version);
            is_wanted
        })?;
        let all: Vec<_> =
            versions.into_iter().zip(tags).map(|(version, tag)| VersionTag { version, tag }).collect();
        let mut prefixes = BTreeSet::new();
        if all.is_empty() {
            repository.tags(|name| {
                prefixes.extend(prefix_of(name));
                false
            })?;
        }
        Ok(Self { all, prefixes, prefix: prefix.map(str::to_owned) })
    }

    /// The tags on one commit alone; `None` where finding them is as much work as reading all.
    pub(crate) fn read_on(
        repository: &Repository,
        commit: CommitId,
        prefix: Option<&str>,
    ) -> Result<Option<Self>, history::Error> {
        let tags = repository.tags_on(commit, |name| version_of(name, prefix).is_some())?;
        Ok(tags.map(|tags| Self::of(tags, prefix)))
    }

    /// The same as [`VersionTags::read`], out of tags that were read otherwise.
    pub(crate) fn of(tags: Vec<Tag>, prefix: Option<&str>) -> Self {
        let prefixes = tags.iter().filter_map(|tag| prefix_of(&tag.name)).collect();
        let versions = tags.into_iter().filter_map(|tag| Some((version_of(&tag.name, prefix)?, tag)));
        let all = versions.map(|(version, tag)| VersionTag { version, tag }).collect();
        Self { all, prefixes, prefix: prefix.map(str::to_owned) }
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &VersionTag> {
        self.all.iter()
    }

    /// The version of exactly this commit: a release before a pre-release, then the highest.
    pub(crate) fn on(&self, commit: CommitId) -> Option<&Version> {
        let here = self.all.iter().filter(|tagged| tagged.tag.target == commit);
        here.map(|tagged| &tagged.version).max_by_key(|version| rank(version))
    }

    /// The names of the tags of this version.
    pub(crate) fn named(&self, version: &Version) -> impl Iterator<Item = &str> {
        self.all
            .iter()
            .filter(move |tagged| tagged.version == *version)
            .map(|tagged| tagged.tag.name.as_str())
    }

    /// Fails where no tag fits and what is meant is not clear: in a repository of several products, where it decides the
    /// answer, or with a prefix that lacks its last character. A product that was never released looks like any other
    /// slip in the prefix, so of that it only warns.
    pub(crate) fn refuse_ambiguous(&self) -> Result<(), Failure> {
        if !self.all.is_empty() || self.prefix.as_deref() == Some("") {
            return Ok(());
        }
        let others: Vec<String> = self.prefixes.iter().cloned().collect();
        let Some(prefix) = self.prefix.clone() else {
            return if others.is_empty() { Ok(()) } else { Err(SeveralProducts { prefixes: others }.into()) };
        };
        let is_separator = |rest: &str| !rest.is_empty() && rest.chars().all(|c| SEPARATORS.contains(&c));
        let whole = others.iter().find(|other| other.strip_prefix(&prefix).is_some_and(is_separator));
        if let Some(whole) = whole.cloned() {
            return Err(PartOfAPrefix { prefix, whole }.into());
        }
        let there_are = if others.is_empty() {
            String::new()
        } else {
            format!("; others start with {}", listed(&others))
        };
        warn!("no tag starts with {prefix} and goes on with a version: nothing is released yet{there_are}");
        Ok(())
    }
}

/// The prefix that is set.
///
/// # Errors
/// Why no tag of a version can start with it.
pub(crate) fn prefix(text: &str) -> Result<String, String> {
    if text.starts_with("refs/") {
        return Err(format!("'{text}' is part of a reference: write what stands behind refs/tags/"));
    }
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("'{text}' ends with a digit, and the version could begin before it"));
    }
    let tag = format!("{text}1.0.0");
    if !history::is_tag_name(&tag) {
        return Err(format!("'{text}' starts no tag: git allows none called '{tag}'"));
    }
    Ok(text.to_owned())
}

/// The version that the tag names behind the prefix.
pub(crate) fn version_of(tag: &str, prefix: Option<&str>) -> Option<Version> {
    tag.strip_prefix(prefix.unwrap_or_default())?.parse().ok()
}

/// Which of several versions on one commit is the commit's: by this rank, the greatest.
pub(crate) fn rank(version: &Version) -> (bool, &Version) {
    (!version.is_prerelease(), version)
}

/// What stands between the name of a product and its version.
const SEPARATORS: [char; 4] = ['/', '-', '_', '@'];

/// `a/` of `a/v1.0.0`, `release-` of `release-1.0.0`; the shortest that leaves a version.
fn prefix_of(name: &str) -> Option<String> {
    let ends = name.match_indices(SEPARATORS).map(|(at, separator)| at + separator.len());
    let mut prefixes = ends.filter(|end| name[*end..].parse::<Version>().is_ok());
    prefixes.next().map(|end| name[..end].to_owned())
}

/// The clone may lack the tags of other branches.
#[derive(Debug, thiserror::Error)]
#[error(
    "this clone has not all tags, and a higher release that it lacks would keep 1.4, 1 and latest where they are"
)]
pub(crate) struct PartOfTheTags;

impl Explain for PartOfTheTags {
    fn hint(&self) -> Option<String> {
        Some(
            "put 'variables: {GIT_DEPTH: 0}' into the job in .gitlab-ci.yml, or fetch them with --deepen; \
             'versioner tags' can ask the registry instead, with --image REF"
                .into(),
        )
    }
}

/// All versions are behind prefixes, and none was chosen.
#[derive(Debug, thiserror::Error)]
#[error("no tag is a version by itself, but tags that start with {} go on with one", listed(.prefixes))]
pub(crate) struct SeveralProducts {
    prefixes: Vec<String>,
}

impl Explain for SeveralProducts {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        let first = self.prefixes.first().map_or("", String::as_str);
        Some(format!("choose one, as in --tag-prefix {first}, or say --tag-prefix '' to start at 0.1.0"))
    }
}

/// The prefix is the beginning of one that is in use.
#[derive(Debug, thiserror::Error)]
#[error("no tag starts with {prefix} and goes on with a version, but tags that start with {whole} do")]
pub(crate) struct PartOfAPrefix {
    prefix: String,
    whole: String,
}

impl Explain for PartOfAPrefix {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!("write --tag-prefix {}", self.whole))
    }
}

fn listed(prefixes: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = prefixes.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(" or ");
    if prefixes.len() > SHOWN {
        text.push_str(" (and others)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_leaves_a_version() {
        let table = [
            ("a/v1.0.0", Some("a/")),
            ("team/a/1.0.0-rc.1", Some("team/a/")),
            ("release-1.0.0", Some("release-")),
            ("my-app@v2.0.0", Some("my-app@")),
            ("deploy-2024-10-03", None),
            ("1.0.0-rc.1", None),
            ("nightly", None),
            ("é/1.0.0", Some("é/")),
        ];
        for (name, prefix) in table {
            assert_eq!(prefix_of(name).as_deref(), prefix, "{name}");
        }
    }

    #[test]
    fn a_prefix_can_start_a_tag_and_leaves_a_version() {
        for text in ["", "a/", "v", "release-", "team/a@", "a.", "é/"] {
            assert_eq!(prefix(text).as_deref(), Ok(text));
        }
        let table = [
            ("a b/", "git allows none called 'a b/1.0.0'"),
            ("a//", "git allows none"),
            ("/a/", "git allows none"),
            (".a/", "git allows none"),
            ("a..", "git allows none"),
            ("-a/", "git allows none"),
            ("a\n", "git allows none"),
            ("a*", "git allows none"),
            ("refs/tags/a/", "behind refs/tags/"),
            ("py3", "ends with a digit"),
        ];
        for (text, why) in table {
            assert!(prefix(text).is_err_and(|error| error.contains(why)), "{text:?}");
        }
    }

    #[test]
    fn a_release_ranks_before_a_higher_prerelease() {
        let mut versions: Vec<Version> = ["2.0.0-rc.1", "1.2.0", "1.10.0", "2.0.0-rc.10"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        versions.sort_by(|a, b| rank(a).cmp(&rank(b)));
        let shown: Vec<_> = versions.iter().map(Version::to_string).collect();
        assert_eq!(shown, ["2.0.0-rc.1", "2.0.0-rc.10", "1.2.0", "1.10.0"]);
    }
}
