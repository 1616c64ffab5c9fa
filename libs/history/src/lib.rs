//! What a git repository remembers, read without a git binary: commits, tags, and what their messages announce.
//!
//! Nothing of a repository is ever run or written here: no hook, no filter, no helper named in a configuration. Of the
//! configuration only the repository's own file counts, and the `safe.directory` of the user and the system, which a
//! repository of another user needs as it does with git.
//!
//! gix is not part of this crate's face: it breaks once a month. Which tag is a version is up to the caller.

mod content;
mod conventional;
mod error;
mod ownership;
mod repository;
mod since;
mod tags;
mod walk;

pub use conventional::{Announcement, ConventionalCommit};
pub use error::Error;
pub use repository::{Commit, CommitId, Repository, Tag};
pub use tags::is_tag_name;
