//! `versioner`: the version of a commit, the next one, and the names, tags and labels of its images.
//!
//! Reads the git repository and what the pipeline's variables say, and prints. Only `--deepen` and `tag --push` write, to
//! a clone and to a server; only these and `--image` speak to anybody.

mod api;
mod cli;
mod commit;
mod escape;
mod git;
mod github;
mod gitlab;
mod image;
mod image_tags;
mod labels;
mod lineage;
mod next;
mod output;
mod subject;
mod tag;
mod tags;
mod versions;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};
use registry::Tag;
use tracing::warn;

use cli::{
    Command, CurrentArgs, EnvArgs, EnvFormat, ImageArgs, Kind, LabelsArgs, LabelsFormat, NextArgs, TagsArgs,
    TagsFormat,
};
use github::GitHub;
use image::{Base, NoBase};
use output::Variables;
use subject::{Subject, release_tag};

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let github = GitHub::here();
        match completed(self.command, &github)? {
            Command::Current(args) => current(&args, out)?,
            Command::Next(args) => next(&args, out)?,
            Command::Check(args) => return versions::check(&args, out),
            Command::Compare(args) => return versions::compare(&args, out),
            Command::Sort(args) => return versions::sort(&args, out),
            Command::Latest(args) => return versions::latest(&args, out),
            Command::Tags(args) => tags(&args, out)?,
            Command::Image(args) => image(&args, out)?,
            Command::Labels(args) => labels(&args, out)?,
            Command::Env(args) => env(&args, out)?,
            Command::Tag(args) => return tag::run(&args, out),
        }
        Ok(Exit::Done)
    }
}

/// The command with what GitHub's variables say.
fn completed(mut command: Command, github: &GitHub) -> Result<Command, Failure> {
    let commit = match &mut command {
        Command::Current(args) => Some(&mut args.commit),
        Command::Next(args) => Some(&mut args.commit),
        Command::Tags(args) => {
            github.complete_base(&mut args.base);
            Some(&mut args.commit)
        }
        Command::Image(args) => {
            github.complete_base(&mut args.base);
            Some(&mut args.commit)
        }
        Command::Labels(args) => {
            github.complete_project(&mut args.project);
            Some(&mut args.commit)
        }
        Command::Env(args) => {
            github.complete_base(&mut args.base);
            Some(&mut args.commit)
        }
        Command::Tag(args) => Some(&mut args.commit),
        Command::Check(_) | Command::Compare(_) | Command::Sort(_) | Command::Latest(_) => None,
    };
    commit.map_or(Ok(()), |commit| github.complete_commit(commit))?;
    Ok(command)
}

fn current(args: &CurrentArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let version = Subject::open(&args.history, &args.commit, &args.network)?.current()?;
    contract::output::line(out, &version.to_string())
}

fn next(args: &NextArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let next = Subject::open(&args.history, &args.commit, &args.network)?.next(&args.step)?;
    contract::output::line(out, &next.version.to_string())
}

