//! The count as JSON.

use std::collections::BTreeMap;
use std::io::Write;

use contract::{Failure, output};
use serde::Serialize;

use super::{by_language, shown};
use crate::cli::Measure;
use crate::count::{Count, Counted, Share, Skipped};
use crate::lines::Lines;

#[derive(Serialize)]
struct Document {
    /// Which of the totals is the number on the badge.
    count: &'static str,
    totals: Numbers,
    languages: Vec<Language>,
    files: Vec<File>,
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
    /// `pygount`: its summary's Code, line by line. `tokei`: its code, less lines of brackets alone. `markup`: lines only.
    rule: &'static str,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct File {
    path: String,
    language: &'static str,
    rule: &'static str,
    /// `counted`, or why not.
    state: &'static str,
    code: usize,
    source: usize,
    lines: usize,
}

/// How many files add nothing to the numbers.
#[derive(Serialize)]
struct LeftOut {
    binary: usize,
    duplicate: usize,
    empty: usize,
    generated: usize,
    unreadable: usize,
    /// Files and folders that `--exclude` names.
    excluded: usize,
    /// Files and folders that git ignores.
    ignored: usize,
    /// Files of other languages or suffixes.
    other: usize,
}

/// The count as a document.
pub(super) fn json(out: &mut dyn Write, count: &Count, measure: Measure) -> Result<(), Failure> {
    let rules: BTreeMap<_, _> =
        count.languages().into_iter().map(|(name, (language, _))| (name, language.rule())).collect();
    let languages = by_language(count, measure).into_iter().map(|(language, share)| Language {
        language,
        rule: rules[language],
        numbers: numbers(share),
    });
    output::json(
        out,
        &Document {
            count: measure.name(),
            totals: numbers(count.total()),
            languages: languages.collect(),
            files: count.files.iter().map(file).collect(),
            skipped: left_out(count),
        },
    )
}

fn numbers(share: Share) -> Numbers {
    let lines = share.lines;
    Numbers { code: lines.code, source: lines.source, lines: lines.physical, files: share.files }
}

fn file(file: &Counted) -> File {
    let Lines { code, source, physical } = file.lines.unwrap_or_default();
    File {
        path: shown(&file.path),
        language: file.language.name(),
        rule: file.language.rule(),
        state: file.lines.err().map_or("counted", Skipped::name),
        code,
        source,
        lines: physical,
    }
}

fn left_out(count: &Count) -> LeftOut {
    let skipped = count.skipped();
    let of = |reason| skipped.get(&reason).copied().unwrap_or_default();
    LeftOut {
        binary: of(Skipped::Binary),
        duplicate: of(Skipped::Duplicate),
        empty: of(Skipped::Empty),
        generated: of(Skipped::Generated),
        unreadable: of(Skipped::Unreadable),
        excluded: count.excluded,
        ignored: count.ignored,
        other: count.other,
    }
}
