//! `publish`: proposes what stands in the files here, as one pull or merge request.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;

use bytes::Bytes;
use contract::{Exit, Failure};
use forge::{Change, Merging, Proposal, Proposed, ProposedFile};
use futures_util::future::try_join_all;
use regex_lite::Regex;
use tracing::{info, warn};

use crate::cli::{Publish, Writing};
use crate::destination::{Destination, path_in_repository};
use crate::manifest::{Pipeline, Target, Value};
use crate::output;
use crate::plan::{Outcome, State, pipelines};
use crate::precedence::{self, version_text};
use crate::summary;
use crate::target::Spot;
use crate::target::file::{FileTarget, Part};
use crate::template::with_sources;
use crate::trouble::Trouble;
use crate::values::unreadable;

/// What was proposed, and what came of it.
pub(crate) struct Published {
    pub(crate) places: Vec<Outcome>,
    /// None when there was nothing to propose.
    pub(crate) proposed: Option<Proposed>,
    pub(crate) base: String,
    pub(crate) branch: String,
    /// In a dry run, the requests that would have been sent.
    pub(crate) planned: Vec<String>,
}

pub(crate) async fn publish(args: &Publish, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pipelines = pipelines(&args.selection)?;
    let Writing { dry_run, format, registry } = &args.writing;
    let destination = Destination::open(&pipelines, &args.proposing, &registry.network, dry_run.dry_run)?;
    let published =
        propose(&pipelines, destination, args.proposing.title.as_deref(), args.allow_downgrade).await?;
    output::published(&published, format.format, out)?;
    published.told()
}

impl Published {
    /// Tells what has come of it; a request that will not be merged by itself, although it should, is a failure.
    pub(crate) fn told(&self) -> Result<Exit, Failure> {
        for request in &self.planned {
            info!("dry run: would send {request}");
        }
        match &self.proposed {
            None => info!("nothing to propose: the files of {} have these values", self.base),
            Some(proposed) => match &proposed.merge {
                Merging::Refused { reason, hint } => {
                    let message =
                        format!("{} is open, but will not be merged by itself: {reason}", proposed.url);
                    return Err(Failure::failed(message).hint(*hint));
                }
                Merging::NotAsked => {}
                Merging::Scheduled => info!("it will be merged once its checks have passed"),
                Merging::Queued => info!("it waits in the merge queue"),
                Merging::Merged => info!("it is merged"),
            },
        }
        Ok(Exit::Done)
    }

    /// Was something proposed that was not before?
    pub(crate) fn is_new(&self) -> bool {
        self.proposed.as_ref().is_some_and(|proposed| proposed.change != Change::Unchanged)
    }
}

/// Puts the values that stand here into the files of the base as they are now, and proposes that.
pub(crate) async fn propose(
    pipelines: &[Pipeline],
    destination: Destination,
    title: Option<&str>,
    allow_downgrade: bool,
) -> Result<Published, Failure> {
    let Destination { forge, base, branch, author, merge, labels } = destination;
    let here = Here::read(pipelines)?;
    let project = forge.project().unwrap_or_default().to_owned();
    let tip = forge.tip(&base).await?.ok_or_else(|| {
        Failure::failed(format!("there is no branch {base} in {project}"))
            .hint("name the branch with --base; what the token may not see is not there either")
    })?;
    let bases = try_join_all(here.files.keys().map(|file| {
        let (forge, tip) = (&forge, &tip);
        async move {
            let path = path_in_repository(file)?;
            let content = forge.file(&path, tip).await?;
            Ok::<_, Failure>((file.clone(), path, content))
        }
    }))
    .await?;
    let mut places = Vec::new();
    let mut files = Vec::new();
    for (file, path, before) in bases {
        let change = here.onto(&file, before.as_ref(), allow_downgrade, &mut places)?;
        if let Some(content) = change.filter(|content| Some(content) != before.as_ref()) {
            files.push(ProposedFile { path, content, is_new: before.is_none() });
        }
    }
    let mut published = Published { places, proposed: None, base, branch, planned: Vec::new() };
    if files.is_empty() {
        return Ok(published);
    }
    let changes: Vec<&Outcome> =
        published.places.iter().filter(|place| place.state == State::Update).collect();
    let proposal = Proposal {
        base: published.base.clone(),
        base_commit: tip,
        branch: published.branch.clone(),
        title: title.map(str::to_owned).or_else(|| here.title()).unwrap_or_else(|| summary::title(&changes)),
        body: summary::body(&changes, here.body().as_deref()),
        message: summary::message(&changes),
        labels,
        files,
        author,
        merge,
    };
    published.proposed = Some(forge.propose(&proposal).await?);
    published.planned = forge.planned();
    Ok(published)
}

