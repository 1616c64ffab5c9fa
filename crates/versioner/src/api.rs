//! The history that a shallow clone left out, asked of GitLab: every tag, which of them a commit is built on, and the
//! commits since. A handful of requests, however long the history is.

use contract::Failure;
use history::{Commit, CommitId};
use serde_json::Value;

use crate::gitlab::Gitlab;
use crate::lineage::{Lineage, Made, versions_by_commit};
use crate::tags::{VersionTags, rank};

/// What GitLab says.
pub(crate) struct Told {
    pub(crate) tags: VersionTags,
    pub(crate) lineage: Lineage,
    /// The commits since the last release, and since the highest version.
    since: Vec<(CommitId, Vec<Commit>)>,
}

impl Told {
    /// Asks what `commit` is built on.
    pub(crate) async fn ask(
        gitlab: &Gitlab,
        commit: CommitId,
        prefix: Option<&str>,
    ) -> Result<Self, Failure> {
        let tags = VersionTags::of(gitlab.tags().await?, prefix);
        let mut lineage = Lineage::default();
        let mut versions: Vec<_> = versions_by_commit(&tags).into_iter().collect();
        versions.sort_by(|(_, one), (_, other)| rank(other).cmp(&rank(one)));
        // Releases first, the highest first: the first that is met is the one; then pre-releases above it.
        for (made, version) in versions {
            let known = lineage.highest.as_ref().is_some_and(|highest: &Made| *version < highest.version);
            if known || !is_below(gitlab, made, commit).await? {
                continue;
            }
            lineage.add(version, made);
        }
        let mut since = Vec::new();
        for made in [&lineage.release, &lineage.highest].into_iter().flatten() {
            for id in &made.commits {
                since.push((*id, commits(gitlab, *id, commit).await?));
            }
        }
        Ok(Self { tags, lineage, since })
    }

    /// The commits since a version.
    pub(crate) fn since(&self, made: &Made) -> Vec<Commit> {
        let mut of_each =
            made.commits.iter().filter_map(|id| self.since.iter().find(|(known, _)| known == id));
        let first = of_each.next().map_or(Vec::new(), |(_, commits)| commits.clone());
        of_each.fold(first, |all, (_, commits)| all.into_iter().filter(|one| commits.contains(one)).collect())
    }
}

async fn is_below(gitlab: &Gitlab, made: CommitId, commit: CommitId) -> Result<bool, Failure> {
    let base = gitlab.merge_base("compare a tag with the commit", [made, commit]).await?;
    Ok(base == Some(made))
}

async fn commits(gitlab: &Gitlab, from: CommitId, to: CommitId) -> Result<Vec<Commit>, Failure> {
    let range = format!("{from}..{to}");
    let listed = gitlab.pages("list the commits", &["commits"], &[("ref_name", &range)]).await?;
    let commit = |commit: &Value| {
        let parents = commit["parent_ids"].as_array()?.len();
        let message = commit["message"].as_str()?.to_owned();
        let author = commit["author_name"].as_str().unwrap_or_default().to_owned();
        Some(Commit { id: commit["id"].as_str()?.parse().ok()?, message, author, is_merge: parents > 1 })
    };
    let read: Option<Vec<Commit>> = listed.iter().map(commit).collect();
    read.ok_or_else(|| {
        Failure::failed("cannot list the commits: GitLab's answer lacks an id, a message or parents")
    })
}
