//! What is printed: one function per format.

mod document;

use std::cmp::Reverse;
use std::io::Write;
use std::path::Path;

use contract::{Failure, output};

use crate::cli::{Format, Measure, Print, Row};
use crate::count::{Count, Share};

/// Prints the count as asked for; rows with most of what is measured come first.
pub(crate) fn print(
    out: &mut dyn Write,
    count: &Count,
    print: Print,
    measure: Measure,
) -> Result<(), Failure> {
    match print.format {
        Format::Text => text(out, &Table::new(count, print.by, measure)),
        Format::Markdown => markdown(out, &Table::new(count, print.by, measure)),
        Format::Json => document::json(out, count, measure),
        Format::Dotenv => dotenv(out, count.total()),
    }
}

/// The cells of a table: names on the left, numbers on the right.
struct Table {
    names: usize,
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    total: Vec<String>,
}

impl Table {
    fn new(count: &Count, by: Row, measure: Measure) -> Self {
        let total = count.total();
        let numbers = |share: Share| {
            let lines = share.lines;
            [lines.physical, lines.source, lines.code].map(|number| number.to_string())
        };
        match by {
            Row::Language => {
                let row = |name: &str, share: Share| {
                    [&[name.to_owned(), share.files.to_string()][..], &numbers(share)].concat()
                };
                let languages = by_language(count, measure).into_iter();
                Self {
                    names: 1,
                    heading: vec!["Language", "Files", "Lines", "Source", "Code"],
                    rows: languages.map(|(language, share)| row(language, share)).collect(),
                    total: row("Total", total),
                }
            }
            Row::File => {
                let row = |names: [String; 2], share: Share| [&names[..], &numbers(share)].concat();
                let mut files: Vec<_> = count
                    .files
                    .iter()
                    .filter_map(|file| Some((file, Share { files: 1, lines: file.lines.ok()? })))
                    .collect();
                // Equal ones stay in the order of their paths.
                files.sort_by_key(|(_, share)| Reverse(share.lines.of(measure)));
                let names = |path, language: &str| [printable(&shown(path)), language.to_owned()];
                let files = files.into_iter();
                Self {
                    names: 2,
                    heading: vec!["File", "Language", "Lines", "Source", "Code"],
                    rows: files
                        .map(|(file, share)| row(names(&file.path, file.language.name()), share))
                        .collect(),
                    total: row(["Total".to_owned(), String::new()], total),
                }
            }
        }
    }

    fn lines(&self) -> impl Iterator<Item = Vec<&str>> {
        let rows = self.rows.iter().chain([&self.total]);
        [self.heading.clone()].into_iter().chain(rows.map(|row| row.iter().map(String::as_str).collect()))
    }
}

/// The languages and their sums, most of what is measured first.
fn by_language(count: &Count, measure: Measure) -> Vec<(&'static str, Share)> {
    let mut languages: Vec<_> =
        count.languages().into_iter().map(|(name, (_, share))| (name, share)).collect();
    // Equal ones stay in the order of their names.
    languages.sort_by_key(|(_, share)| Reverse(share.lines.of(measure)));
    languages
}

/// A path as it was typed, without the dot that stands for the current folder.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

/// Without what would end the line or move the cursor.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// A table for people.
fn text(out: &mut dyn Write, table: &Table) -> Result<(), Failure> {
    let length = |cell: &&str| cell.chars().count();
    let widths: Vec<usize> = (0..table.heading.len())
        .map(|column| table.lines().map(|row| length(&row[column])).max().unwrap_or_default())
        .collect();
    for row in table.lines() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if column < table.names { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        output::line(out, &cells.collect::<Vec<_>>().join("  "))?;
    }
    Ok(())
}

/// The same as a table of Markdown.
fn markdown(out: &mut dyn Write, table: &Table) -> Result<(), Failure> {
    for (index, row) in table.lines().enumerate() {
        let cells: Vec<_> = row.iter().map(|cell| escaped(cell)).collect();
        output::line(out, &format!("| {} |", cells.join(" | ")))?;
        if index == 0 {
            let marks = (0..row.len()).map(|column| if column < table.names { "---|" } else { "--:|" });
            output::line(out, &format!("|{}", marks.collect::<String>()))?;
        }
    }
    Ok(())
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '~' | '&') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// The totals, for `artifacts:reports:dotenv`.
fn dotenv(out: &mut dyn Write, total: Share) -> Result<(), Failure> {
    let Share { files, lines } = total;
    for (name, number) in
        [("CODE", lines.code), ("SOURCE", lines.source), ("LINES", lines.physical), ("FILES", files)]
    {
        output::line(out, &format!("LOC_{name}={number}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_break_no_table() {
        assert_eq!(printable("a\nb\u{1b}[1m"), "a\u{fffd}b\u{fffd}[1m");
        assert_eq!(escaped("a_b|c#"), "a\\_b\\|c\\#");
    }

    #[test]
    fn the_current_folder_goes_without_saying() {
        for (path, text) in
            [("./a/b.py", "a/b.py"), ("a.py", "a.py"), ("../a.py", "../a.py"), ("/a.py", "/a.py")]
        {
            assert_eq!(shown(Path::new(path)), text);
        }
    }
}
