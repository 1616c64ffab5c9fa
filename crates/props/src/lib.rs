//! Sets, gets and verifies the marks of an image. What a mark is and where it is kept is up to `libs/marks`.

mod cli;
mod output;

pub use cli::Cli;

use std::collections::HashSet;
use std::env;
use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};
use marks::{Assignment, LayoutMarks, Provenance, unmet};
use registry::{Layout, Manifest, Reference, Repository};

use crate::cli::{Command, Get, Set, Verify};

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self.command {
            Command::Set(set) => run_set(&set, out),
            Command::Get(get) => run_get(&get, out),
            Command::Verify(verify) => run_verify(&verify, out),
        }
    }
}

fn run_set(set: &Set, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(&set.marks)?;
    let (marks, subject) = open(&set.image)?;
    let provenance = Provenance::collect(|name| env::var(name).ok());
    let changes = marks.set(&subject, &set.marks, &provenance, set.dry_run.dry_run)?;
    output::set(set, subject.digest(), &changes, out)?;
    Ok(Exit::Done)
}

fn run_get(get: &Get, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (marks, subject) = open(&get.image)?;
    let found = marks.get(subject.digest())?;
    let Some(key) = &get.key else {
        output::marks(get, subject.digest(), &found, out)?;
        return Ok(Exit::Done);
    };
    let one: Vec<_> = found.into_iter().filter(|mark| mark.key == *key).collect();
    match one.first() {
        None => Err(Failure::no(format!("{key} is not set on {} ({})", get.image, subject.digest()))),
        Some(mark) => {
            output::one(get, subject.digest(), mark, out)?;
            Ok(Exit::Done)
        }
    }
}

fn run_verify(verify: &Verify, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(&verify.marks)?;
    let (marks, subject) = open(&verify.image)?;
    let unmet = unmet(&marks.get(subject.digest())?, &verify.marks);
    output::verdict(verify, subject.digest(), &unmet, out)?;
    if unmet.is_empty() {
        return Ok(Exit::Done);
    }
    let faults: Vec<_> = unmet.iter().map(output::fault).collect();
    Err(Failure::no(format!("{} ({}): {}", verify.image, subject.digest(), faults.join(", ")))
        .hint("the job that sets the mark failed, was skipped, or marked another digest; 'props get' shows what is set"))
}

/// Finds the image. From here on only its digest counts.
fn open(image: &Reference) -> Result<(LayoutMarks, Manifest), Failure> {
    let Repository::Layout { directory } = &image.repository else {
        return Err(Failure::usage(format!("the marks of {image} cannot be reached: it is in a registry"))
            .hint("this version keeps marks in OCI layout directories only: oci:DIR:TAG"));
    };
    let which = image.which().ok_or_else(|| {
        Failure::usage(format!("which image of {image} is meant? it has neither a tag nor a digest"))
            .hint(format!("write {image}:TAG or {image}@sha256:DIGEST; latest is never assumed"))
    })?;
    let marks = LayoutMarks::new(Layout::new(directory));
    let subject = marks.subject(&which)?;
    tracing::debug!("{image} is {}", subject.digest());
    Ok((marks, subject))
}

/// `tested tested=false` is a slip, and whichever of the two were taken would be the wrong one for somebody.
fn refuse_twice(marks: &[Assignment]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    match marks.iter().find(|mark| !seen.insert(mark.key.as_str())) {
        Some(twice) => {
            Err(Failure::usage(format!("the key {} is given twice", twice.key)).hint("give each key once"))
        }
        None => Ok(()),
    }
}
