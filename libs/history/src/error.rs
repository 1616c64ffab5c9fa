//! Why a history could not be read.

use std::path::PathBuf;

use contract::{Exit, Explain};

use crate::CommitId;

/// What went wrong, and with which repository or object.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither the folder nor one above it is a git repository.
    #[error("no git repository in {} or above it", folder.display())]
    NoRepository {
        /// Where the search began.
        folder: PathBuf,
    },
    /// What `GIT_DIR` names is no git directory.
    #[error("GIT_DIR is {}, which is no git directory", folder.display())]
    NoGitDirectory {
        /// What it names.
        folder: PathBuf,
    },
    /// The folder itself cannot be entered.
    #[error("cannot look for a git repository in {}", folder.display())]
    Unreachable {
        /// Where the search should have begun.
        folder: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The repository belongs to another user, and nobody has said that it may be trusted.
    #[error("the repository {} belongs to another user", folder.display())]
    NotOurs {
        /// Its working tree; the git directory of one without.
        folder: PathBuf,
    },
    /// The repository keeps its references in the reftable format.
    #[error("the repository {} keeps its references as a reftable, which cannot be read yet", folder.display())]
    Reftable {
        /// The git directory.
        folder: PathBuf,
    },
    /// Nothing has been committed on the current branch.
    #[error("the repository {} has no commits yet", folder.display())]
    NoCommits {
        /// The git directory.
        folder: PathBuf,
    },
    /// The clone is shallow, and what was asked for depends on what it left out.
    #[error("this clone is shallow: what came before commit {} is not in it, and could change the answer", commit.short())]
    Shallow {
        /// The commit whose parents are missing.
        commit: CommitId,
    },
    /// The clone has commits without their trees, and what was asked for depends on them.
    #[error("the files of commit {} are not in this clone, and which of them changed could change the answer", commit.short())]
    NoTree {
        /// The commit whose tree is missing.
        commit: CommitId,
    },
    /// Something could not be read.
    #[error("cannot read {what}")]
    Unreadable {
        /// The thing that was read: `the tag v1.0.0`, `commit 1a2b3c4d`.
        what: String,
        /// What gix said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// gix's errors are trees with markers in their leaves; what a reader needs is the messages.
    pub(crate) fn unreadable(what: impl Into<String>, error: &gix::Error) -> Self {
        Self::Unreadable { what: what.into(), source: error.probable_cause().to_string().into() }
    }

    pub(crate) fn io(what: impl Into<String>, error: std::io::Error) -> Self {
        Self::Unreadable { what: what.into(), source: error.into() }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::NoGitDirectory { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRepository { .. } | Self::Unreachable { .. } => {
                "run it inside a clone, or name one with --repository DIR".into()
            }
            Self::NoGitDirectory { .. } => "unset it, or name a repository with --repository DIR".into(),
            Self::NotOurs { folder } => {
                let folder = quoted(&folder.to_string_lossy());
                format!(
                    "to trust it, run 'git config --global --add safe.directory {folder}'; where there is no git, set \
                    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0={folder}, or run as its owner"
                )
            }
            Self::Reftable { .. } => "run 'git refs migrate --ref-format=files' in it".into(),
            Self::NoCommits { .. } => "make a first commit".into(),
            Self::Shallow { .. } => "put 'variables: {GIT_DEPTH: 0}' into the job in .gitlab-ci.yml; \
                elsewhere run 'git fetch --unshallow --tags'"
                .into(),
            Self::NoTree { .. } => {
                "run 'git fetch --refetch --filter=blob:none' in it, or leave out --path".into()
            }
            Self::Unreadable { .. } => "'git fsck' tells whether the clone is damaged".into(),
        })
    }
}

/// A word of a shell, with quotes if it needs some.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
