//! A commit in its repository, and the versions that follow from both.

use std::cell::OnceCell;
use std::path::{Component, Path, PathBuf};

use contract::Failure;
use history::{Announcement, CommitId, Repository};
use http::NetworkArgs;
use registry::{InvalidTag, Tag};
use tracing::{debug, info, warn};
use version::{Bump, Version, image_tag};

use crate::api::Told;
use crate::cli::{CommitArgs, HistoryArgs, Source, Step, StepArgs};
use crate::commit;
use crate::git::Git;
use crate::gitlab::Gitlab;
use crate::lineage::{Lineage, Made};
use crate::next::{Stride, bump_for, next, number, prerelease};
use crate::tags::{PartOfTheTags, VersionTags};

/// The commit that is asked about.
pub(crate) struct Subject<'a> {
    history: &'a HistoryArgs,
    args: &'a CommitArgs,
    network: &'a NetworkArgs,
    repository: Repository,
    /// All tags, once they are needed: those of the commit itself answer most questions about a release.
    tags: OnceCell<VersionTags>,
    pub(crate) commit: CommitId,
    /// How it is named in versions and tags.
    pub(crate) short_sha: String,
    /// The version that is tagged here.
    pub(crate) own: Option<Version>,
    /// The version that is released here.
    pub(crate) released: Option<Version>,
    lineage: Option<Lineage>,
    /// Whether the answer depends on files too.
    needs_trees: bool,
    /// What GitLab says, once it was asked.
    told: Option<Told>,
}

/// The version that comes next.
#[derive(Clone, Debug)]
pub(crate) struct Next {
    pub(crate) version: Version,
    /// Whether there is something to release. Else the version is there already.
    pub(crate) is_new: bool,
}

impl<'a> Subject<'a> {
    pub(crate) fn open(
        history: &'a HistoryArgs,
        args: &'a CommitArgs,
        network: &'a NetworkArgs,
    ) -> Result<Self, Failure> {
        Self::of(history.open()?, history, args, network)
    }

    /// The same of the repository that is open already.
    pub(crate) fn of(
        repository: Repository,
        history: &'a HistoryArgs,
        args: &'a CommitArgs,
        network: &'a NetworkArgs,
    ) -> Result<Self, Failure> {
        let prefix = history.tag_prefix.as_deref();
        let of_pipeline = commit::release_of_pipeline(args, prefix)?;
        let commit = commit::locate(&repository, args, of_pipeline.as_ref())?;
        let short_sha = commit::short(commit, args);
        let tags = OnceCell::new();
        let on_commit = VersionTags::read_on(&repository, commit, prefix)?;
        let on_commit = match &on_commit {
            Some(few) => few,
            None => {
                let all = VersionTags::read(&repository, prefix)?;
                tags.get_or_init(|| all)
            }
        };
        let tagged = on_commit.on(commit).cloned();
        // A pipeline for a branch does not release, even where its commit has been tagged meanwhile.
        let released = if args.is_pipeline() { of_pipeline.clone() } else { tagged.clone() };
        // The pipeline's tag comes first: a commit may have others, and the clone may lack this one.
        let own = of_pipeline.or(tagged);
        Ok(Self {
            history,
            args,
            network,
            told: None,
            repository,
            tags,
            commit,
            short_sha,
            own,
            released,
            lineage: None,
            needs_trees: false,
        })
    }

    /// Every tag of a version that the repository has, or that GitLab told.
    pub(crate) fn tags(&self) -> Result<&VersionTags, history::Error> {
        if let Some(known) = self.tags.get() {
            return Ok(known);
        }
        let read = VersionTags::read(&self.repository, self.history.tag_prefix.as_deref())?;
        Ok(self.tags.get_or_init(|| read))
    }

    /// The repository it is in.
    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The branch it is on: the pipeline's, else the one that is checked out.
    pub(crate) fn branch(&self) -> Result<Option<String>, history::Error> {
        let named = self.args.commit_branch.clone().or_else(|| self.args.merge_request_branch.clone());
        match named {
            Some(branch) => Ok(Some(branch)),
            // In a pipeline for a tag, what happens to be checked out says nothing.
            None if self.args.commit_tag.is_some() => Ok(None),
            None => self.repository.branch(),
        }
    }

    /// Whether tags such as 1.4 and latest may move to this commit's image. Those of a pre-release never do.
    pub(crate) fn moves_tags(&self) -> bool {
        self.released.as_ref().is_some_and(|version| !version.is_prerelease())
    }

    /// The tag of the released image.
    pub(crate) fn release_tag(&self) -> Result<Tag, InvalidTag> {
        release_tag(self.released.as_ref(), &self.short_sha)
    }

