//! Reads coverage reports: the command `coverage`.

mod cobertura;
mod coverage_py;
mod jacoco;
mod lcov;
mod percent;
mod report;
mod xml;

#[cfg(test)]
mod tests;

use std::io::Write;

use badge::{Color, Comparison, Threshold, Thresholds};
use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;

pub(crate) use percent::Percent;
pub(crate) use report::{Reason, ReportError, read};

use crate::cli;
use crate::drawing::{self, Content};

pub(crate) fn run(args: &cli::Coverage, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = read(&args.file)?;
    let (kind, percent) = kind_of(&text)
        .and_then(|kind| Ok((kind, kind.percent(&text)?)))
        .map_err(|reason| ReportError::new(&args.file, reason))?;
    let message = percent.to_string();
    let content = Content { label: "coverage", message: &message, color: color(percent)? };
    drawing::draw(&args.badge, &content)?;
    match args.format.format {
        Format::Text => output::line(out, &message)?,
        Format::Json => output::json(out, &Document { kind, percent: percent.value() })?,
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    kind: Kind,
    percent: f64,
}

/// As anybadge's `coverage`: below each limit its colour, beyond the last the last.
fn color(percent: Percent) -> Result<Color, Failure> {
    let steps = [(50.0, Color::RED), (60.0, Color::ORANGE), (80.0, Color::YELLOW), (100.0, Color::GREEN)];
    let scale =
        Thresholds::new(&steps.map(|(limit, color)| Threshold::number(limit, color)), Comparison::Exclusive)?;
    Ok(scale.color_of(&percent.to_string())?)
}

/// The kinds of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Cobertura,
    CoveragePy,
    Lcov,
    Jacoco,
}

impl Kind {
    fn percent(self, text: &str) -> Result<Percent, Reason> {
        match self {
            Self::Cobertura => cobertura::percent(text),
            Self::CoveragePy => coverage_py::percent(text),
            Self::Lcov => lcov::percent(text),
            Self::Jacoco => jacoco::percent(text),
        }
    }
}

/// What kind of report it is, by its first lines.
fn kind_of(text: &str) -> Result<Kind, Reason> {
    let start = text.trim_start();
    match start.chars().next() {
        None => Err(Reason::Blank),
        Some('<') => match xml::root(start)?.as_str() {
            "coverage" => Ok(Kind::Cobertura),
            "report" => Ok(Kind::Jacoco),
            root => Err(Reason::Unknown(format!("an XML document whose root is <{root}>"))),
        },
        Some('{' | '[') => Ok(Kind::CoveragePy),
        Some(_) if lcov::is_start(start) => Ok(Kind::Lcov),
        Some(_) => Err(Reason::Unknown("text of another kind".to_owned())),
    }
}
