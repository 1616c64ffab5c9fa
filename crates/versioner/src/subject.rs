//! A commit in its repository, and the versions that follow from both.

use contract::Failure;
use history::{Announcement, CommitId, Repository};
use registry::{InvalidTag, Tag};
use tracing::{debug, warn};
use version::{Bump, Version, image_tag};

use crate::cli::{CommitArgs, HistoryArgs};
use crate::commit;
use crate::lineage::{Lineage, Release};
use crate::next::{bump_for, next};
use crate::tags::VersionTags;

/// The commit that is asked about.
pub(crate) struct Subject {
    repository: Repository,
    tags: VersionTags,
    commit: CommitId,
    /// How it is named in versions and tags.
    pub(crate) short_sha: String,
    own: Option<Version>,
    release_tag: Tag,
}

impl Subject {
    pub(crate) fn open(history: &HistoryArgs, args: &CommitArgs) -> Result<Self, Failure> {
        let prefix = history.tag_prefix.as_deref();
        let of_pipeline = commit::release_of_pipeline(args, prefix)?;
        let repository = Repository::discover(&history.repository)?;
        let commit = commit::locate(&repository, args)?;
        let short_sha = commit::short(commit, args);
        let tags = VersionTags::read(&repository, prefix)?;
        let tagged = tags.on(commit).cloned();
        // A pipeline for a branch does not release, even where its commit has been tagged meanwhile.
        let released = if args.is_pipeline() { of_pipeline.as_ref() } else { tagged.as_ref() };
        let release_tag = release_tag(released, &short_sha)?;
        // The pipeline's tag comes first: a commit may have others, and the clone may lack this one.
        let own = of_pipeline.or(tagged);
        Ok(Self { repository, tags, commit, short_sha, own, release_tag })
    }

    /// The tag of the released image.
    pub(crate) fn release_tag(&self) -> &Tag {
        &self.release_tag
    }

    /// The version of this commit and that of the next release. A release is both: there is nothing to release.
    pub(crate) fn versions(&self) -> Result<(Version, Version), Failure> {
        if let Some(own) = self.own.as_ref().filter(|own| !own.is_prerelease()) {
            return Ok((own.clone(), own.clone()));
        }
        if self.own.is_none() {
            self.tags.refuse_ambiguous()?;
        }
        let lineage = Lineage::read(&self.repository, &self.tags, self.commit)?;
        // The tag of the pipeline may not be in the clone.
        let highest = lineage.highest.as_ref().max(self.own.as_ref());
        let current = match &self.own {
            Some(own) => own.clone(),
            None => {
                let none = Version::new(0, 0, 0);
                highest.unwrap_or(&none).with_build(&format!("g{}", self.short_sha))?
            }
        };
        let last = lineage.release.as_ref();
        let bump = last.map_or(Ok(None), |last| self.bump_since(last))?;
        let next = next(last.map(|last| &last.version), bump, highest)?;
        if last.is_none_or(|last| next > last.version) {
            self.warn_if_taken(&next);
        }
        Ok((current, next))
    }

    /// The most that the commits since the last release ask for.
    fn bump_since(&self, last: &Release) -> Result<Option<Bump>, history::Error> {
        let commits = self.repository.commits_since(self.commit, &last.commits)?;
        debug!("{} is the last release, {} commits ago", last.version, commits.len());
        let mut most = None;
        for commit in commits {
            let bump = bump_for(&Announcement::parse(&commit.message, commit.is_merge));
            let subject = commit.message.lines().next().unwrap_or_default();
            debug!("{} {subject:?} asks for {}", commit.id.short(), bump.map_or("nothing", name));
            most = most.max(bump);
        }
        Ok(most)
    }

    /// A tag of that name on another branch, or one that has moved and was fetched before, will stop the release.
    fn warn_if_taken(&self, next: &Version) {
        if let Some(taken) = self.tags.iter().find(|tagged| tagged.version == *next) {
            let (name, target) = (&taken.tag.name, taken.tag.target.short());
            warn!(
                "the tag {name} exists already, on commit {target}, which {} is not built on",
                self.commit.short()
            );
        }
    }
}

fn name(bump: Bump) -> &'static str {
    match bump {
        Bump::Major => "a major step",
        Bump::Minor => "a minor step",
        Bump::Patch => "a patch",
    }
}

/// The version of what is released, else the commit.
pub(crate) fn release_tag(released: Option<&Version>, short_sha: &str) -> Result<Tag, InvalidTag> {
    released.map_or_else(|| short_sha.parse(), |version| image_tag(version).parse())
}
