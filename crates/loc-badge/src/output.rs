//! What is printed: one function per format.

use std::cmp::Reverse;
use std::io::Write;

use contract::{Failure, output};
use serde::Serialize;

use crate::count::{Count, Share, Skipped};

/// A table with a row per language, most code first, and the total.
pub(crate) fn text(out: &mut dyn Write, count: &Count) -> Result<(), Failure> {
    let mut rows = vec![["Language", "Files", "Lines", "Code"].map(str::to_owned)];
    rows.extend(ranked(count).into_iter().map(|(name, share)| row(name, share)));
    rows.push(row("Total", count.total()));
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let [name, files, lines, code] = [0, 1, 2, 3].map(width);
    for row in &rows {
        let line = format!("{:name$}  {:>files$}  {:>lines$}  {:>code$}", row[0], row[1], row[2], row[3]);
        output::line(out, &line)?;
    }
    Ok(())
}

fn row(name: &str, share: Share) -> [String; 4] {
    let lines = share.lines;
    [name.to_owned(), share.files.to_string(), lines.physical.to_string(), lines.code.to_string()]
}

fn ranked(count: &Count) -> Vec<(&'static str, Share)> {
    let mut languages: Vec<_> = count.languages.iter().map(|(name, share)| (*name, *share)).collect();
    // Equal ones stay in the order of their names.
    languages.sort_by_key(|(_, share)| Reverse(share.lines.code));
    languages
}

#[derive(Serialize)]
struct Document {
    totals: Numbers,
    languages: Vec<Language>,
    skipped: LeftOut,
}

#[derive(Serialize)]
struct Numbers {
    code: usize,
    source: usize,
    lines: usize,
    files: usize,
}

#[derive(Serialize)]
struct Language {
    language: &'static str,
    #[serde(flatten)]
    numbers: Numbers,
}

/// How many source files add nothing to the numbers.
#[derive(Serialize)]
struct LeftOut {
    binary: usize,
    duplicate: usize,
    empty: usize,
    generated: usize,
    unreadable: usize,
    /// Files that are no source code.
    other: usize,
}

/// The numbers as a document.
pub(crate) fn json(out: &mut dyn Write, count: &Count) -> Result<(), Failure> {
    let skipped = |reason| count.skipped.get(&reason).copied().unwrap_or_default();
    let languages = ranked(count).into_iter();
    output::json(
        out,
        &Document {
            totals: numbers(count.total()),
            languages: languages
                .map(|(language, share)| Language { language, numbers: numbers(share) })
                .collect(),
            skipped: LeftOut {
                binary: skipped(Skipped::Binary),
                duplicate: skipped(Skipped::Duplicate),
                empty: skipped(Skipped::Empty),
                generated: skipped(Skipped::Generated),
                unreadable: skipped(Skipped::Unreadable),
                other: count.other,
            },
        },
    )
}

fn numbers(share: Share) -> Numbers {
    let lines = share.lines;
    Numbers { code: lines.code, source: lines.source, lines: lines.physical, files: share.files }
}
