//! What can go wrong while files are found and read.

use std::io;
use std::path::{Path, PathBuf};

use contract::Explain;

/// Why the lines could not be counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountError {
    /// A path of the command line is not there.
    #[error("cannot count '{}'", path.display())]
    Missing {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file or folder on the way is there and cannot be read.
    #[error("cannot read '{}'", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl CountError {
    /// What it is about.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Missing { path, .. } | Self::Unreadable { path, .. } => path,
        }
    }
}

impl Explain for CountError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "check the spelling; a relative path starts at the current folder".to_owned()
            }
            Self::Unreadable { .. } => {
                "make it readable, or name only the folders to count: a total without it would be wrong"
                    .to_owned()
            }
        })
    }
}
