//! What is printed.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use forge::{Change, Merging};
use serde::Serialize;

use crate::plan::{Outcome, Plan, State};
use crate::publish::Published;
use crate::trigger::Started;
use crate::trouble::Trouble;

/// `check` and `apply` as JSON.
#[derive(Serialize)]
struct PlanRecord<'p> {
    updates: usize,
    places: Vec<PlaceRecord<'p>>,
    errors: Vec<ErrorRecord<'p>>,
}

#[derive(Serialize)]
pub(crate) struct PlaceRecord<'p> {
    manifest: &'p str,
    target: &'p str,
    follows: &'p str,
    file: &'p str,
    key: &'p str,
    from: &'p str,
    to: &'p str,
    state: &'static str,
}

#[derive(Serialize)]
struct ErrorRecord<'p> {
    message: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'p str>,
}

impl<'p> From<&'p Outcome> for PlaceRecord<'p> {
    fn from(place: &'p Outcome) -> Self {
        let Outcome { manifest, target, follows, file, key, from, to, state } = place;
        Self { manifest, target, follows, file, key, from, to, state: state.word() }
    }
}

impl<'p> From<&'p Trouble> for ErrorRecord<'p> {
    fn from(trouble: &'p Trouble) -> Self {
        Self { message: &trouble.message, hint: trouble.hint.as_deref() }
    }
}

impl State {
    /// The state in one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Same => "same",
            Self::Older => "older",
            Self::Unmet => "unmet",
        }
    }
}

/// What would change, or has.
pub(crate) fn plan(plan: &Plan, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    if format == Format::Json {
        let places = plan.places.iter().map(PlaceRecord::from).collect();
        let errors = plan.troubles.iter().map(ErrorRecord::from).collect();
        return output::json(out, &PlanRecord { updates: plan.updates(), places, errors });
    }
    let shown: Vec<&Outcome> = plan.places.iter().filter(|place| place.state != State::Same).collect();
    if shown.is_empty() {
        return Ok(());
    }
    let mut rows = vec![["FILE", "KEY", "FROM", "TO", "STATE"].map(str::to_owned)];
    rows.extend(shown.iter().map(|place| {
        let texts = [&place.file, &place.key, &place.from, &place.to];
        let [file, key, from, to] = texts.map(|text| one_line(text));
        [file, key, from, to, place.state.word().to_owned()]
    }));
    table(&rows, out)
}

/// A table of columns of equal width, but for the last one.
fn table<const N: usize>(rows: &[[String; N]], out: &mut dyn Write) -> Result<(), Failure> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        output::line(out, cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// Of a value of many lines the first; nothing is shown as a hyphen.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    let is_cut = line.len() < text.trim_end().len() || line.chars().count() > LONGEST;
    let line: String = line.chars().take(LONGEST).collect();
    match (line.is_empty(), is_cut) {
        (true, false) => "-".into(),
        (_, false) => line,
        (_, true) => line + "…",
    }
}

/// `publish` as JSON.
#[derive(Serialize)]
struct PublishedRecord<'p> {
    change: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'p str,
    base: &'p str,
    branch: &'p str,
    merge: &'static str,
    places: Vec<PlaceRecord<'p>>,
}

/// What was proposed.
pub(crate) fn published(published: &Published, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    let proposed = published.proposed.as_ref();
    let change = match proposed.map(|proposed| proposed.change) {
        None => "none",
        Some(Change::Unchanged) => "unchanged",
        Some(Change::Updated) => "updated",
        Some(Change::Created) => "created",
    };
    let url = proposed.map_or("", |proposed| proposed.url.as_str());
    if format == Format::Json {
        let merge = match proposed.map(|proposed| &proposed.merge) {
            None | Some(Merging::NotAsked) => "none",
            Some(Merging::Scheduled) => "scheduled",
            Some(Merging::Queued) => "queued",
            Some(Merging::Merged) => "merged",
            Some(Merging::Refused { .. }) => "refused",
        };
        let places = published.places.iter().map(PlaceRecord::from).collect();
        let Published { base, branch, .. } = published;
        return output::json(out, &PublishedRecord { change, url, base, branch, merge, places });
    }
    match proposed {
        Some(_) if !url.is_empty() => output::line(out, &format!("{url} {change}")),
        _ => Ok(()),
    }
}

/// `trigger` as JSON.
#[derive(Serialize)]
struct StartedRecord<'s> {
    pipelines: Vec<PipelineRecord<'s>>,
}

#[derive(Serialize)]
struct PipelineRecord<'s> {
    project: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'s str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'s str>,
}

/// The pipelines that were started.
pub(crate) fn started(started: &[Started], format: Format, out: &mut dyn Write) -> Result<(), Failure> {
    if format == Format::Json {
        let pipelines = started.iter().map(PipelineRecord::from).collect();
        return output::json(out, &StartedRecord { pipelines });
    }
    for Started { project, result } in started {
        if let Ok(pipeline) = result {
            output::line(out, &format!("{project} {}", pipeline.web_url))?;
        }
    }
    Ok(())
}

impl<'s> From<&'s Started> for PipelineRecord<'s> {
    fn from(started: &'s Started) -> Self {
        Self {
            project: &started.project,
            url: started.result.as_ref().ok().map(|pipeline| pipeline.web_url.as_str()),
            error: started.result.as_ref().err().map(|trouble| trouble.message.as_str()),
        }
    }
}