/// A file's text, and who writes into it.
type File<'p> = (String, Vec<(&'p Pipeline, &'p Target)>);

/// The files as they are here.
struct Here<'p> {
    pipelines: &'p [Pipeline],
    files: BTreeMap<String, File<'p>>,
}

impl<'p> Here<'p> {
    fn read(pipelines: &'p [Pipeline]) -> Result<Self, Failure> {
        let mut here = Self { pipelines, files: BTreeMap::new() };
        for pipeline in pipelines {
            for target in &pipeline.targets {
                for file in &target.files {
                    let file = with_sources(file, &|id| here.version(pipeline, id))?;
                    here.add(&file, pipeline, target)?;
                }
            }
        }
        Ok(here)
    }

    fn add(&mut self, file: &str, pipeline: &'p Pipeline, target: &'p Target) -> Result<(), Failure> {
        if !self.files.contains_key(file) {
            let bytes = fs::read(file).map_err(|error| Failure::from(unreadable(Path::new(file), &error)))?;
            let text = String::from_utf8(bytes).map_err(|_| {
                Failure::usage(format!("{file}: it is not UTF-8 text")).hint("save it as UTF-8")
            })?;
            self.files.insert(file.to_owned(), (text, Vec::new()));
        }
        if let Some((_, targets)) = self.files.get_mut(file) {
            targets.push((pipeline, target));
        }
        Ok(())
    }

    /// The version of a source as it stands in a file that it feeds.
    fn version(&self, pipeline: &Pipeline, id: &str) -> Result<String, Trouble> {
        let fed = pipeline.targets.iter().filter(|target| target.value == Value::Source(id.to_owned()));
        for target in fed {
            for file in target.files.iter().filter(|file| !file.contains("{{")) {
                let text = fs::read_to_string(file).map_err(|error| unreadable(Path::new(file), &error))?;
                if let Some((_, value)) = target.spot.read(&text).ok().into_iter().flatten().next() {
                    return Ok(version_text(&value).unwrap_or(&value).to_owned());
                }
            }
        }
        Err(Trouble::usage(format!("no file has what the source '{id}' says"))
            .hint("give the target a file without a template, or use 'image-track run'"))
    }

