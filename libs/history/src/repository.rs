//! A repository: where it is, what HEAD is, which tags it has.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use gix::bstr::ByteSlice;

use crate::{Error, ownership, since, tags, walk};

/// How many characters GitLab's `CI_COMMIT_SHORT_SHA` has.
const SHORT: usize = 8;

/// The id of a commit, SHA-1 or SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitId(pub(crate) gix::ObjectId);

impl CommitId {
    /// The first eight characters, as in GitLab's `CI_COMMIT_SHORT_SHA`.
    pub fn short(&self) -> String {
        self.0.to_hex_with_len(SHORT).to_string()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for CommitId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id = gix::ObjectId::from_hex(text.as_bytes());
        id.map(Self).map_err(|_| "expected 40 or 64 hexadecimal digits".to_owned())
    }
}

/// A tag and the commit it stands on, with annotated tags followed to their end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name without `refs/tags/`.
    pub name: String,
    /// What it stands on; in rare cases a tree or a blob, which then is the id of no commit.
    pub target: CommitId,
}

/// A commit as far as versions depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// Its whole message. Bytes that are no UTF-8 are replaced.
    pub message: String,
    /// The name of its author.
    pub author: String,
    /// Whether it has more than one parent.
    pub is_merge: bool,
}

/// An opened repository.
pub struct Repository {
    pub(crate) gix: gix::Repository,
}

impl Repository {
    /// Opens the repository that `folder` is in: a clone, a linked worktree, a submodule or a bare repository.
    ///
    /// # Errors
    /// [`Error::NoRepository`], [`Error::Unreachable`], [`Error::NotOurs`] and [`Error::Reftable`]; [`Error::Unreadable`] for any other
    /// repository that cannot be opened.
    pub fn discover(folder: &Path) -> Result<Self, Error> {
        let at = || folder.to_owned();
        let absolute = folder.canonicalize().map_err(|source| Error::Unreachable { folder: at(), source })?;
        let (found, _) = gix::discover::upwards(&absolute)
            .map_err(|_| Error::NoRepository { folder: absolute.clone() })?;
        ownership::check(&found, &absolute)?;
        let (git_dir, _) = found.into_repository_and_work_tree_directories();
        Self::open(git_dir)
    }

    /// Opens the repository that git itself would use here: what `GIT_DIR` names, else the one that the current folder
    /// is in. Who names a repository like that is not asked whose it is, as with git.
    ///
    /// # Errors
    /// Those of [`Repository::discover`], and [`Error::NoGitDirectory`].
    pub fn here() -> Result<Self, Error> {
        let Some(named) = std::env::var_os("GIT_DIR").filter(|value| !value.is_empty()) else {
            return Self::discover(Path::new("."));
        };
        let named = PathBuf::from(named);
        // The `.git` of a linked worktree or a submodule is a file that says where to go on.
        let git_dir = match gix::discover::path::from_gitdir_file(&named) {
            Ok(elsewhere) if named.is_file() => elsewhere,
            _ => named.clone(),
        };
        let git_dir = git_dir.canonicalize().ok().filter(|folder| gix::discover::is_git(folder).is_ok());
        Self::open(git_dir.ok_or(Error::NoGitDirectory { folder: named })?)
    }

    fn open(git_dir: PathBuf) -> Result<Self, Error> {
        if is_reftable(&git_dir) {
            return Err(Error::Reftable { folder: git_dir });
        }
        let options = gix::open::Options::isolated().with(gix::sec::Trust::Full).open_path_as_is(true);
        let opened = gix::ThreadSafeRepository::open_opts(&git_dir, options)
            .map_err(|error| Error::unreadable(format!("the repository {}", git_dir.display()), &error))?;
        Ok(Self { gix: opened.to_thread_local() })
    }

    /// The commit that is checked out.
    ///
    /// # Errors
    /// [`Error::NoCommits`] on a branch without any, [`Error::Unreadable`] when HEAD leads nowhere.
    pub fn head(&self) -> Result<CommitId, Error> {
        let unreadable = |error| Error::unreadable("HEAD", &error);
        let head = self.gix.head().map_err(unreadable)?;
        match head.id() {
            Some(id) => Ok(CommitId(id.detach())),
            None => Err(Error::NoCommits { folder: self.gix.git_dir().to_owned() }),
        }
    }

    /// The branch that is checked out; `None` when HEAD is detached, as in every CI job.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when HEAD cannot be read.
    pub fn branch(&self) -> Result<Option<String>, Error> {
        let name = self.gix.head_name().map_err(|error| Error::unreadable("HEAD", &error))?;
        Ok(name.map(|name| name.shorten().to_str_lossy().into_owned()))
    }

    /// When a commit was made, in seconds since 1970.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the commit is not there.
    pub fn committed_at(&self, id: CommitId) -> Result<i64, Error> {
        let unreadable = |error| Error::unreadable(format!("commit {}", id.short()), &error);
        let commit = self.gix.find_commit(id.0).map_err(unreadable)?;
        Ok(commit.time().map_err(unreadable)?.seconds)
    }

