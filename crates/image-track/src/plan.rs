//! What would change: every manifest is read, every file looked at, every source resolved and every file computed before
//! anything is written.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;

use contract::Failure;
use registry::RegistryArgs;

use crate::cli::{Resolving, Selection};
use crate::manifest::{self, Check, Condition, Gate, Pipeline, Source, Target, Value};
use crate::precedence;
use crate::target::Spot;
use crate::template::with_sources;
use crate::transform::transform;
use crate::trouble::Trouble;
use crate::upstream::{Network, Resolved};
use crate::values::{self, unreadable};

/// What would change, and why other things would not.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) places: Vec<Outcome>,
    /// The files that would be other ones, by name.
    pub(crate) files: Vec<FileChange>,
    /// With `--keep-going`, what failed.
    pub(crate) troubles: Vec<Trouble>,
}

/// A value in a file.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) manifest: String,
    pub(crate) target: String,
    /// What is followed there.
    pub(crate) follows: String,
    pub(crate) file: String,
    pub(crate) key: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) state: State,
}

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It gets another one.
    Update,
    /// It is what it should be.
    Same,
    /// What was found is older, and it stays.
    Older,
    /// A condition does not hold, and it stays.
    Unmet,
}

/// A file and what it would be.
#[derive(Debug)]
pub(crate) struct FileChange {
    pub(crate) name: String,
    pub(crate) after: String,
}

impl Plan {
    /// How many values would be other ones.
    pub(crate) fn updates(&self) -> usize {
        self.places.iter().filter(|place| place.state == State::Update).count()
    }
}

/// The manifests that are meant, with the sources and targets that are.
pub(crate) fn pipelines(selection: &Selection) -> Result<Vec<Pipeline>, Failure> {
    let values = values::read(&selection.values)?;
    let files = manifest::files(&selection.manifests)?;
    let mut pipelines = manifest::read_all(&files, &values)?;
    if selection.only.is_empty() {
        return Ok(pipelines);
    }
    let known: BTreeSet<String> =
        pipelines.iter().flat_map(|one| &one.sources).map(|source| source.upstream.short_name()).collect();
    for pipeline in &mut pipelines {
        pipeline.keep_only(&selection.only);
    }
    pipelines.retain(|pipeline| !pipeline.sources.is_empty());
    if pipelines.is_empty() {
        let wanted = selection.only.join(", ");
        let known: Vec<String> = known.into_iter().collect();
        let failure = Failure::no(format!("no manifest follows {wanted}"));
        return Err(match selection.only.iter().find_map(|name| yaml_splice::nearest(name, &known)) {
            Some(near) => failure.hint(format!("did you mean {near}?")),
            None => failure.hint(format!("they follow: {}", known.join(", "))),
        });
    }
    Ok(pipelines)
}

impl Pipeline {
    fn keep_only(&mut self, wanted: &[String]) {
        let is_wanted = |source: &Source| {
            let (name, short) = (source.upstream.name(), source.upstream.short_name());
            wanted
                .iter()
                .any(|wanted| *wanted == name || *wanted == short || name.ends_with(&format!("/{wanted}")))
        };
        self.sources.retain(is_wanted);
        let sources = &self.sources;
        let is_fed = |value: &Value| {
            let ids = value.sources();
            !ids.is_empty() && ids.iter().all(|id| sources.iter().any(|source| source.id == *id))
        };
        self.targets.retain(|target| is_fed(&target.value));
        self.conditions.retain(|condition| {
            let ids = condition.check.value().map(Value::sources).unwrap_or_default();
            ids.iter().all(|id| sources.iter().any(|source| source.id == *id))
        });
    }
}

impl Check {
    /// What it looks for, where that is a value.
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Image { tag, .. } => Some(tag),
            Self::Place { value, .. } => value.as_ref(),
        }
    }
}

impl Gate {
    /// Whether a target may be written. A condition that was left out, with the source that it is about, keeps nothing.
    fn is_open(&self, holds: &BTreeMap<String, bool>) -> bool {
        let fails = |id: &String| holds.get(id) == Some(&false);
        match self {
            Self::All => holds.values().all(|holds| *holds),
            Self::These { all, any } => !all.iter().any(fails) && (any.is_empty() || !any.iter().all(fails)),
        }
    }
}

