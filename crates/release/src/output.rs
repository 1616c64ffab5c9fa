//! What is printed about what was done.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use forge::{Change, Release, ReleaseRecord};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What was done, or would be.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) dry_run: bool,
    pub(crate) items: Vec<Item>,
    pub(crate) release: Option<Release>,
    /// What a dry run would have sent.
    pub(crate) requests: Vec<String>,
    /// What could not be done; the rest was.
    pub(crate) failed: Vec<Failure>,
}

/// What became of one thing, and where it is.
#[derive(Debug)]
pub(crate) struct Item {
    /// Its key in JSON.
    pub(crate) kind: &'static str,
    /// As people call it.
    pub(crate) name: String,
    pub(crate) change: Change,
    pub(crate) location: String,
}

impl Report {
    pub(crate) fn add(
        &mut self,
        kind: &'static str,
        name: impl Into<String>,
        change: Change,
        location: impl Into<String>,
    ) {
        self.items.push(Item { kind, name: name.into(), change, location: location.into() });
    }
}

/// The key of those things of which there may be several.
pub(crate) const UPLOAD: &str = "uploads";

/// Prints what was done, or would be.
pub(crate) fn report(out: &mut dyn Write, format: Format, report: &Report) -> Result<(), Failure> {
    match format {
        Format::Text => text(out, report),
        Format::Json => json(out, report),
    }
}

fn text(out: &mut dyn Write, report: &Report) -> Result<(), Failure> {
    for item in &report.items {
        let done = match (report.dry_run, item.change) {
            (_, Change::Unchanged) => "unchanged",
            (false, Change::Created) => "created",
            (false, Change::Updated) => "updated",
            (true, Change::Created) => "would be created",
            (true, Change::Updated) => "would be updated",
        };
        output::line(out, &format!("{} {done}: {}", item.name, item.location))?;
    }
    for request in &report.requests {
        output::line(out, &format!("would send {request}"))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document {
    dry_run: bool,
    #[serde(flatten)]
    things: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<ReleaseRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<Vec<String>>,
    /// What could not be done, while the rest was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

fn json(out: &mut dyn Write, report: &Report) -> Result<(), Failure> {
    let mut things = Map::new();
    for item in &report.items {
        let change = match item.change {
            Change::Unchanged => "unchanged",
            Change::Updated => "updated",
            Change::Created => "created",
        };
        let thing = json!({ "change": change, "location": item.location });
        match things.entry(item.kind).or_insert_with(|| json!([])) {
            Value::Array(several) if item.kind == UPLOAD => several.push(thing),
            single => *single = thing,
        }
    }
    let document = Document {
        dry_run: report.dry_run,
        things,
        release: report.release.as_ref().map(ReleaseRecord::from),
        requests: report.dry_run.then(|| report.requests.clone()),
        failed: report.failed.iter().map(ToString::to_string).collect(),
    };
    output::json(out, &document)
}
