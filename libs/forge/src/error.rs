//! What can go wrong, and what to do then.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use contract::{Exit, Explain};

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} '{}' is not valid: {reason}", shortened(text))]
pub struct Invalid {
    what: &'static str,
    text: String,
    reason: String,
    hint: Option<&'static str>,
}

impl Invalid {
    /// `what` is the term for what `text` should be; `reason` says in a few words why it is not.
    pub fn new(what: &'static str, text: &str, reason: impl Into<String>) -> Self {
        Self { what, text: text.to_owned(), reason: reason.into(), hint: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl Explain for Invalid {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        self.hint.map(str::to_owned)
    }
}

/// An error is a line, however long the text was that caused it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Why a forge did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, or something else, is where the forge's directory should be.
    #[error("cannot use {} as a forge: it is not a directory", path.display())]
    NoDirectory {
        /// The path that was given.
        path: PathBuf,
    },
    /// The file system did not let us read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file system did not let us write.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A release record does not parse, or says what cannot be.
    #[error("the release record {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A release record holds the release of another tag than its file name says.
    #[error("the release record {} holds the release '{tag}', which belongs into {expected}", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The tag it holds.
        tag: String,
        /// The file name that goes with this tag.
        expected: String,
    },
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoDirectory { .. } | Self::Damaged { .. } | Self::Misplaced { .. } => Exit::Usage,
            Self::Read { .. } | Self::Write { .. } => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoDirectory { .. } => "name a directory, or a path where one can be created",
            Self::Damaged { .. } | Self::Misplaced { .. } => {
                "nothing was written; repair the file or move it away, then run again"
            }
            Self::Read { source, .. } | Self::Write { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => {
                    "let this user read and write there, or name another directory"
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on this disk, then run again",
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    "something else is where a directory should be; move it away, or name another directory"
                }
                _ => return None,
            },
        };
        Some(hint.into())
    }
}
