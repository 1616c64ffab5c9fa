//! `tag`: the tag of the next release, and how it gets to the server.

mod gitlab;
mod push;

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use history::CommitId;
use serde::Serialize;
use tracing::info;
use version::Version;

use crate::cli::{TagArgs, Via};
use crate::subject::Subject;

/// The result of `tag`; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    tag: String,
    version: String,
    commit: String,
    /// Whether this run made it.
    created: bool,
}

/// A tag to be made.
struct Wanted<'a> {
    name: &'a str,
    commit: CommitId,
    message: &'a str,
}

/// What became of it.
enum Outcome {
    /// It was made.
    Created,
    /// The commit has this tag on the server already.
    There { name: String },
    /// The tag stands on another commit.
    Taken { commit: String },
}

pub(crate) fn run(args: &TagArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut subject = Subject::open(&args.history, &args.commit, &args.network)?;
    let next = subject.next(&args.step)?;
    let name = name(&subject, &next.version, args.history.tag_prefix.as_deref());
    let report = |tag: String, created| Report {
        tag,
        version: next.version.to_string(),
        commit: subject.commit.to_string(),
        created,
    };
    if !next.is_new {
        let known = subject.tags.named(&next.version).next().map_or(name, str::to_owned);
        info!("there is nothing to release since {known}");
        return print(args, out, &report(known, false));
    }
    if !args.push || args.dry_run.dry_run {
        if args.push {
            info!("the tag {name} would be made on commit {}", subject.commit.short());
        }
        return print(args, out, &report(name, false));
    }
    let wanted =
        Wanted { name: &name, commit: subject.commit, message: args.message.as_deref().unwrap_or(&name) };
    match make(args, &wanted)? {
        Outcome::Created => {
            info!("the tag {name} was made on commit {}", subject.commit.short());
            print(args, out, &report(name, true))
        }
        Outcome::There { name } => {
            info!("commit {} has the tag {name} already, made by another run", subject.commit.short());
            let version = subject.version_of(&name).unwrap_or(next.version.clone()).to_string();
            print(args, out, &Report { version, ..report(name, false) })
        }
        Outcome::Taken { commit } => {
            let commit: String = commit.chars().take(8).collect();
            let message = format!("the tag {name} was made meanwhile, on commit {commit}");
            Err(Failure::no(message).hint("run it again in a fresh clone: it goes on from there"))
        }
    }
}

/// The tag of a version: with `v` if the highest version there is has one.
fn name(subject: &Subject<'_>, version: &Version, prefix: Option<&str>) -> String {
    let prefix = prefix.unwrap_or_default();
    let highest = subject.tags.iter().max_by(|one, other| one.version.cmp(&other.version));
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
