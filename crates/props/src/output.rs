//! What a run prints: text that reads well and JSON that stays as it is.

use std::io::Write;

use contract::args::{DryRunArgs, Format, FormatArgs};
use contract::output::printable;
use contract::{Failure, output};
use marks::{Change, Cleared, Image, Mark, Moved, Outcome, Record, State, Unmet};
use registry::{Digest, Reference};
use serde::Serialize;

use crate::cli::{Find, Get, History, Move, Verify};
use crate::verify::Answer;

#[derive(Serialize)]
struct ChangeReport<'a> {
    image: String,
    digest: &'a Digest,
    dry_run: bool,
    marks: &'a [Outcome],
}

#[derive(Serialize)]
struct AnotherImage<'a> {
    image: String,
    digest: &'a Digest,
    required_digest: &'a Digest,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    required_digest: Option<&'a Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inherited_from: Option<&'a Digest>,
}

#[derive(Serialize)]
struct FindReport<'a> {
    repository: String,
    count: usize,
    /// Absent with --count.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<&'a [Image]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_digest: Option<&'a Digest>,
}

#[derive(Serialize)]
struct MoveReport<'a> {
    image: String,
    digest: &'a Digest,
    dry_run: bool,
    target: &'a Outcome,
    others: &'a [Cleared],
    left: &'a [Digest],
}

#[derive(Serialize)]
struct HistoryReport<'a> {
    image: String,
    digest: &'a Digest,
    complete: bool,
    records: &'a [Record],
}

/// That nothing was done, because the image is another one than was required. Who wants text finds it in the error.
pub(crate) fn another(
    image: &Reference,
    digest: &Digest,
    required_digest: &Digest,
    format: FormatArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match format.format {
        Format::Text => Ok(()),
        Format::Json => {
            output::json(out, &AnotherImage { image: image.to_string(), digest, required_digest })
        }
    }
}

/// The digest; on stderr what became of each mark.
pub(crate) fn outcomes(
    image: &Reference,
    digest: &Digest,
    outcomes: &[Outcome],
    dry_run: DryRunArgs,
    format: FormatArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let dry_run = dry_run.dry_run;
    outcomes.iter().for_each(|outcome| tell(outcome, dry_run));
    match format.format {
        Format::Text => output::line(out, &digest.to_string()),
        Format::Json => {
            output::json(out, &ChangeReport { image: image.to_string(), digest, dry_run, marks: outcomes })
        }
    }
}

fn tell(outcome: &Outcome, dry_run: bool) {
    let would = if dry_run { "would be " } else { "" };
    let what = match (&outcome.failure, &outcome.change) {
        (Some(reason), _) => format!("failed: {reason}"),
        (None, Change::Created) => format!("{would}set"),
        (None, Change::Changed { previous }) => format!("{would}changed from {previous}"),
        (None, Change::Unchanged) => "was set already".to_owned(),
        (None, Change::Removed { previous }) => format!("{would}unset, was {previous}"),
        (None, Change::Absent) => "was not set".to_owned(),
    };
    let mark = match &outcome.wanted {
        State::Set { value } => format!("{}={value}", outcome.key),
        State::Unset => outcome.key.to_string(),
    };
    tracing::info!("{}{mark}: {what}", if dry_run { "dry run: " } else { "" });
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

/// The value alone, so that a script can take it; nothing where it is not set.
pub(crate) fn one(
    get: &Get,
    digest: &Digest,
    mark: Option<&Mark>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match (get.format.format, mark) {
        (Format::Text, Some(mark)) => output::line(out, mark.value.as_str()),
        (Format::Text, None) => Ok(()),
        (Format::Json, _) => marks(get, digest, mark.map(std::slice::from_ref).unwrap_or_default(), out),
    }
}

/// The digest the answer is about.
pub(crate) fn verdict(
    verify: &Verify,
    digest: &Digest,
    answer: &Answer,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let Answer { unmet, inherited_from, .. } = answer;
    if let Some(index) = inherited_from {
        tracing::info!("inherited from the index {index}");
    }
    let required = verify.pin.require_digest.as_ref();
    match verify.format.format {
        Format::Text => output::line(out, &digest.to_string()),
        Format::Json => output::json(
            out,
            &Verdict {
                image: verify.image.to_string(),
                digest,
                holds: unmet.is_empty() && required.is_none_or(|required| required == digest),
                unmet,
                required_digest: required,
                inherited_from: inherited_from.as_ref(),
            },
        ),
    }
}

/// One line an image: its tag, a tab, its digest. Or their number.
pub(crate) fn found(find: &Find, images: &[Image], out: &mut dyn Write) -> Result<(), Failure> {
    let (repository, count) = (find.repository.to_string(), images.len());
    match find.format.format {
        Format::Text if find.count => output::line(out, &count.to_string()),
        Format::Text => {
            images.iter().try_for_each(|image| output::line(out, &format!("{}\t{}", image.tag, image.digest)))
        }
        Format::Json => {
            let images = (!find.count).then_some(images);
            let required_digest = find.require_digest.as_ref();
            output::json(out, &FindReport { repository, count, images, required_digest })
        }
    }
}

/// The digest that carries the mark now; on stderr who lost it.
pub(crate) fn moved(
    relocate: &Move,
    digest: &Digest,
    moved: &Moved,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let dry_run = relocate.dry_run.dry_run;
    tell(&moved.target, dry_run);
    let (prefix, unset) = if dry_run { ("dry run: ", "would be unset") } else { ("", "unset") };
    for other in &moved.others {
        let what =
            other.failure.as_ref().map_or_else(|| unset.to_owned(), |reason| format!("failed: {reason}"));
        tracing::info!("{prefix}{} of {}: {what}", relocate.mark.key, other.digest);
    }
    let image = relocate.image.to_string();
    let Moved { target, others, left } = moved;
    match relocate.format.format {
        Format::Text => output::line(out, &digest.to_string()),
        Format::Json => output::json(out, &MoveReport { image, digest, dry_run, target, others, left }),
    }
}

/// One line a change: when, what, and the job, the pipeline or the account it came from. Who wrote it may be anybody.
pub(crate) fn history(
    history: &History,
    digest: &Digest,
    told: &marks::History,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let (complete, records) = (told.complete, told.records.as_slice());
    match history.format.format {
        Format::Text => records.iter().try_for_each(|record| {
            let what = match &record.state {
                State::Set { value } => format!("set {}={value}", record.key),
                State::Unset => format!("unset {}", record.key),
            };
            let by = &record.provenance;
            let by = [&by.actor, &by.job, &by.pipeline].into_iter().flatten().map(String::as_str);
            let by = by.collect::<Vec<_>>().join(" ");
            let columns = [record.created.as_deref().unwrap_or("-"), &what, &by].map(printable);
            // A value keeps the spaces at its end.
            output::line(out, columns.join("\t").trim_end_matches('\t'))
        }),
        Format::Json => {
            output::json(out, &HistoryReport { image: history.image.to_string(), digest, complete, records })
        }
    }
}
