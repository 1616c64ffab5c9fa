//! Where the result goes.

use std::io::Write;
use std::path::{Path, PathBuf};

use contract::file::{Replaced, replace};
use contract::{Failure, output};
use tracing::{debug, info};

use crate::cli::Image;
use crate::source::Source;

/// Standard output, or a file that is replaced whole.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    File { path: PathBuf, dry_run: bool },
}

impl Destination {
    /// What the arguments ask for.
    pub(crate) fn choose(source: &Source, args: &Image) -> Result<Self, Failure> {
        let dry_run = args.dry_run.dry_run;
        match (source, &args.output) {
            (_, Some(path)) if path != Path::new("-") => Ok(Self::File { path: path.clone(), dry_run }),
            (_, Some(_)) => Ok(Self::Stdout),
            (_, None) if !args.in_place => Ok(Self::Stdout),
            (Source::File(path), None) => Ok(Self::File { path: path.clone(), dry_run }),
            (Source::Stdin, None) => Err(Failure::usage("cannot change standard input in place")
                .hint("leave --in-place out to print the result, or name a file for it with --output")),
        }
    }

    /// Writes the whole text. What was done to a file is told on stderr; `what` says it in a few words.
    pub(crate) fn write(&self, out: &mut dyn Write, text: &str, what: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => {
                debug!("{what}");
                output::bytes(out, text.as_bytes())
            }
            Self::File { path, dry_run: true } => {
                let same = std::fs::read(path).is_ok_and(|known| known == text.as_bytes());
                let verb = if same { "nothing would change" } else { "would be written" };
                info!("dry run: {}: {verb}: {what}", path.display());
                Ok(())
            }
            Self::File { path, dry_run: false } => {
                let replaced = replace(path, text.as_bytes()).map_err(|error| {
                    Failure::failed(format!("cannot write {}", path.display()))
                        .because(error)
                        .hint("check that its folder is there and may be written to")
                })?;
                match replaced {
                    Replaced::Written => info!("{}: written: {what}", path.display()),
                    Replaced::Unchanged => info!("{}: nothing to change: {what}", path.display()),
                }
                Ok(())
            }
        }
    }
}
