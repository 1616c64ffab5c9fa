//! Man pages.

use std::path::Path;
use std::{fs, io};

use clap::{Arg, ArgAction, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use crate::image::created;
use crate::{below, completions, tools};

/// Writes a man page for every tool and subcommand, and completions for three shells for every tool.
///
/// # Errors
/// A folder or a file cannot be written, or a library writes what is not to be corrected.
pub(crate) fn write(dir: &Path) -> io::Result<()> {
    let pages = dir.join("man1");
    fs::create_dir_all(&pages)?;
    for tool in tools() {
        let name = tool.get_name();
        let source = format!("{name} {}", tool.get_version().unwrap_or_default());
        page(&tool, name, &source, &pages)?;
    }
    completions::write(tools(), &dir.join("completions"))
}

/// The page of a command, called as git's are: `props-set.1`.
fn page(command: &Command, name: &str, source: &str, dir: &Path) -> io::Result<()> {
    for command in below(command) {
        page(command, &format!("{name}-{}", command.get_name()), source, dir)?;
    }
    let mut text = Vec::new();
    // clap prints a command's own name on top; a reader looks for the one it is filed under.
    let command = command.clone().name(name.to_owned());
    let synopsis = synopsis(&command);
    // The day of the commit: a page is no younger than what it tells of.
    let day = created().chars().take_while(|sign| *sign != 'T').collect::<String>();
    Man::new(command).date(day).source(source).manual("pypelines").render(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let text = with_synopsis(&text, &synopsis).ok_or_else(|| {
        io::Error::other(format!("{name}.1: clap_mangen wrote no synopsis before a description"))
    })?;
    // A paragraph breaks the line by itself, before and after.
    fs::write(dir.join(name).with_extension("1"), text.replace("\n.br\n\n.br\n", "\n.sp\n"))
}

/// The page with this synopsis instead of clap_mangen's, which says of no option that it takes a value.
fn with_synopsis(text: &str, synopsis: &str) -> Option<String> {
    const BEGIN: &str = "\n.SH SYNOPSIS\n";
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once("\n.SH DESCRIPTION\n")?;
    Some(format!("{before}{BEGIN}{synopsis}.SH DESCRIPTION\n{after}"))
}

/// How a command is called: clap's usage, with the options that may be left out, each with its value, for its `[OPTIONS]`.
fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    for (at, form) in usage.trim_start_matches("Usage: ").lines().map(str::trim).enumerate() {
        if at > 0 {
            roff.control("br", []);
        }
        let words = form.strip_prefix(name).unwrap_or(form);
        let (before, after) = words.split_once("[OPTIONS]").unwrap_or((words, ""));
        let mut line = vec![bold(name), roman(before)];
        if !after.is_empty() || words.ends_with("[OPTIONS]") {
            line.extend(options(command));
        }
        line.push(roman(after));
        roff.text(line);
    }
    roff.to_roff()
}

/// The options that clap's usage does not name.
fn options(command: &Command) -> Vec<Inline> {
    let groups: Vec<_> = command.get_groups().filter(|group| group.is_required_set()).collect();
    let is_named = |arg: &Arg| {
        arg.is_required_set()
            || groups.iter().any(|group| group.get_args().any(|member| member == arg.get_id()))
    };
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional());
    let mut line = Vec::new();
    for arg in shown.filter(|arg| !is_named(arg)) {
        line.push(roman(if line.is_empty() { "[" } else { " [" }));
        line.extend(spelled(arg));
        let repeats = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        line.push(roman(if repeats { "]..." } else { "]" }));
    }
    line
}

/// An option as it is typed: `-o|--output <FILE>`.
fn spelled(arg: &Arg) -> Vec<Inline> {
    let flags = arg.get_short().map(|short| format!("-{short}"));
    let flags = flags.into_iter().chain(arg.get_long().map(|long| format!("--{long}")));
    let mut line = vec![bold(flags.collect::<Vec<_>>().join("|"))];
    if arg.get_action().takes_values() {
        let names = arg.get_value_names().unwrap_or_default();
        let names = names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ");
        line.extend([roman(" "), italic(names)]);
    }
    line
}