    /// The version of this commit. What it is built on is a release, unless there are only pre-releases yet.
    pub(crate) fn current(&mut self) -> Result<Version, Failure> {
        if let Some(own) = &self.own {
            return Ok(own.clone());
        }
        let lineage = self.lineage()?;
        if let Some(own) = &self.own {
            return Ok(own.clone());
        }
        let below = lineage.release.or(lineage.highest).map_or(Version::new(0, 0, 0), |made| made.version);
        Ok(below.with_build(&format!("g{}", self.short_sha))?)
    }

    /// The version of the next release. A release is that itself: there is nothing to release.
    pub(crate) fn next(&mut self, step: &StepArgs) -> Result<Next, Failure> {
        if let Some(own) = self.own.as_ref().filter(|own| !own.is_prerelease()) {
            return Ok(Next { version: own.clone(), is_new: false });
        }
        let paths = self.paths(&step.path)?;
        self.needs_trees = !paths.is_empty();
        let lineage = self.lineage()?;
        let highest = self.highest(&lineage);
        let stride = stride(step.bump);
        let last = lineage.release.as_ref();
        let bump = last.map_or(Ok(None), |last| self.bump_since(last, stride, &paths))?;
        let (last, top) = (last.map(|last| &last.version), highest.as_ref().map(|highest| &highest.version));
        let release = next(last, stride, bump, top)?;
        if last.is_some_and(|last| release <= *last) {
            return Ok(Next { version: release, is_new: false });
        }
        let version = match &step.prerelease {
            None => release,
            Some(name) => {
                match highest.as_ref().filter(|highest| is_one_of(&highest.version, &release, name)) {
                    Some(highest) if self.bump_since(highest, stride, &paths)?.is_none() => {
                        return Ok(Next { version: highest.version.clone(), is_new: false });
                    }
                    _ => prerelease(&release, name, self.tags()?.iter().map(|tagged| &tagged.version), top)?,
                }
            }
        };
        self.warn_if_taken(&version)?;
        Ok(Next { version, is_new: true })
    }

    /// The highest version it is built on. The tag of the pipeline may not be in the clone.
    fn highest(&self, lineage: &Lineage) -> Option<Made> {
        let own = self.own.as_ref().map(|own| Made { version: own.clone(), commits: vec![self.commit] });
        let known = lineage.highest.clone();
        if known.as_ref().map(|made| &made.version) >= own.as_ref().map(|made| &made.version) {
            known
        } else {
            own
        }
    }

    /// Whether the tags of all branches are here, or can be fetched.
    pub(crate) fn knows_all_tags(&self) -> Result<bool, history::Error> {
        Ok(self.history.deepen
            || self.history.source == Source::Api
            || !self.repository.is_shallow()? && !self.repository.is_part()?)
    }

    /// Every release there is, on whatever branch.
    pub(crate) fn releases(&mut self) -> Result<Vec<Version>, Failure> {
        // Those of another repository would let 1 and latest go backwards.
        if let Some(asked) = self.args.sha.id.filter(|asked| *asked != self.commit) {
            let so = "its tags do not tell which of 1.4, 1 and latest may move";
            return Err(commit::elsewhere(asked, so).hint(
                "run it in a clone of this pipeline's project (--repository DIR); 'versioner tags' can ask the registry instead, with --image REF",
            ));
        }
        if !self.knows_all_tags()? {
            return Err(PartOfTheTags.into());
        }
        if self.told.is_none() && (self.repository.is_shallow()? || self.repository.is_part()?) {
            if self.history.deepen { self.deepen()? } else { self.ask_gitlab()? }
        }
        let all = self.tags()?.iter().map(|tagged| tagged.version.clone());
        Ok(all.filter(|version| !version.is_prerelease()).collect())
    }

    fn lineage(&mut self) -> Result<Lineage, Failure> {
        if let Some(known) = &self.lineage {
            return Ok(known.clone());
        }
        let read = Lineage::read(&self.repository, self.tags()?, self.commit);
        let read = match read {
            Err(history::Error::Shallow { .. }) if self.history.deepen => {
                self.deepen()?;
                Lineage::read(&self.repository, self.tags()?, self.commit)?
            }
            Err(history::Error::Shallow { .. }) if self.history.source == Source::Api => {
                self.ask_gitlab()?;
                self.told.as_ref().map(|told| told.lineage.clone()).unwrap_or_default()
            }
            other => other?,
        };
        // Only now all tags are here.
        if self.own.is_none() {
            self.tags()?.refuse_ambiguous()?;
        }
        Ok(self.lineage.insert(read).clone())
    }

    /// Asks GitLab for what the clone left out.
    fn ask_gitlab(&mut self) -> Result<(), Failure> {
        if self.needs_trees {
            return Err(Failure::usage("--path cannot be answered by --history api")
                .hint("fetch the missing history with --deepen"));
        }
        info!("asking GitLab for the missing history");
        let Self { history, network, commit, .. } = self;
        let gitlab =
            Gitlab::new(&history.gitlab, network, "--history api", "fetch the history with --deepen")?;
        let told = http::run(Told::ask(&gitlab, *commit, history.tag_prefix.as_deref()))??;
        self.tags = OnceCell::from(told.tags.clone());
        self.told = Some(told);
        self.note_tags()
    }

