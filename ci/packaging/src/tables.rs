//! The tables of options in `docs/TOOL.md`, between two marks, so that a page can be written by hand around them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::{Arg, ArgAction, Command};

use crate::{below, tools};

const BEGIN: &str =
    "<!-- options: written by `cargo run -p packaging tables` from the command line's own definition -->\n";
const END: &str = "<!-- end of options -->\n";

/// Writes the tables into their pages, or only looks whether they are as they should be: `false` when one is not.
///
/// # Errors
/// A page is not there, or has not both marks.
#[expect(clippy::print_stderr, reason = "a program of the build, and no tool with a log")]
pub(crate) fn write(check: bool) -> io::Result<bool> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut fresh = true;
    for tool in tools() {
        let path = docs.join(tool.get_name()).with_extension("md");
        let text = fs::read_to_string(&path).map_err(|error| about(&path, &error.to_string()))?;
        let wanted = with_tables(&text, &tool)
            .ok_or_else(|| about(&path, "the marks of the options are not there"))?;
        if text == wanted {
            continue;
        }
        if check {
            eprintln!(
                "docs/{}.md is older than the command line; run: cargo run -p packaging tables",
                tool.get_name()
            );
            fresh = false;
        } else {
            fs::write(&path, wanted)?;
        }
    }
    Ok(fresh)
}

fn about(path: &Path, what: &str) -> io::Error {
    let name = path.file_name().map(PathBuf::from).unwrap_or_default();
    io::Error::other(format!("docs/{}: {what}", name.display()))
}

fn with_tables(text: &str, tool: &Command) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}{END}{after}", tables(tool)))
}

/// As many commands as this have to share an argument for it to be listed once for all of them.
const SEVERAL: usize = 3;

/// A command that does something, by the words that call it, and the rows of its arguments.
struct Leaf<'a> {
    command: &'a Command,
    words: String,
    rows: Vec<String>,
}

fn tables(tool: &Command) -> String {
    let mut leaves = Vec::new();
    collect(tool, tool.get_name(), &mut leaves);
    let mut shared: Vec<(&str, Vec<&str>)> = Vec::new();
    for leaf in &leaves {
        for row in &leaf.rows {
            match shared.iter_mut().find(|(known, _)| known == row) {
                Some((_, of)) => of.push(&leaf.words),
                None => shared.push((row, vec![&leaf.words])),
            }
        }
    }
    // What a command is about stays with the command.
    shared.retain(|(row, of)| of.len() >= SEVERAL && row.starts_with("| `-"));
    let mut text = String::new();
    for leaf in &leaves {
        describe(leaf, &shared, &mut text);
    }
    let of_all = tool.get_arguments().filter(|arg| arg.is_global_set()).map(row).collect::<String>();
    let _ = write!(text, "### Of several commands\n\n{HEAD}{of_all}");
    let short = |words: &&str| words.split_once(' ').map_or(*words, |(_, verbs)| verbs).to_owned();
    for (row, of) in shared {
        let of = if of.len() == leaves.len() {
            String::new()
        } else {
            format!(" Of {}.", of.iter().map(short).collect::<Vec<_>>().join(", "))
        };
        let _ = writeln!(text, "{}.{of} |", row.trim_end_matches(" |\n"));
    }
    text.push('\n');
    text
}

fn collect<'a>(command: &'a Command, words: &str, leaves: &mut Vec<Leaf<'a>>) {
    let own: Vec<_> = command.get_arguments().filter(|arg| !arg.is_global_set() && is_shown(arg)).collect();
    if !own.is_empty() || below(command).next().is_none() {
        leaves.push(Leaf { command, words: words.to_owned(), rows: own.into_iter().map(row).collect() });
    }
    for command in below(command) {
        collect(command, &format!("{words} {}", command.get_name()), leaves);
    }
}

fn describe(leaf: &Leaf<'_>, shared: &[(&str, Vec<&str>)], text: &mut String) {
    let about = leaf.command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = leaf.command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(text, "### {}\n\n{about}.\n\n```\n{usage}\n```\n", leaf.words);
    let own: String = leaf
        .rows
        .iter()
        .filter(|row| !shared.iter().any(|(known, _)| known == row))
        .map(String::as_str)
        .collect();
    if !own.is_empty() {
        let _ = writeln!(text, "{HEAD}{own}");
    }
}

fn is_shown(arg: &Arg) -> bool {
    !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version")
}

const HEAD: &str = "| argument | variable | default | what it says |\n|---|---|---|---|\n";

fn row(arg: &Arg) -> String {
    let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
    let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy());
    let defaults = defaults.filter(|_| arg.get_action().takes_values()).map(|value| format!("`{value}`"));
    let defaults = defaults.collect::<Vec<_>>().join(" ");
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    format!("| `{}` | {variable} | {defaults} | {} |\n", spelled(arg), cell(&(help + &values(arg))))
}

/// The words that a choice is among.
fn values(arg: &Arg) -> String {
    let names: Vec<_> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if names.is_empty() || !arg.get_action().takes_values() {
        String::new()
    } else {
        format!(": {}", names.join(", "))
    }
}

fn spelled(arg: &Arg) -> String {
    let value = match (arg.get_action().takes_values(), arg.get_value_names()) {
        (true, Some(names)) => {
            let many = arg.get_num_args().is_some_and(|count| count.max_values() > 1)
                || matches!(arg.get_action(), ArgAction::Append);
            let names = names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ");
            format!("{names}{}", if many { "..." } else { "" })
        }
        _ => String::new(),
    };
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let flags = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    cell(format!("{flags} {value}").trim())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}
