//! Reads what type-coverage found: the command `type-coverage`.

use std::io::Write;

use badge::{Color, Comparison, Threshold, Thresholds};
use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::{Deserialize, Serialize};

use crate::cli;
use crate::coverage::{Percent, Reason, ReportError, read};
use crate::drawing::{self, Content};

pub(crate) fn run(args: &cli::TypeCoverage, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = read(&args.file)?;
    let percent = percent(&text).map_err(|reason| ReportError::new(&args.file, reason))?;
    let message = percent.to_string();
    let content = Content { label: "type coverage", message: &message, color: color(percent)? };
    drawing::draw(&args.badge, &content)?;
    match args.format.format {
        Format::Text => output::line(out, &message)?,
        Format::Json => output::json(out, &Document { percent: percent.value() })?,
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Document {
    percent: f64,
}

/// 100 is green and nothing below it.
fn color(percent: Percent) -> Result<Color, Failure> {
    let below =
        [(50.0, Color::RED), (70.0, Color::ORANGE), (90.0, Color::YELLOW), (100.0, Color::YELLOW_GREEN)];
    let scale =
        Thresholds::new(&below.map(|(limit, color)| Threshold::number(limit, color)), Comparison::Exclusive)?;
    Ok(scale.beyond(Color::GREEN).color_of(&percent.to_string())?)
}

/// All that is needed of `type-coverage --json-output` 2.30; what else it says depends on its options.
#[derive(Deserialize)]
struct Found {
    /// Nothing of nothing is null.
    percent: Option<f64>,
    #[serde(rename = "totalCount")]
    total: Option<u64>,
    /// Why it failed, if it did.
    error: Option<serde_json::Value>,
}

fn percent(text: &str) -> Result<Percent, Reason> {
    if text.trim().is_empty() {
        return Err(Reason::Blank);
    }
    let document: serde_json::Value =
        serde_json::from_str(text).map_err(|error| Reason::malformed_json(&error))?;
    if !document.is_object() {
        return Err(Reason::NotTypeCoverage("it is no object".to_owned()));
    }
    let found = Found::deserialize(&document).map_err(|error| Reason::NotTypeCoverage(error.to_string()))?;
    match (found.total, found.percent) {
        (Some(0), _) => Err(Reason::Nothing),
        (_, Some(percent)) => Percent::new(percent)
            .ok_or_else(|| Reason::Malformed(format!("its percent {percent} is no number from 0 to 100"))),
        (_, None) => Err(match found.error {
            Some(error) => Reason::Malformed(format!("type-coverage failed: {error}")),
            None => Reason::NotTypeCoverage("it has no number 'percent'".to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_is_what_type_coverage_says() {
        for (text, shown) in [
            (
                r#"{"succeeded":true,"atLeastFailed":false,"correctCount":2,"percent":40,"percentString":"40.00","totalCount":5}"#,
                "40%",
            ),
            (
                r#"{"succeeded":false,"atLeast":99,"correctCount":9997,"percent":99.97,"totalCount":10000,"error":"too low","details":[]}"#,
                "99.9%",
            ),
            (r#"{"percent":100}"#, "100%"),
            (r#"{"percent":0,"totalCount":3}"#, "0%"),
        ] {
            assert_eq!(percent(text).map(|percent| percent.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_told_from_it() {
        for (text, told) in [
            (" \n", "the file is empty"),
            (r#"{"percent":null,"totalCount":0}"#, "measured nothing"),
            (r#"{"percent":100,"totalCount":0}"#, "measured nothing"),
            (r#"{"percent":NaN,"totalCount":0}"#, "not well-formed JSON"),
            (r#"{"percent":140}"#, "140 is no number from 0 to 100"),
            (r#"{"percent":-1}"#, "-1 is no number from 0 to 100"),
            (r#"{"percent":"40"}"#, "not that of type-coverage"),
            (r#"{"totals":{"percent_covered":87.5}}"#, "it has no number 'percent'"),
            (r#"{"succeeded":false,"error":"no tsconfig"}"#, "type-coverage failed: \"no tsconfig\""),
            ("[1]", "not that of type-coverage"),
            (r#"{"percent":40,"#, "its JSON ends in the middle, in line 1"),
        ] {
            let reason = percent(text).unwrap_err().to_string();
            assert!(reason.contains(told), "{text}: {reason}");
        }
    }

    #[test]
    fn the_colours_are_those_of_the_table() {
        for (value, expected) in [
            (100.0, Color::GREEN),
            (99.9, Color::YELLOW_GREEN),
            (90.0, Color::YELLOW_GREEN),
            (89.9, Color::YELLOW),
            (70.0, Color::YELLOW),
            (69.9, Color::ORANGE),
            (50.0, Color::ORANGE),
            (49.9, Color::RED),
            (0.0, Color::RED),
        ] {
            assert_eq!(color(Percent::new(value).unwrap()).unwrap(), expected, "{value}");
        }
    }
}
