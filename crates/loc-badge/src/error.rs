//! What can go wrong while files are found and read.

use std::io;
use std::path::{Path, PathBuf};

use contract::{Exit, Explain};

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
    /// A path of the command line is a device, a pipe or a socket.
    #[error("cannot count '{}': it is neither a file nor a folder", path.display())]
    Special { path: PathBuf },
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
            Self::Missing { path, .. } | Self::Special { path } | Self::Unreadable { path, .. } => path,
        }
    }
}

impl Explain for CountError {
    fn exit(&self) -> Exit {
        match self {
            Self::Special { .. } | Self::Missing { .. } => Exit::Usage,
            Self::Unreadable { .. } => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { path, .. } => match meant(path) {
                Some(command) => {
                    format!("did you mean the command '{command}'? otherwise check the spelling")
                }
                None => "check the spelling; a relative path starts at the current folder".to_owned(),
            },
            Self::Special { .. } => "give a file that has a size, or a folder".to_owned(),
            Self::Unreadable { .. } => {
                "make it readable, or name only the folders to count: a total without it would be wrong"
                    .to_owned()
            }
        })
    }
}

/// The command that is spelled nearly like this.
fn meant(path: &Path) -> Option<&'static str> {
    let name = path.to_str()?;
    let near = |command: &&str| strsim::jaro_winkler(command, name) > 0.85;
    ["count", "draw", "coverage", "type-coverage"].into_iter().find(near)
}
