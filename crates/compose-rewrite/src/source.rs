//! Where the compose file comes from.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::{Exit, Failure};
use tracing::warn;

use crate::extended_files::Place;

/// The names compose looks for, in its order: `DefaultFileNames` in
/// <https://github.com/compose-spec/compose-go/blob/main/cli/options.go>.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Those that it reads behind them: `DefaultOverrideFileNames` there.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
const COMPOSE_FILE: &str = "COMPOSE_FILE";

/// A file, or standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
    /// A file that `COMPOSE_FILE` names.
    Listed(PathBuf),
}

impl Source {
    /// What was named, or what compose finds, if that is one file.
    pub(crate) fn locate(named: Option<&Path>) -> Result<Self, Failure> {
        let mut found = Self::locate_all(named.map(Path::to_owned).as_slice())?;
        match found.pop() {
            Some(only) if found.is_empty() => Ok(only),
            _ => Err(Failure::usage(format!("{COMPOSE_FILE} names {} files", found.len() + 1))
                .hint("name the one that is meant as the last argument")),
        }
    }

    /// The same for several.
    pub(crate) fn locate_all(named: &[PathBuf]) -> Result<Vec<Self>, Failure> {
        let new = |path: &PathBuf, file: fn(PathBuf) -> Self| match path {
            path if path == Path::new("-") => Self::Stdin,
            path => file(path.clone()),
        };
        let listed = if named.is_empty() { from_environment() } else { Vec::new() };
        let named = named.iter().map(|path| new(path, Self::File));
        let all: Vec<Self> = named.chain(listed.iter().map(|path| new(path, Self::Listed))).collect();
        if all.iter().filter(|source| **source == Self::Stdin).count() > 1 {
            return Err(Failure::usage("standard input is named twice").hint("it can be read once"));
        }
        if all.is_empty() { Ok(vec![search()?]) } else { Ok(all) }
    }

    /// The bytes, whatever they are.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Failure> {
        let read = match self {
            Self::Stdin => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
            }
            Self::File(path) | Self::Listed(path) => std::fs::read(path),
        };
        read.map_err(|error| self.unreadable(error))
    }

    /// Its path; none for standard input.
    fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) | Self::Listed(path) => Some(path),
        }
    }

    fn unreadable(&self, error: io::Error) -> Failure {
        let hint = match (self, error.kind()) {
            (Self::Listed(_), _) => {
                "COMPOSE_FILE names it: correct the variable, or name the compose file as the last argument"
            }
            (_, io::ErrorKind::NotFound) => "name the compose file, or leave FILE out in the folder it is in",
            (_, io::ErrorKind::IsADirectory) => {
                "name the compose file in it, or change there and leave FILE out"
            }
            _ => "check that the file may be read",
        };
        Failure::new(Exit::of_unreadable(&error), format!("cannot read {self}")).because(error).hint(hint)
    }
}

/// A source, what was read there, and the files around it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) text: Vec<u8>,
    pub(crate) place: Place,
}

impl Opened {
    /// Reads them all.
    pub(crate) fn all(sources: Vec<Source>) -> Result<Vec<Self>, Failure> {
        let places = Place::of_all(&sources.iter().map(Source::path).collect::<Vec<_>>());
        let read = |(source, place): (Source, Place)| Ok(Self { text: source.read()?, source, place });
        sources.into_iter().zip(places).map(read).collect()
    }
}

/// What `COMPOSE_FILE` names, as compose reads it.
fn from_environment() -> Vec<PathBuf> {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    let (list, separator) = (value(COMPOSE_FILE), value("COMPOSE_PATH_SEPARATOR"));
    let separator = if separator.is_empty() { ":" } else { &separator };
    list.split(separator).filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

/// Looks here and in the folders above.
fn search() -> Result<Source, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::failed("cannot tell the current folder").because(error))?;
    let mut folder = PathBuf::new();
    for _ in here.ancestors() {
        let there = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
        };
        let found = there(&NAMES);
        if let Some(first) = found.first() {
            let shown = first.display();
            if found.len() > 1 {
                warn!("several compose files: {}; {shown} is used, as compose does", listed(&found));
            }
            if let Some(more) = there(&OVERRIDES).first() {
                let more = more.display();
                warn!(
                    "{more} is left out, which compose reads behind {shown}; to include it, name both files"
                );
            }
            return Ok(Source::File(first.clone()));
        }
        folder.push("..");
    }
    let names = NAMES.join(", ");
    Err(Failure::usage(format!("no compose file in the current folder or above: looked for {names}"))
        .hint("name it as the last argument"))
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) | Self::Listed(path) => path.display().fmt(f),
        }
    }
}
