//! `versioner`: the version of a commit, the next one, and the names of its images.
//!
//! Reads the git repository and what GitLab's variables say, and prints. It writes nothing and speaks to nobody.

mod cli;
mod commit;
mod image;
mod lineage;
mod next;
mod output;
mod subject;
mod tags;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};
use registry::Tag;
use tracing::warn;

use cli::{Command, EnvArgs, Format, ImageArgs, Kind, NextArgs};
use image::{Base, NoBase};
use output::Variables;
use subject::{Subject, release_tag};

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self.command {
            Command::Env(args) => env(&args, out)?,
            Command::Next(args) => next(&args, out)?,
            Command::Image(args) => image(&args, out)?,
        }
        Ok(Exit::Done)
    }
}

fn env(args: &EnvArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let subject = Subject::open(&args.history, &args.commit)?;
    let (version, next_version) = subject.versions()?;
    let (ci_image, release_image) = match base_if_known(args)? {
        Some(base) => (
            Some(base.reference(Kind::Ci, &subject.short_sha.parse()?)?),
            Some(base.reference(Kind::Release, subject.release_tag())?),
        ),
        None => (None, None),
    };
    let (version, next_version) = (version.to_string(), next_version.to_string());
    let variables =
        Variables { version, next_version, short_sha: subject.short_sha, ci_image, release_image };
    match args.format {
        Format::Dotenv => output::dotenv(out, &variables),
        Format::Json => output::json(out, &variables),
    }
}

/// Where the images are; `None` where nobody said it and nobody has to.
fn base_if_known(args: &EnvArgs) -> Result<Option<Base>, Failure> {
    match Base::choose(&args.base) {
        Ok(base) => Ok(Some(base)),
        // A project may have no images. But in a pipeline a registry half described is a mistake, which would show in
        // a later job, far from its reason.
        Err(error)
            if matches!(error, NoBase::NoRegistry) || error.is_missing() && !args.commit.is_pipeline() =>
        {
            warn!("CI_IMAGE and RELEASE_IMAGE are left out: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn next(args: &NextArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let (_, next) = Subject::open(&args.history, &args.commit)?.versions()?;
    contract::output::line(out, &next.to_string())
}

fn image(args: &ImageArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let base = Base::choose(&args.base)?;
    let tag: Tag = match args.kind {
        Kind::Ci => commit::short_id(&args.history, &args.commit)?.parse()?,
        Kind::Release if args.commit.is_pipeline() => {
            let released = commit::release_of_pipeline(&args.commit, args.history.tag_prefix.as_deref())?;
            release_tag(released.as_ref(), &commit::short_id(&args.history, &args.commit)?)?
        }
        Kind::Release => Subject::open(&args.history, &args.commit)?.release_tag().clone(),
    };
    contract::output::line(out, &base.reference(args.kind, &tag)?)
}
