//! Counts and prints: the command `count`, and the first half of the one that draws.

use std::io::Write;
use std::path::PathBuf;

use contract::args::Format;
use contract::{Exit, Failure};
use tracing::info;

use crate::cli::{self, Selection};
use crate::count::{self, Count, Skipped};
use crate::output;

pub(crate) fn run(args: &cli::Count, out: &mut dyn Write) -> Result<Exit, Failure> {
    let count = something(&args.selection, None)?;
    print(out, &count, args.format.format)?;
    Ok(Exit::Done)
}

/// Counts what was selected. That nothing is there is a no: a 0 would look as if all was well.
///
/// `consequence` is what else comes of it.
pub(crate) fn something(selection: &Selection, consequence: Option<&str>) -> Result<Count, Failure> {
    let count = count::count(&selection.paths)?;
    if count.total().lines.code == 0 {
        return Err(nothing(&selection.paths, &count, consequence));
    }
    if let Some(left_out) = left_out(&count) {
        info!("files left out: {left_out}");
    }
    Ok(count)
}

/// Prints the count to `out`.
pub(crate) fn print(out: &mut dyn Write, count: &Count, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => output::text(out, count),
        Format::Json => output::json(out, count),
    }
}

fn nothing(paths: &[PathBuf], count: &Count, consequence: Option<&str>) -> Failure {
    let paths: Vec<_> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    let failure = Failure::no(format!("no line of code in {}", paths.join(", ")));
    let mut hints = Vec::new();
    if count.total().files > 0 {
        hints
            .push(format!("{} source file(s) hold comments, strings and brackets only", count.total().files));
    }
    hints.extend(left_out(count).map(|left_out| format!("files left out: {left_out}")));
    if hints.is_empty() {
        hints.push("no regular file was found".to_owned());
    }
    hints.extend(consequence.map(str::to_owned));
    failure.hint(hints.join("; "))
}

/// As people read it, such as `2 duplicate, 1 empty, 57 without source code`.
fn left_out(count: &Count) -> Option<String> {
    let named = count.skipped.iter().map(|(reason, files)| {
        let name = match reason {
            Skipped::Binary => "binary",
            Skipped::Duplicate => "duplicate",
            Skipped::Empty => "empty",
            Skipped::Generated => "generated",
            Skipped::Unreadable => "unreadable",
        };
        format!("{files} {name}")
    });
    let other = (count.other > 0).then(|| format!("{} without source code", count.other));
    let parts: Vec<_> = named.chain(other).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
