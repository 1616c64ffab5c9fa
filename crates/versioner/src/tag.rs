//! `tag`: the tag of the next release, and how it gets to the server.

mod gitlab;
mod push;

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use history::{CommitId, Tag};
use serde::Serialize;
use tracing::info;
use version::Version;

use crate::cli::{TagArgs, Via};
use crate::commit;
use crate::subject::Subject;
use crate::tags::{VersionTags, rank, version_of};

/// The result of `tag`; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    tag: String,
    version: String,
    commit: String,
    /// Whether this run made it.
    created: bool,
}

impl Report {
    fn new(tag: Tag, version: &Version, created: bool) -> Self {
        let (version, commit) = (version.to_string(), tag.target.to_string());
        Self { tag: tag.name, version, commit, created }
    }
}

/// A tag to be made.
struct Wanted<'a> {
    name: &'a str,
    version: &'a Version,
    prefix: Option<&'a str>,
    commit: CommitId,
    message: &'a str,
}

/// What became of it.
enum Outcome {
    /// It was made.
    Created,
    /// The commit has this tag on the server already.
    There(Tag),
    /// The version has a tag on another commit.
    Taken(Tag, Relation),
}

/// How the commit of a tag that was there first stands to the one that was to get it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// It is built on it.
    Descendant,
    /// It is one that it is built on.
    Ancestor,
    /// Neither.
    Apart,
}

impl Relation {
    /// By the best commit that both are built on.
    fn of(base: Option<CommitId>, ours: CommitId, theirs: CommitId) -> Self {
        match base {
            Some(base) if base == ours => Self::Descendant,
            Some(base) if base == theirs => Self::Ancestor,
            _ => Self::Apart,
        }
    }
}

impl Wanted<'_> {
    /// The tag among those of the server that the commit needs no other beside: a release of it that the clone does
    /// not know, or the wanted tag itself.
    fn on_commit<'t>(&self, tags: &'t [Tag]) -> Option<&'t Tag> {
        let here = tags.iter().filter(|tag| tag.target == self.commit);
        let known = here.filter_map(|tag| Some((version_of(&tag.name, self.prefix)?, tag)));
        let known = known.filter(|(version, tag)| !version.is_prerelease() || tag.name == self.name);
        known.max_by(|(one, _), (other, _)| rank(one).cmp(&rank(other))).map(|(_, tag)| tag)
    }

    /// The tag that another commit has for this version, with or without `v`.
    fn elsewhere<'t>(&self, tags: &'t [Tag]) -> Option<&'t Tag> {
        tags.iter().find(|tag| tag.target != self.commit && self.is_named_by(&tag.name))
    }

    fn is_named_by(&self, name: &str) -> bool {
        version_of(name, self.prefix).is_some_and(|version| version == *self.version)
    }
}

pub(crate) fn run(args: &TagArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let repository = args.history.open()?;
    commit::require(&repository, &args.commit)?;
    let mut subject = Subject::of(repository, &args.history, &args.commit, &args.network)?;
    let next = subject.next(&args.step)?;
    let (prefix, commit) = (args.history.tag_prefix.as_deref(), subject.commit);
    let name = name(subject.tags()?, &next.version, prefix);
    let unmade = |name| Tag { name, target: commit };
    if !next.is_new {
        let known = subject.tags()?.named(&next.version).next().map_or(name, str::to_owned);
        info!("there is nothing to release since {known}");
        return print(args, out, &Report::new(unmade(known), &next.version, false));
    }
    if !args.push || args.dry_run.dry_run {
        if args.push {
            info!("the tag {name} would be made on commit {}", commit.short());
        }
        return print(args, out, &Report::new(unmade(name), &next.version, false));
    }
    let message = args.message.as_deref().unwrap_or(&name);
    let wanted = Wanted { name: &name, version: &next.version, prefix, commit, message };
    let report = told(make(args, &wanted)?, &wanted)?;
    print(args, out, &report)
}

/// Says what became of the tag.
fn told(outcome: Outcome, wanted: &Wanted<'_>) -> Result<Report, Failure> {
    let (name, short) = (wanted.name, wanted.commit.short());
    let tag = match outcome {
        Outcome::Created => {
            info!("the tag {name} was made on commit {short}");
            let tag = Tag { name: name.to_owned(), target: wanted.commit };
            return Ok(Report::new(tag, wanted.version, true));
        }
        Outcome::Taken(tag, relation) if relation != Relation::Descendant => {
            return Err(taken(&tag, relation, &short));
        }
        Outcome::There(tag) => {
            info!("commit {short} has the tag {} already, made by another run", tag.name);
            tag
        }
        Outcome::Taken(tag, _) => {
            let (name, there) = (&tag.name, tag.target.short());
            info!(
                "commit {short} is released with {name} already: it stands on {there}, which is built on it"
            );
            tag
        }
    };
    let version = version_of(&tag.name, wanted.prefix);
    Ok(Report::new(tag, &version.unwrap_or_else(|| wanted.version.clone()), false))
}

/// Another run was faster, and its release lacks our commit.
fn taken(tag: &Tag, relation: Relation, short: &str) -> Failure {
    let (name, there) = (&tag.name, tag.target.short());
    match relation {
        Relation::Ancestor => Failure::no(format!(
            "the tag {name} was made meanwhile, on commit {there}, which {short} is built on"
        ))
        .hint(format!("run this job again: it fetches {name}, and finds the version that comes after it")),
        _ => Failure::no(format!("the tag {name} stands on commit {there}, which {short} is not built on"))
            .hint("merge what was released there, or ask for another version with --bump or --prerelease"),
    }
}

/// The tag of a version: with `v` if the highest version there is has one.
fn name(tags: &VersionTags, version: &Version, prefix: Option<&str>) -> String {
    let prefix = prefix.unwrap_or_default();
    let highest = tags.iter().max_by(|one, other| one.version.cmp(&other.version));
    let has_v = highest.is_some_and(|tagged| tagged.tag.name[prefix.len()..].starts_with('v'));
    format!("{prefix}{}{version}", if has_v { "v" } else { "" })
}

fn make(args: &TagArgs, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    // GitLab gives a job the address of its API, in whatever it runs.
    let is_gitlab = args.history.gitlab.gitlab_api.is_some() && args.history.gitlab.project_id.is_some();
    match args.via.unwrap_or(if is_gitlab { Via::Gitlab } else { Via::Git }) {
        Via::Gitlab => gitlab::create(&args.history.gitlab, &args.network, wanted),
        Via::Git => push::push(&args.history, wanted),
    }
}

fn print(args: &TagArgs, out: &mut dyn Write, report: &Report) -> Result<Exit, Failure> {
    match args.format.format {
        Format::Text => output::line(out, &report.tag)?,
        Format::Json => output::json(out, report)?,
    }
    Ok(Exit::Done)
}
