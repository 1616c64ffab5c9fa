//! The versions among everything a commit is built on.

use std::collections::HashMap;
use std::ops::ControlFlow;

use history::{CommitId, Repository};
use version::Version;

use crate::tags::{VersionTags, rank};

/// What versions a commit can look back to, its own included. On a commit with several tags only its own version
/// counts, as [`VersionTags::on`] has it.
#[derive(Debug, Default)]
pub(crate) struct Lineage {
    /// The highest version of all.
    pub(crate) highest: Option<Version>,
    /// The highest release.
    pub(crate) release: Option<Release>,
}

/// A release and where it was made.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) version: Version,
    /// More than one only when `1.0.0` and `v1.0.0` stand on different commits.
    pub(crate) commits: Vec<CommitId>,
}

impl Lineage {
    /// Walks back from `commit` until no higher version can come.
    ///
    /// In a shallow clone that is never known: a release that the clone left out may be higher than every one in it, so
    /// the walk goes on, and fails if it meets the clone's end.
    pub(crate) fn read(
        repository: &Repository,
        tags: &VersionTags,
        commit: CommitId,
    ) -> Result<Self, history::Error> {
        let may_stop = !repository.is_shallow()?;
        let mut unseen = versions_by_commit(tags);
        let mut lineage = Self::default();
        if unseen.is_empty() && may_stop {
            return Ok(lineage);
        }
        repository.walk(commit, |id| {
            if let Some(version) = unseen.remove(&id) {
                lineage.add(version, id);
                if may_stop && unseen.values().all(|version| lineage.is_above(version)) {
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(lineage)
    }

    fn add(&mut self, version: &Version, commit: CommitId) {
        if self.highest.as_ref().is_none_or(|highest| version > highest) {
            self.highest = Some(version.clone());
        }
        if version.is_prerelease() {
            return;
        }
        match &mut self.release {
            Some(release) if *version < release.version => {}
            Some(release) if *version == release.version => release.commits.push(commit),
            _ => self.release = Some(Release { version: version.clone(), commits: vec![commit] }),
        }
    }

    /// Whether meeting this version would change nothing.
    fn is_above(&self, version: &Version) -> bool {
        let below_highest = self.highest.as_ref().is_some_and(|highest| version < highest);
        let below_release = self.release.as_ref().is_some_and(|release| *version < release.version);
        below_highest && (version.is_prerelease() || below_release)
    }
}

fn versions_by_commit(tags: &VersionTags) -> HashMap<CommitId, &Version> {
    let mut versions = HashMap::new();
    for tagged in tags.iter() {
        let known = versions.entry(tagged.tag.target).or_insert(&tagged.version);
        if rank(&tagged.version) > rank(known) {
            *known = &tagged.version;
        }
    }
    versions
}