impl Value {
    /// The sources it is made of.
    pub(crate) fn sources(&self) -> Vec<String> {
        match self {
            Self::Source(id) => vec![id.clone()],
            Self::Text(text) => crate::template::sources_in(text),
        }
    }
}

/// Files as they would be, by name; each is read once.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<String, (Option<String>, String)>);

impl Files {
    /// The text as it would be so far. A file that is not there is empty if it may be made.
    pub(crate) fn text(&mut self, name: &str, create: bool) -> Result<&mut String, Trouble> {
        if !self.0.contains_key(name) {
            let path = PathBuf::from(name);
            let before = match fs::read(&path) {
                Ok(bytes) => Some(String::from_utf8(bytes).map_err(|_| {
                    Trouble::usage(format!("{name}: it is not UTF-8 text")).hint("save it as UTF-8")
                })?),
                Err(error) if create && error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(unreadable(&path, &error)),
            };
            let after = before.clone().unwrap_or_default();
            self.0.insert(name.to_owned(), (before, after));
        }
        let found = self.0.get_mut(name).map(|(_, after)| after);
        found.ok_or_else(|| Trouble::failed(format!("{name} was not read")))
    }

    fn changes(self) -> Vec<FileChange> {
        let changed = self.0.into_iter().filter(|(_, (before, after))| before.as_ref() != Some(after));
        changed.map(|(name, (_, after))| FileChange { name, after }).collect()
    }
}

/// Finds out what would change.
///
/// # Errors
/// What is wrong with a manifest or a file; what failed, unless it should go on.
pub(crate) async fn plan(
    pipelines: &[Pipeline],
    resolving: &Resolving,
    registry: &RegistryArgs,
) -> Result<Plan, Failure> {
    let mut work = Work { files: Files::default(), plan: Plan::default(), resolving };
    let currents = work.look(pipelines)?;
    let network = Network::new(registry, resolving.cache.as_deref())?;
    let sources: Vec<(&Source, Option<String>)> =
        pipelines.iter().flat_map(|one| &one.sources).zip(currents).collect();
    let resolved = network.resolve(&sources).await;
    let mut resolved = resolved.into_iter();
    let mut states = Vec::new();
    for pipeline in pipelines {
        let found = resolved.by_ref().take(pipeline.sources.len()).collect();
        states.push(Resolution { pipeline, found });
    }
    for state in &states {
        work.note(state.found.iter().filter_map(|found| found.as_ref().err()));
    }
    work.stop_at_trouble()?;
    let holds = work.conditions(&network, &states).await;
    work.stop_at_trouble()?;
    for (state, holds) in states.iter().zip(holds) {
        for target in &state.pipeline.targets {
            if let Err(trouble) = work.target(state, target, target.gate.is_open(&holds)) {
                work.note([&trouble]);
            }
        }
    }
    work.stop_at_trouble()?;
    let mut plan = work.plan;
    plan.files = work.files.changes();
    Ok(plan)
}

/// A manifest and what its sources say.
struct Resolution<'p> {
    pipeline: &'p Pipeline,
    found: Vec<Result<Resolved, Trouble>>,
}

impl Resolution<'_> {
    /// What a source says, with its transformers; none when it failed, which was told.
    fn value_of(&self, id: &str) -> Option<Result<String, Trouble>> {
        let index = self.pipeline.sources.iter().position(|source| source.id == id)?;
        let (source, found) = (self.pipeline.sources.get(index)?, self.found.get(index)?);
        let found = found.as_ref().ok()?;
        Some(transform(&found.version, &source.steps).map_err(|trouble| trouble.at(&source.place)))
    }

    /// A value; none when a source of it failed.
    fn value(&self, value: &Value) -> Option<Result<String, Trouble>> {
        match value {
            Value::Source(id) => self.value_of(id),
            Value::Text(text) => {
                let ids = value.sources();
                let all: Option<Vec<_>> = ids.iter().map(|id| self.value_of(id)).collect();
                all?;
                Some(with_sources(text, &|id| {
                    self.value_of(id)
                        .unwrap_or_else(|| Err(Trouble::usage(format!("there is no source '{id}'"))))
                }))
            }
        }
    }

    /// What a target follows, for people.
    fn follows(&self, target: &Target) -> String {
        let ids = target.value.sources();
        let names = self.pipeline.sources.iter().filter(|source| ids.contains(&source.id));
        names.map(|source| source.upstream.name()).collect::<Vec<_>>().join(", ")
    }
}

