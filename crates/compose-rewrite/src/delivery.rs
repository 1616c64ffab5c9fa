//! Where results go: standard output, or files that are replaced whole, all of them or none as far as a file system
//! allows that.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use contract::file::{Replaced, advice, replace};
use contract::{Exit, Failure, output};
use tracing::{info, warn};

use crate::cli::Target;
use crate::diff;
use crate::source::{Opened, Source};

/// A file that was read, and what it should be.
#[derive(Debug)]
pub(crate) struct Change {
    /// Its name, for people.
    pub(crate) name: String,
    pub(crate) before: Vec<u8>,
    pub(crate) after: String,
    /// The file to write, or standard output.
    pub(crate) place: Option<PathBuf>,
    /// What was done, in a few words.
    pub(crate) what: String,
}

/// What was done to a file.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// In a few words.
    pub(crate) what: String,
}

/// Reads the files, or the one that compose finds, once it is clear that the results can be delivered.
pub(crate) fn open(sources: Vec<Source>, target: &Target) -> Result<Vec<Opened>, Failure> {
    if target.in_place && sources.contains(&Source::Stdin) {
        return Err(Failure::usage("cannot change standard input in place")
            .hint("leave --in-place out to print the result, or name a file for it with --output"));
    }
    let prints_one = !target.in_place && !target.check && !target.diff;
    if sources.len() > 1 && (prints_one || target.output.is_some()) {
        return Err(Failure::usage(format!("cannot make one result of {} files", sources.len()))
            .hint("change them in place with -i, or give them one at a time"));
    }
    Opened::all(sources)
}

/// Rewrites each file; nothing is written before all of it is computed.
pub(crate) fn rewrite_each(
    files: Vec<Opened>,
    target: &Target,
    rewrite: &mut dyn FnMut(&Opened) -> Result<Rewritten, Failure>,
) -> Result<Vec<Change>, Failure> {
    let change = |file: Opened| {
        let Rewritten { text: after, what } = rewrite(&file)?;
        let place = place(&file.source, target);
        Ok(Change { name: file.source.to_string(), before: file.text, after, place, what })
    };
    files.into_iter().map(change).collect()
}

/// `1 image`, `2 images`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Where the result for this file goes.
fn place(source: &Source, target: &Target) -> Option<PathBuf> {
    match (&target.output, source) {
        (Some(path), _) => file(path),
        (None, Source::File(path) | Source::Listed(path)) if target.in_place => Some(path.clone()),
        _ => None,
    }
}

/// `-` is standard output.
pub(crate) fn file(path: &Path) -> Option<PathBuf> {
    (path != Path::new("-")).then(|| path.to_owned())
}

/// Writes, prints, compares or tells, as the arguments ask for. Every change was computed and verified before.
pub(crate) fn deliver(changes: &[Change], target: &Target, out: &mut dyn Write) -> Result<Exit, Failure> {
    if target.diff {
        for change in changes {
            diff::write(out, &change.name, &change.before, change.after.as_bytes())?;
        }
    }
    if target.check {
        let differing: Vec<&Change> = changes.iter().filter(|change| change.would_change()).collect();
        for change in &differing {
            info!("{}: would change: {}", change.name, change.what);
        }
        return Ok(if differing.is_empty() { Exit::Done } else { Exit::No });
    }
    if target.dry_run.dry_run {
        changes.iter().for_each(Change::tell);
        return Ok(Exit::Done);
    }
    let mut written = Vec::new();
    for change in changes {
        match &change.place {
            None if target.diff => {}
            None => output::bytes(out, change.after.as_bytes())?,
            Some(path) => match change.write(path) {
                Ok(Replaced::Written) => written.push(change.name.as_str()),
                Ok(Replaced::Unchanged) => {}
                Err(failure) if written.is_empty() => return Err(failure),
                Err(failure) => {
                    return Err(failure.hint(format!("written before that: {}", written.join(", "))));
                }
            },
        }
    }
    Ok(Exit::Done)
}

impl Change {
    fn would_change(&self) -> bool {
        match &self.place {
            Some(path) => !fs::read(path).is_ok_and(|known| known == self.after.as_bytes()),
            None => self.before != self.after.as_bytes(),
        }
    }

    fn tell(&self) {
        let verb = if self.would_change() { "would be written" } else { "nothing would change" };
        let name = self.place.as_ref().map_or_else(|| self.name.clone(), |path| path.display().to_string());
        info!("dry run: {name}: {verb}: {}", self.what);
    }

    fn write(&self, path: &Path) -> Result<Replaced, Failure> {
        let names = fs::metadata(path).map_or(1, |known| known.nlink());
        let replaced = replace(path, self.after.as_bytes()).map_err(|error| {
            let hint = advice(&error);
            Failure::failed(format!("cannot write {}", path.display())).because(error).hint(hint)
        })?;
        match replaced {
            Replaced::Written => {
                info!("{}: written: {}", path.display(), self.what);
                if names > 1 {
                    warn!(
                        "{}: it had {names} hard links; under the other names the old text is still there",
                        path.display()
                    );
                }
            }
            Replaced::Unchanged => info!("{}: nothing to change: {}", path.display(), self.what),
        }
        Ok(replaced)
    }
}
