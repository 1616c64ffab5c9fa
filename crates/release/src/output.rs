//! What is printed.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use forge::{Change, ReleaseRecord};
use serde::Serialize;

use crate::create::{Outcome, Report};

/// Prints what was done, or would be.
pub(crate) fn report(out: &mut dyn Write, format: Format, report: &Report) -> Result<(), Failure> {
    match format {
        Format::Text => text(out, report),
        Format::Json => json(out, report),
    }
}

fn text(out: &mut dyn Write, report: &Report) -> Result<(), Failure> {
    let name = format!("release {}", report.release.tag);
    for (name, outcome) in [(name.as_str(), &report.record), ("page", &report.page)] {
        let done = match (report.dry_run, outcome.change) {
            (_, Change::Unchanged) => "unchanged",
            (false, Change::Created) => "created",
            (false, Change::Updated) => "updated",
            (true, Change::Created) => "would be created",
            (true, Change::Updated) => "would be updated",
        };
        output::line(out, &format!("{name} {done}: {}", outcome.location))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Document<'a> {
    dry_run: bool,
    record: Thing<'a>,
    page: Thing<'a>,
    release: ReleaseRecord,
}

#[derive(Serialize)]
struct Thing<'a> {
    /// With `dry_run`, what would be done.
    change: &'static str,
    location: &'a str,
}

impl<'a> From<&'a Outcome> for Thing<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let change = match outcome.change {
            Change::Unchanged => "unchanged",
            Change::Updated => "updated",
            Change::Created => "created",
        };
        Self { change, location: &outcome.location }
    }
}

fn json(out: &mut dyn Write, report: &Report) -> Result<(), Failure> {
    let document = Document {
        dry_run: report.dry_run,
        record: (&report.record).into(),
        page: (&report.page).into(),
        release: (&report.release).into(),
    };
    output::json(out, &document)
}