    /// Whether this commit is in the clone.
    pub fn has_commit(&self, id: CommitId) -> bool {
        self.gix.find_commit(id.0).is_ok()
    }

    /// Whether the clone may end before the first commit. Whether it does on the way from a given commit is what
    /// [`Repository::walk`] finds out: a stale `shallow` file alone is not a cut.
    ///
    /// # Errors
    /// When the repository's `shallow` file cannot be read.
    pub fn is_shallow(&self) -> Result<bool, Error> {
        Ok(!self.shallow()?.is_empty())
    }

    /// Whether only a part of a remote's branches and tags was fetched: there is a remote, and not one of its branches.
    /// GitLab's runner does so in a pipeline with a depth, also where the history is shorter than that and the clone is
    /// not shallow.
    ///
    /// # Errors
    /// When the references cannot be read.
    pub fn is_part(&self) -> Result<bool, Error> {
        let unreadable = |error| Error::unreadable("the branches", &error);
        let references = self.gix.references().map_err(unreadable)?;
        let has_branch = references.local_branches().map_err(unreadable)?.next().is_some()
            || references.remote_branches().map_err(unreadable)?.next().is_some();
        Ok(!has_branch && !self.gix.remote_names().is_empty())
    }

    /// The tags whose name is `wanted`. The others are not looked into: following an annotated tag costs reading it.
    /// `wanted` is asked once about each, and what comes back is in the order in which it was asked.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the list of tags cannot be read, or a wanted tag leads nowhere.
    pub fn tags(&self, wanted: impl FnMut(&str) -> bool) -> Result<Vec<Tag>, Error> {
        tags::read(&self.gix, wanted)
    }

    /// The tags that stand on a commit and whose name is `wanted`; `None` where that would take as long as
    /// [`Repository::tags`] takes for all of them. `wanted` may be asked about others too.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when the list of tags cannot be read, or a wanted tag leads nowhere.
    pub fn tags_on(
        &self,
        commit: CommitId,
        wanted: impl FnMut(&str) -> bool,
    ) -> Result<Option<Vec<Tag>>, Error> {
        tags::on(&self.gix, commit, wanted)
    }

    /// The tag of this name; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Unreadable`] when it cannot be read, or leads nowhere.
    pub fn tag(&self, name: &str) -> Result<Option<Tag>, Error> {
        tags::find(&self.gix, name)
    }

    /// Calls `visit` with `from` and every commit it is built on, through all parents, newest first, each of them once,
    /// until `visit` breaks off.
    ///
    /// # Errors
    /// [`Error::Shallow`] when the clone ends before the history does, after all that is there was visited;
    /// [`Error::Unreadable`] when a commit that should be there cannot be read.
    pub fn walk(&self, from: CommitId, visit: impl FnMut(CommitId) -> ControlFlow<()>) -> Result<(), Error> {
        walk::walk(self, from, visit)
    }

    /// The commits that `from` is built on, itself included, without those that one of `released` is built on, these
    /// included: what `git log from ^released…` lists. Newest first.
    ///
    /// # Errors
    /// [`Error::Shallow`] when the answer depends on commits that are not in the clone, [`Error::Unreadable`] when one
    /// that should be cannot be read.
    pub fn commits_since(&self, from: CommitId, released: &[CommitId]) -> Result<Vec<Commit>, Error> {
        let ids = since::difference(self, from, released)?;
        ids.into_iter().map(|id| self.commit(id)).collect()
    }

    fn commit(&self, id: CommitId) -> Result<Commit, Error> {
        let unreadable = |error| Error::unreadable(format!("commit {}", id.short()), &error);
        let commit = self.gix.find_commit(id.0).map_err(unreadable)?;
        let message = commit.message_raw().map_err(unreadable)?.to_str_lossy().into_owned();
        let author = commit.author().map_err(unreadable)?.name.to_str_lossy().into_owned();
        Ok(Commit { id, message, author, is_merge: commit.parent_ids().count() > 1 })
    }

    /// The commit-graph makes walks faster; one that is missing or damaged does not make them impossible.
    pub(crate) fn commit_graph(&self) -> Option<gix::commitgraph::Graph> {
        self.gix.commit_graph_if_enabled().ok().flatten()
    }

    /// The commits whose parents were left out, sorted.
    pub(crate) fn shallow(&self) -> Result<Vec<gix::ObjectId>, Error> {
        let listed = self
            .gix
            .shallow_commits()
            .map_err(|error| Error::unreadable("the list of shallow commits", &error))?;
        let mut ids: Vec<_> = listed.iter().flat_map(|ids| ids.iter().copied()).collect();
        ids.sort_unstable();
        Ok(ids)
    }
}

/// The folder of the tables exists in no other kind of repository. A linked worktree has its own beside the common one.
fn is_reftable(git_dir: &Path) -> bool {
    git_dir.join("reftable").is_dir()
}
