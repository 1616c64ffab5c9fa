//! What a run prints: text that reads well and JSON that stays as it is.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use marks::{Assignment, Change, Mark, Unmet};
use registry::Digest;
use serde::Serialize;

use crate::cli::{Get, Set, Verify};

#[derive(Serialize)]
struct SetReport<'a> {
    image: String,
    digest: &'a Digest,
    dry_run: bool,
    marks: Vec<Changed<'a>>,
}

#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    mark: &'a Assignment,
    #[serde(flatten)]
    change: &'a Change,
}

#[derive(Serialize)]
struct MarksReport<'a> {
    image: String,
    digest: &'a Digest,
    marks: &'a [Mark],
}

#[derive(Serialize)]
struct Verdict<'a> {
    image: String,
    digest: &'a Digest,
    holds: bool,
    unmet: &'a [Unmet],
}

/// The digest; on stderr what became of each mark.
pub(crate) fn set(
    set: &Set,
    digest: &Digest,
    changes: &[Change],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let dry_run = set.dry_run.dry_run;
    for (mark, change) in set.marks.iter().zip(changes) {
        let what = match change {
            Change::Created => "set".to_owned(),
            Change::Changed { previous } => format!("changed from {previous}"),
            Change::Unchanged => "was set already".to_owned(),
        };
        tracing::info!("{}{mark}: {what}", if dry_run { "dry run: " } else { "" });
    }
    match set.format.format {
        Format::Text => output::line(out, &digest.to_string()),
        Format::Json => {
            let marks =
                set.marks.iter().zip(changes).map(|(mark, change)| Changed { mark, change }).collect();
            output::json(out, &SetReport { image: set.image.to_string(), digest, dry_run, marks })
        }
    }
}

/// One line a mark, `key=value`.
pub(crate) fn marks(get: &Get, digest: &Digest, marks: &[Mark], out: &mut dyn Write) -> Result<(), Failure> {
    match get.format.format {
        Format::Text => {
            marks.iter().try_for_each(|mark| output::line(out, &format!("{}={}", mark.key, mark.value)))
        }
        Format::Json => output::json(out, &MarksReport { image: get.image.to_string(), digest, marks }),
    }
}

/// The value alone, so that a script can take it.
pub(crate) fn one(get: &Get, digest: &Digest, mark: &Mark, out: &mut dyn Write) -> Result<(), Failure> {
    match get.format.format {
        Format::Text => output::line(out, mark.value.as_str()),
        Format::Json => marks(get, digest, std::slice::from_ref(mark), out),
    }
}

/// The digest the answer is about.
pub(crate) fn verdict(
    verify: &Verify,
    digest: &Digest,
    unmet: &[Unmet],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match verify.format.format {
        Format::Text => output::line(out, &digest.to_string()),
        Format::Json => output::json(
            out,
            &Verdict { image: verify.image.to_string(), digest, holds: unmet.is_empty(), unmet },
        ),
    }
}

/// What is wrong with one mark, in a few words.
pub(crate) fn fault(unmet: &Unmet) -> String {
    let Assignment { key, value } = &unmet.wanted;
    match &unmet.found {
        Some(found) => format!("{key} is '{found}', not '{value}'"),
        None => format!("{key} is not set"),
    }
}
