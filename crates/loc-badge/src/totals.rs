//! Counts and prints: the command `count`, and the first half of the one that draws.

use std::io::Write;

use contract::{Exit, Failure};
use tracing::info;

use crate::cli::{self, Measure, Selection};
use crate::count::{self, Count};
use crate::{output, select};

pub(crate) fn run(args: &cli::Count, out: &mut dyn Write) -> Result<Exit, Failure> {
    let count = something(&args.selection, None)?;
    output::print(out, &count, args.print, args.selection.count)?;
    Ok(Exit::Done)
}

/// Counts what was selected. That nothing is there is a no: a 0 would look as if all was well.
///
/// `consequence` is what else comes of it.
pub(crate) fn something(selection: &Selection, consequence: Option<&str>) -> Result<Count, Failure> {
    let count = count::count(&selection.paths, &select::wanted(selection)?)?;
    if count.total().lines.of(selection.count) == 0 {
        return Err(nothing(selection, &count, consequence));
    }
    if let Some(left_out) = left_out(&count) {
        info!("left out: {left_out}");
    }
    Ok(count)
}

fn nothing(selection: &Selection, count: &Count, consequence: Option<&str>) -> Failure {
    let paths: Vec<_> = selection.paths.iter().map(|path| format!("'{}'", path.display())).collect();
    let what = match selection.count {
        Measure::Code => "no line of code",
        Measure::Source => "no line of source",
        Measure::Lines => "no line",
    };
    let failure = Failure::no(format!("{what} in {}", paths.join(", ")));
    let mut hints = Vec::new();
    let files = count.total().files;
    if files > 0 {
        hints.push(format!("{files} file(s) hold only comments, text, strings and brackets"));
    }
    hints.extend(left_out(count).map(|left_out| format!("left out: {left_out}")));
    if hints.is_empty() {
        hints.push("no regular file was found".to_owned());
    }
    if count.ignored > 0 {
        hints.push("--no-gitignore counts what git ignores".to_owned());
    }
    hints.extend(consequence.map(str::to_owned));
    failure.hint(hints.join("; "))
}

/// As people read it, such as `2 duplicate, 1 empty, 57 of other languages`.
fn left_out(count: &Count) -> Option<String> {
    let named = count.skipped().into_iter().map(|(reason, files)| format!("{files} {}", reason.name()));
    let by_name =
        [(count.excluded, "excluded"), (count.ignored, "ignored by git"), (count.other, "of other kinds")];
    let by_name = by_name.into_iter().filter(|(files, _)| *files > 0);
    let parts: Vec<_> = named.chain(by_name.map(|(files, why)| format!("{files} {why}"))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