struct Work<'r> {
    files: Files,
    plan: Plan,
    resolving: &'r Resolving,
}

impl Work<'_> {
    fn note<'t>(&mut self, troubles: impl IntoIterator<Item = &'t Trouble>) {
        for trouble in troubles {
            if !self.plan.troubles.contains(trouble) {
                self.plan.troubles.push(trouble.clone());
            }
        }
    }

    /// Ends the run when something failed and it should not go on. All that failed is told, the last one as the error.
    fn stop_at_trouble(&mut self) -> Result<(), Failure> {
        if self.resolving.keep_going || self.plan.troubles.is_empty() {
            return Ok(());
        }
        let mut troubles = std::mem::take(&mut self.plan.troubles);
        let last = troubles.pop().unwrap_or_else(|| Trouble::failed("something failed"));
        for trouble in &troubles {
            tracing::error!("{trouble}");
        }
        let hint = last.hint.clone().map(|hint| format!("{hint} (nothing was written)"));
        let hint = hint.unwrap_or_else(|| "nothing was written; --keep-going does the rest".into());
        Err(last.hint(hint).into())
    }

    /// Looks at every place before anything is asked: what is not there is told at once. Returns for each source what
    /// stands in the first place that it feeds.
    fn look(&mut self, pipelines: &[Pipeline]) -> Result<Vec<Option<String>>, Failure> {
        let mut currents = Vec::new();
        for pipeline in pipelines {
            let mut by_source: BTreeMap<String, String> = BTreeMap::new();
            for target in &pipeline.targets {
                for file in target.files.iter().filter(|file| !file.contains("{{")) {
                    match self.read(target, file) {
                        Ok(Some(current)) => {
                            for id in target.value.sources() {
                                by_source.entry(id).or_insert_with(|| current.clone());
                            }
                        }
                        Ok(None) => {}
                        Err(trouble) => self.note([&trouble]),
                    }
                }
            }
            currents.extend(pipeline.sources.iter().map(|source| by_source.remove(&source.id)));
        }
        self.stop_at_trouble()?;
        Ok(currents)
    }

    fn read(&mut self, target: &Target, file: &str) -> Result<Option<String>, Trouble> {
        let text = self.files.text(file, target.spot.creates())?;
        let found = target.spot.read(text).map_err(|trouble| in_file(file, target, trouble))?;
        let current = found.into_iter().next().map(|(_, current)| current);
        Ok(current.map(|current| precedence::version_text(&current).unwrap_or(&current).to_owned()))
    }

    /// For each manifest, which of its conditions hold.
    async fn conditions(
        &mut self,
        network: &Network,
        states: &[Resolution<'_>],
    ) -> Vec<BTreeMap<String, bool>> {
        let mut holds = vec![BTreeMap::new(); states.len()];
        let mut asked: Vec<(usize, &Condition, String)> = Vec::new();
        for (number, state) in states.iter().enumerate() {
            for condition in &state.pipeline.conditions {
                let value = condition.check.value().map(|value| state.value(value));
                let value = match value {
                    // A source of it has failed, which was told.
                    Some(None) => Err(None),
                    Some(Some(value)) => {
                        let value = value.and_then(|value| transform(&value, &condition.steps));
                        value.map(Some).map_err(|trouble| Some(trouble.at(&condition.place)))
                    }
                    None => Ok(None),
                };
                let result = match (&condition.check, value) {
                    (Check::Image { .. }, Ok(tag)) => {
                        asked.push((number, condition, tag.unwrap_or_default()));
                        continue;
                    }
                    (Check::Place { files, spot, .. }, Ok(value)) => {
                        Ok(self.stands(state, files, spot, value.as_deref()) != condition.negated)
                    }
                    (_, Err(trouble)) => Err(trouble),
                };
                self.answer(&mut holds[number], condition, result, "what it looks for");
            }
        }
        let results = network.check(asked.iter().map(|(_, condition, tag)| (*condition, tag.as_str()))).await;
        for (result, (number, condition, tag)) in results.into_iter().zip(&asked) {
            let what = match &condition.check {
                Check::Image { repository, .. } => format!("{repository}:{tag}"),
                Check::Place { .. } => String::new(),
            };
            self.answer(&mut holds[*number], condition, result.map_err(Some), &what);
        }
        holds
    }

    /// Notes and tells how a condition has turned out.
    fn answer(
        &mut self,
        holds: &mut BTreeMap<String, bool>,
        condition: &Condition,
        result: Result<bool, Option<Trouble>>,
        what: &str,
    ) {
        if let Ok(false) = result {
            let not = if condition.negated { "is there" } else { "is not there" };
            let Condition { place, id, .. } = condition;
            tracing::warn!("{place} ({id}): {what} {not}; the targets that wait for it stay as they are");
        }
        if let Err(Some(trouble)) = &result {
            self.note([trouble]);
        }
        holds.insert(condition.id.clone(), result.unwrap_or(false));
    }

    /// Whether a place is there in all of these files, with this value if one is wanted.
    fn stands(&mut self, state: &Resolution<'_>, files: &[String], spot: &Spot, value: Option<&str>) -> bool {
        files.iter().all(|file| {
            let Some(Ok(file)) = state.value(&Value::Text(file.clone())) else { return false };
            let places = self.files.text(&file, false).and_then(|text| spot.read(text));
            let places = places.inspect_err(|trouble| tracing::debug!("{file}: {trouble}"));
            places.is_ok_and(|places| {
                value.is_none_or(|value| places.iter().all(|(_, current)| current == value))
            })
        })
    }

    /// Writes one target into the texts.
    fn target(&mut self, state: &Resolution<'_>, target: &Target, holds: bool) -> Result<(), Trouble> {
        let Some(value) = state.value(&target.value) else { return Ok(()) };
        let value = value.and_then(|value| transform(&value, &target.steps));
        let value = value.map_err(|trouble| trouble.at(format_args!("{} ({})", target.place, target.id)))?;
        for file in &target.files {
            let file = match state.value(&Value::Text(file.clone())) {
                Some(file) => file?,
                None => return Ok(()),
            };
            self.file(state, target, &file, &value, holds)?;
        }
        Ok(())
    }

    fn file(
        &mut self,
        state: &Resolution<'_>,
        target: &Target,
        file: &str,
        value: &str,
        holds: bool,
    ) -> Result<(), Trouble> {
        let (follows, allow_downgrade) = (state.follows(target), self.resolving.allow_downgrade);
        let mut outcomes = Vec::new();
        let text = self.files.text(file, target.spot.creates())?;
        let written = target.spot.write(text, &mut |place| {
            let value = place.value(value);
            let downgrade = precedence::compare(&value, place.current) == Some(Ordering::Less);
            let outcome = match () {
                () if place.current == value => State::Same,
                () if !holds => State::Unmet,
                () if downgrade && !allow_downgrade => State::Older,
                () => State::Update,
            };
            outcomes.push(Outcome {
                manifest: state.pipeline.name.clone(),
                target: target.id.clone(),
                follows: follows.clone(),
                file: file.to_owned(),
                key: place.key.to_owned(),
                from: place.current.to_owned(),
                to: value.clone(),
                state: outcome,
            });
            (outcome == State::Update).then_some(value)
        });
        *text = written.map_err(|trouble| in_file(file, target, trouble))?.text;
        for outcome in outcomes.iter().filter(|outcome| outcome.state == State::Older) {
            tracing::warn!(
                "{file}: {} stays at {}: {} is older; --allow-downgrade writes it",
                outcome.key,
                outcome.from,
                outcome.to
            );
        }
        self.plan.places.extend(outcomes);
        Ok(())
    }
}

fn in_file(file: &str, target: &Target, trouble: Trouble) -> Trouble {
    trouble.at(file).at(format_args!("{} ({})", target.place, target.id))
}
