//! What can go wrong with marks.

use contract::{Exit, Explain};

use crate::InvalidMark;

/// A mark that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The place where marks are kept failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// A key or a value that cannot be a mark.
    #[error(transparent)]
    Invalid(#[from] InvalidMark),
    /// The tag of a mark leads to something else.
    #[error("{what} is where a mark is kept, but it is none: {reason}")]
    NotAMark {
        /// The reference.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Registry(error) => error.exit(),
            Self::Invalid(_) => Exit::Usage,
            Self::NotAMark { .. } => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Invalid(_) => Some("a mark is KEY or KEY=VALUE, such as tested or ticket=ABC-1".into()),
            Self::NotAMark { .. } => {
                Some("remove that tag; nothing but marks may be kept under such names".into())
            }
        }
    }
}
