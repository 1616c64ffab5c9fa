//! The JSON of coverage.py (`coverage json`).

use serde::Deserialize;
use serde_json::Value;

use super::{Percent, Reason};

#[derive(Deserialize)]
struct Report {
    totals: Totals,
}

#[derive(Deserialize)]
struct Totals {
    /// What `coverage report` shows: branches count as well where they are measured.
    percent_covered: f64,
    num_statements: Option<u64>,
}

pub(super) fn percent(text: &str) -> Result<Percent, Reason> {
    let document: Value = serde_json::from_str(text).map_err(|error| Reason::malformed_json(&error))?;
    let totals = match Report::deserialize(&document) {
        Ok(report) if document.is_object() => report.totals,
        _ if document.get("correctCount").is_some() => return Err(Reason::TypeCoverage),
        _ => return Err(Reason::Unknown("JSON without a number totals.percent_covered".to_owned())),
    };
    // coverage.py calls nothing of nothing 100 %.
    if totals.num_statements == Some(0) {
        return Err(Reason::Nothing);
    }
    let percent = totals.percent_covered;
    let wrong = || Reason::Malformed(format!("its percent_covered {percent} is no number from 0 to 100"));
    Percent::new(percent).ok_or_else(wrong)
}
