//! What a git repository remembers, read without a git binary: commits, tags, and what their messages announce.
//!
//! Nothing of a repository is ever run or written here: no hook, no filter, no helper named in a configuration, and of
//! the configuration only the repository's own file is read. That is why a repository of another user, the rule in CI
//! containers, is read without `safe.directory`, which guards against what git would run
//! (<https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory>).
//!
//! gix is not part of this crate's face: it breaks once a month. Which tag is a version is up to the caller.

mod content;
mod conventional;
mod error;
mod repository;
mod since;
mod walk;

pub use conventional::{Announcement, ConventionalCommit};
pub use error::Error;
pub use repository::{Commit, CommitId, Repository, Tag};