    /// What is tagged here may have been unknown before.
    fn note_tags(&mut self) -> Result<(), Failure> {
        if let (Some(name), Some(_)) = (&self.args.commit_tag, &self.released)
            && let Some(tagged) = self.tags()?.iter().find(|tagged| tagged.tag.name == *name)
        {
            commit::refuse_moved(&tagged.tag, self.commit, self.args)?;
        }
        let tagged = self.tags()?.on(self.commit).cloned();
        if !self.args.is_pipeline() {
            self.released.clone_from(&tagged);
        }
        self.own = self.own.take().or(tagged);
        Ok(())
    }

    /// Fetches what the clone left out, and reads it anew.
    fn deepen(&mut self) -> Result<(), Failure> {
        let remote = &self.history.remote;
        info!("fetching the missing history and tags from {remote}");
        let git = Git::of(self.history);
        if self.repository.is_shallow()? {
            git.deepen(remote, self.needs_trees)?;
        } else {
            git.fetch_tags(remote)?;
        }
        self.repository = self.history.open()?;
        self.tags = OnceCell::new();
        self.note_tags()
    }

    /// Asks about files. Where the clone has commits without them, as an earlier `--deepen` leaves it, they are fetched if
    /// that is wanted.
    fn ask_files<T>(&mut self, ask: impl Fn(&Repository) -> Result<T, history::Error>) -> Result<T, Failure> {
        match ask(&self.repository) {
            Err(history::Error::NoTree { .. }) if self.history.deepen => {
                let remote = &self.history.remote;
                info!("fetching the missing folders from {remote}");
                Git::of(self.history).fetch_trees(remote)?;
                self.repository = self.history.open()?;
                Ok(ask(&self.repository)?)
            }
            answer => Ok(answer?),
        }
    }

    /// Folders as git's trees have them.
    fn paths(&mut self, typed: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
        let mut paths = Vec::new();
        for path in typed {
            let parts: Vec<_> = path.components().filter(|part| *part != Component::CurDir).collect();
            if parts.iter().any(|part| !matches!(part, Component::Normal(_))) {
                let message = format!("--path is {}, which leads out of the repository", path.display());
                return Err(Failure::usage(message).hint("name a folder from the repository's root"));
            }
            let path: PathBuf = parts.into_iter().collect();
            let commit = self.commit;
            if !self.ask_files(|repository| repository.contains(commit, &path))? {
                let message = format!("there is no {} in commit {}", path.display(), self.commit.short());
                return Err(Failure::usage(message).hint("name a folder from the repository's root"));
            }
            paths.push(path);
        }
        Ok(paths)
    }

    /// The most that the commits since `made` ask for.
    fn bump_since(
        &mut self,
        made: &Made,
        stride: Stride,
        paths: &[PathBuf],
    ) -> Result<Option<Bump>, Failure> {
        let commits = match &self.told {
            Some(told) => told.since(made),
            None => self.repository.commits_since(self.commit, &made.commits)?,
        };
        debug!("{} was made {} commits ago", made.version, commits.len());
        let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
        let mut announced = Vec::new();
        for commit in commits {
            let subject = commit.message.lines().next().unwrap_or_default();
            let changes = |repository: &Repository| repository.changes(commit.id, &paths);
            if !paths.is_empty() && !self.ask_files(changes)? {
                debug!("{} {subject:?} changes nothing there", commit.id.short());
                continue;
            }
            let announcement = Announcement::parse(&commit.message, commit.is_merge);
            debug!(
                "{} {subject:?} asks for {}",
                commit.id.short(),
                bump_for(&announcement).map_or("nothing", name)
            );
            announced.push(announcement);
        }
        Ok(stride.of(&announced))
    }

    /// A tag of that name on another branch, or one that has moved and was fetched before, will stop the release.
    fn warn_if_taken(&self, next: &Version) -> Result<(), history::Error> {
        if let Some(taken) = self.tags()?.iter().find(|tagged| tagged.version == *next) {
            let (name, target) = (&taken.tag.name, taken.tag.target.short());
            warn!(
                "the tag {name} exists already, on commit {target}, which {} is not built on",
                self.commit.short()
            );
        }
        Ok(())
    }
}

fn stride(step: Step) -> Stride {
    match step {
        Step::Auto => Stride::Announced,
        Step::Major => Stride::Fixed(Bump::Major),
        Step::Minor => Stride::Fixed(Bump::Minor),
        Step::Patch => Stride::Fixed(Bump::Patch),
    }
}

/// Whether a version is a pre-release of `release` called `name`.
fn is_one_of(version: &Version, release: &Version, name: &str) -> bool {
    version.release() == *release && number(version, name).is_some()
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