    /// The base's file with the values that stand here; none when it should stay as it is.
    fn onto(
        &self,
        file: &str,
        before: Option<&Bytes>,
        allow_downgrade: bool,
        places: &mut Vec<Outcome>,
    ) -> Result<Option<Bytes>, Failure> {
        let Some((text, targets)) = self.files.get(file) else { return Ok(None) };
        let Some(before) = before else {
            if targets.iter().any(|(_, target)| target.spot.creates()) {
                places
                    .extend(targets.iter().map(|(pipeline, target)| whole(pipeline, target, file, "", text)));
                return Ok(Some(Bytes::copy_from_slice(text.as_bytes())));
            }
            return Err(Failure::usage(format!("{file} is not in the branch that is to be changed"))
                .hint("commit the file there first; only values are proposed here"));
        };
        if before == text.as_bytes() {
            return Ok(None);
        }
        let in_base = |trouble: Trouble| Failure::from(trouble.at(format_args!("{file} in the base branch")));
        let mut after = String::from_utf8(before.to_vec())
            .map_err(|_| in_base(Trouble::failed("it is not UTF-8 text")))?;
        for (pipeline, target) in targets {
            // What a pattern has put in, it may not find again.
            if let Spot::File(FileTarget { part: Part::Matches(regex), .. }) = &target.spot
                && !regex.is_match(text)
            {
                if !regex.is_match(&after) {
                    continue;
                }
                if !is_replaced(regex, &after, text) {
                    return Err(Failure::usage(format!(
                        "{file}: it differs from the base branch in more than what {} matches",
                        regex.as_str()
                    ))
                    .hint("bring the checkout up to date, or use 'image-track run'"));
                }
                places.push(whole(pipeline, target, file, &after, text));
                after.clone_from(text);
                continue;
            }
            let here: BTreeMap<String, String> = target
                .spot
                .read(text)
                .map_err(|trouble| Failure::from(trouble.at(file)))?
                .into_iter()
                .collect();
            let written = target.spot.write(&after, &mut |place| {
                let new = here.get(place.key).filter(|new| *new != place.current)?;
                let is_older = precedence::compare(new, place.current) == Some(Ordering::Less);
                let state = if is_older && !allow_downgrade { State::Older } else { State::Update };
                if state == State::Older {
                    warn!("{file}: {} stays at {} in the base: {new} is older", place.key, place.current);
                }
                places.push(outcome(pipeline, target, file, place.key, place.current, new, state));
                (state == State::Update).then(|| new.clone())
            });
            after = written.map_err(in_base)?.text;
        }
        Ok(Some(after.into()))
    }

    /// The title that the manifests say, if they agree on one.
    fn title(&self) -> Option<String> {
        self.said(|action| action.title.as_ref())
    }

    fn body(&self) -> Option<String> {
        self.said(|action| action.body.as_ref())
    }

    fn said(&self, part: impl Fn(&crate::manifest::Action) -> Option<&String>) -> Option<String> {
        let mut all = BTreeSet::new();
        for pipeline in self.pipelines {
            for text in pipeline.actions.iter().filter_map(&part) {
                all.insert(with_sources(text, &|id| self.version(pipeline, id)).ok()?);
            }
        }
        let first = all.pop_first();
        first.filter(|_| all.is_empty())
    }
}

/// Whether `here` is `base` with other texts in the places that the pattern matches.
fn is_replaced(regex: &Regex, base: &str, here: &str) -> bool {
    let (mut rest, mut done) = (here, 0);
    for found in regex.find_iter(base) {
        let between = &base[done..found.start()];
        let at = if done == 0 { rest.starts_with(between).then_some(0) } else { rest.find(between) };
        let Some(at) = at else { return false };
        rest = &rest[at + between.len()..];
        done = found.end();
    }
    rest.ends_with(&base[done..])
}

fn whole(pipeline: &Pipeline, target: &Target, file: &str, from: &str, to: &str) -> Outcome {
    outcome(pipeline, target, file, "content", from, to, State::Update)
}

fn outcome(
    pipeline: &Pipeline,
    target: &Target,
    file: &str,
    key: &str,
    from: &str,
    to: &str,
    state: State,
) -> Outcome {
    let ids = target.value.sources();
    let follows = pipeline.sources.iter().filter(|source| ids.contains(&source.id));
    Outcome {
        manifest: pipeline.name.clone(),
        target: target.id.clone(),
        follows: follows.map(|source| source.upstream.name()).collect::<Vec<_>>().join(", "),
        file: file.to_owned(),
        key: key.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        state,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_whose_matches_are_replaced_is_known() {
        let regex = Regex::new(r"\d+").unwrap();
        for (base, here, expected) in [
            ("a=1\nb=2\nc\n", "a=x\nb=y\nc\n", true),
            ("1", "x", true),
            ("a=1\nb=2\n", "a=x\n", false),
            ("a=1\nb\n", "a=x\nc\n", false),
            ("a=1\n", "b=x\n", false),
        ] {
            assert_eq!(is_replaced(&regex, base, here), expected, "{here}");
        }
    }
}
