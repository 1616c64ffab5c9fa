//! Where the compose file comes from.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::{Exit, Failure};
use tracing::warn;

/// The names compose looks for, in its order: `DefaultFileNames` in
/// <https://github.com/compose-spec/compose-go/blob/main/cli/options.go>.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// A file, or standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// What was named, or the file that compose finds in the current folder.
    pub(crate) fn locate(named: Option<&Path>) -> Result<Self, Failure> {
        match named {
            Some(path) if path == Path::new("-") => Ok(Self::Stdin),
            Some(path) => Ok(Self::File(path.to_owned())),
            None => search(),
        }
    }

    /// The same for several; none named is the one that compose finds.
    pub(crate) fn locate_all(named: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        match named {
            [] => Ok(vec![Self::locate(None)?]),
            named => named.iter().map(|path| Self::locate(Some(path))).collect(),
        }
    }

    /// The bytes, whatever they are.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let read = match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Self::File(path) => std::fs::read(path),
        };
        read.map_err(|error| self.unreadable(error))
    }

    /// The file's own name, by which its services may refer to it.
    pub(crate) fn file_name(&self) -> Option<&str> {
        match self {
            Self::Stdin => None,
            Self::File(path) => path.file_name()?.to_str(),
        }
    }

    fn unreadable(&self, error: io::Error) -> Failure {
        let (exit, hint) = match error.kind() {
            io::ErrorKind::NotFound => {
                (Exit::Usage, "name the compose file, or leave FILE out in the folder it is in")
            }
            io::ErrorKind::IsADirectory => {
                (Exit::Usage, "name the compose file in it, or change there and leave FILE out")
            }
            _ => (Exit::Failed, "check that the file may be read"),
        };
        Failure::new(exit, format!("cannot read {self}")).because(error).hint(hint)
    }
}

fn search() -> Result<Source, Failure> {
    let found: Vec<&str> = NAMES.into_iter().filter(|name| Path::new(name).is_file()).collect();
    let Some(first) = found.first() else {
        return Err(Failure::usage(format!(
            "no compose file in the current folder: looked for {}",
            NAMES.join(", ")
        ))
        .hint("name it as the last argument"));
    };
    if found.len() > 1 {
        warn!("several compose files: {}; {first} is used, as compose does", found.join(", "));
    }
    Ok(Source::File(PathBuf::from(first)))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}
