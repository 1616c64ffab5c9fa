//! The tags of a repository that are versions.

use std::collections::BTreeSet;

use contract::{Exit, Explain};
use history::{CommitId, Repository, Tag};
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
    /// What stands before the version in tags that would name one behind a prefix. Only looked for when none is set.
    prefixes: BTreeSet<String>,
}

impl VersionTags {
    /// Reads the tags that start with `prefix`. With none set, it is empty.
    pub(crate) fn read(repository: &Repository, prefix: Option<&str>) -> Result<Self, history::Error> {
        let (mut prefixes, mut versions) = (BTreeSet::new(), Vec::new());
        let tags = repository.tags(|name| {
            let version = name.strip_prefix(prefix.unwrap_or_default()).and_then(|name| name.parse().ok());
            if version.is_none() && prefix.is_none() {
                prefixes.extend(prefix_of(name));
            }
            let is_wanted = version.is_some();
            versions.extend(version);
            is_wanted
        })?;
        let all = versions.into_iter().zip(tags).map(|(version, tag)| VersionTag { version, tag });
        Ok(Self { all: all.collect(), prefixes })
    }

    /// The same, out of tags that were read otherwise.
    pub(crate) fn of(tags: Vec<Tag>, prefix: Option<&str>) -> Self {
        let mut prefixes = BTreeSet::new();
        let mut all = Vec::new();
        for tag in tags {
            let name = tag.name.strip_prefix(prefix.unwrap_or_default());
            match name.and_then(|name| name.parse().ok()) {
                Some(version) => all.push(VersionTag { version, tag }),
                None if prefix.is_none() => prefixes.extend(prefix_of(&tag.name)),
                None => {}
            }
        }
        Self { all, prefixes }
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

    /// Fails for a repository of several products, where every tag names one of them: which one is meant decides the
    /// answer.
    pub(crate) fn refuse_ambiguous(&self) -> Result<(), SeveralProducts> {
        if self.all.is_empty() && !self.prefixes.is_empty() {
            return Err(SeveralProducts { prefixes: self.prefixes.iter().cloned().collect() });
        }
        Ok(())
    }
}

/// Which of several versions on one commit is the commit's: by this rank, the greatest.
pub(crate) fn rank(version: &Version) -> (bool, &Version) {
    (!version.is_prerelease(), version)
}

/// `a/` of `a/v1.0.0`, `release-` of `release-1.0.0`; the shortest that leaves a version.
fn prefix_of(name: &str) -> Option<String> {
    let ends = name.match_indices(['/', '-', '_', '@']).map(|(at, separator)| at + separator.len());
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
            "put 'variables: {GIT_DEPTH: 0}' into the job in .gitlab-ci.yml, or fetch them with --deepen, or ask the \
             registry with --image REF"
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