fn env(args: &EnvArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut subject = Subject::open(&args.history, &args.commit, &args.network)?;
    // First what may need files too, so that both are fetched at once.
    let next_version = subject.next(&args.step)?.version.to_string();
    let version = subject.current()?.to_string();
    let (ci_image, release_image) = match base_if_known(args)? {
        Some(base) => (
            Some(base.reference(Kind::Ci, &subject.short_sha.parse()?)?),
            Some(base.reference(Kind::Release, &subject.release_tag()?)?),
        ),
        None => (None, None),
    };
    let variables = Variables {
        version,
        next_version,
        commit_sha: args.commit.sha.id.unwrap_or(subject.commit).to_string(),
        branch: subject.branch()?,
        image_tags: image_tags_if_known(&mut subject, args.commit.is_pipeline())?,
        short_sha: subject.short_sha,
        ci_image,
        release_image,
    };
    match args.format {
        EnvFormat::Dotenv => output::dotenv(out, &variables),
        EnvFormat::Github => output::github(out, &variables),
        EnvFormat::Json => contract::output::json(out, &variables),
        EnvFormat::Sh => output::sh(out, &variables),
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

/// The tags of the image; `None` where the clone cannot tell which of them may move. In a pipeline that is an error: a
/// later job would miss them, far from the reason.
fn image_tags_if_known(subject: &mut Subject<'_>, is_pipeline: bool) -> Result<Option<Vec<String>>, Failure> {
    if !is_pipeline && subject.moves_tags() && !subject.knows_all_tags()? {
        warn!("IMAGE_TAGS is left out: {}", tags::PartOfTheTags);
        return Ok(None);
    }
    let known = if subject.moves_tags() { subject.releases()? } else { Vec::new() };
    Ok(Some(image_tags::of_commit(subject, &known)))
}

fn tags(args: &TagsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut subject = Subject::open(&args.history, &args.commit, &args.asked.registry.network)?;
    let known = match &args.asked.image {
        _ if !subject.moves_tags() => Vec::new(),
        Some(image) => {
            match image_tags::in_registry(image, &args.asked)? {
                Some(tags) => tags.iter().filter_map(|tag| version::version_of_tag(tag.as_str())).collect(),
                // A slip in the name, or a registry that hides what it does not show, must not let tags go backwards.
                None => {
                    warn!("there is no {image}: the git tags say what may move");
                    subject.releases()?
                }
            }
        }
        None => subject.releases()?,
    };
    let texts = image_tags::of_commit(&subject, &known).into_iter().chain(args.environment.iter().cloned());
    let mut tags: Vec<Tag> = Vec::new();
    for text in texts {
        let tag = text.parse()?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    let references = || -> Result<Vec<String>, Failure> {
        let base = Base::choose(&args.base)?;
        tags.iter().map(|tag| Ok(base.reference(args.kind, tag)?)).collect()
    };
    match args.format {
        TagsFormat::Lines => tags.iter().try_for_each(|tag| contract::output::line(out, tag.as_str())),
        TagsFormat::References => {
            references()?.iter().try_for_each(|reference| contract::output::line(out, reference))
        }
        TagsFormat::Json => {
            let references = match Base::choose(&args.base) {
                Err(NoBase::NoRegistry) => None,
                _ => Some(references()?),
            };
            let tags = tags.iter().map(ToString::to_string).collect();
            contract::output::json(out, &output::Tags { tags, references })
        }
        TagsFormat::Docker => output::options(out, "--tag", Base::of_registry(references()?)?),
        TagsFormat::Buildctl => output::buildctl(out, &Base::of_registry(references()?)?),
        TagsFormat::Bake => output::bake(out, &Base::of_registry(references()?)?),
    }
}

fn image(args: &ImageArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let base = Base::choose(&args.base)?;
    let tag: Tag = match args.kind {
        Kind::Ci => commit::short_id(&args.history, &args.commit, None)?.parse()?,
        Kind::Release if args.commit.is_pipeline() => {
            let released = commit::release_of_pipeline(&args.commit, args.history.tag_prefix.as_deref())?;
            let short = commit::short_id(&args.history, &args.commit, released.as_ref())?;
            release_tag(released.as_ref(), &short)?
        }
        Kind::Release => Subject::open(&args.history, &args.commit, &args.network)?.release_tag()?,
    };
    let tag = match &args.platform {
        Some(platform) => format!("{tag}-{}", platform.to_string().replace('/', "-")).parse()?,
        None => tag,
    };
    contract::output::line(out, &base.reference(args.kind, &tag)?)
}

fn labels(args: &LabelsArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let mut subject = Subject::open(&args.history, &args.commit, &args.network)?;
    let labels = labels::of(&mut subject, &args.project, &args.commit)?;
    let pairs = || labels.iter().map(|(name, value)| format!("{name}={value}"));
    match args.format {
        LabelsFormat::Docker => output::options(out, "--label", pairs()),
        LabelsFormat::Buildctl => output::options(out, "--opt", pairs().map(|pair| format!("label:{pair}"))),
        LabelsFormat::Lines => output::label_lines(out, &labels),
        LabelsFormat::Json => output::labels(out, &labels),
    }
}
