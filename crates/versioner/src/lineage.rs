//! The versions among everything a commit is built on.

use std::collections::HashMap;
use std::ops::ControlFlow;

use history::{CommitId, Repository};
use version::Version;

use crate::tags::{VersionTags, rank};

/// What versions a commit can look back to, its own included. On a commit with several tags only its own version
/// counts, as [`VersionTags::on`] has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lineage {
    /// The highest version of all.
    pub(crate) highest: Option<Made>,
    /// The highest release.
    pub(crate) release: Option<Made>,
}

/// A version and where it was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
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

    /// Takes in a version it is built on.
    pub(crate) fn add(&mut self, version: &Version, commit: CommitId) {
        note(&mut self.highest, version, commit);
        if !version.is_prerelease() {
            note(&mut self.release, version, commit);
        }
    }

    /// Whether meeting this version would change nothing.
    fn is_above(&self, version: &Version) -> bool {
        let below = |made: &Option<Made>| made.as_ref().is_some_and(|made| *version < made.version);
        below(&self.highest) && (version.is_prerelease() || below(&self.release))
    }
}

fn note(highest: &mut Option<Made>, version: &Version, commit: CommitId) {
    match highest {
        Some(made) if *version < made.version => {}
        Some(made) if *version == made.version => made.commits.push(commit),
        _ => *highest = Some(Made { version: version.clone(), commits: vec![commit] }),
    }
}

/// The version of each commit that has one.
pub(crate) fn versions_by_commit(tags: &VersionTags) -> HashMap<CommitId, &Version> {
    let mut versions = HashMap::new();
    for tagged in tags.iter() {
        let known = versions.entry(tagged.tag.target).or_insert(&tagged.version);
        if rank(&tagged.version) > rank(known) {
            *known = &tagged.version;
        }
    }
    versions
}
