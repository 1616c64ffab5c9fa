//! What is typed.

mod alone;
mod badge;
mod count;
mod coverage;
mod draw;
mod lines;
mod print;
mod select;
mod type_coverage;

use clap::{Parser, Subcommand};
use contract::args::Common;

use alone::Alone;
pub(crate) use badge::{BadgeArgs, ColorChoice};
pub(crate) use count::Count;
pub(crate) use coverage::Coverage;
pub(crate) use draw::Draw;
pub(crate) use lines::LinesBadge;
pub(crate) use print::{Format, Print, Row};
pub(crate) use select::{Measure, Selection};
pub(crate) use type_coverage::TypeCoverage;

/// Counts lines of code and draws badges
///
/// Without a command it counts PATH, prints the count, and draws the badge when --output names a file. A folder that is
/// called like a command is written ./count.
///
/// Python counts as pygount's "Code" does: no documentation strings, no lines of brackets, strings or 'pass' alone.
/// Other languages are near to it: tokei's code, less lines of brackets alone. Markup, data and translations are not
/// counted unless --suffix or --language asks for them. Never counted are hidden files and folders, what links lead to,
/// binary, generated, duplicate and lock files, and what .gitignore files and .git/info/exclude name, tracked or not.
/// A PATH is counted even if it is hidden or ignored itself.
#[derive(Parser, Debug)]
#[command(
    name = "loc-badge",
    version,
    override_usage = "loc-badge [OPTIONS] [PATH]...\n       loc-badge [COMMAND]"
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) _alone: Alone,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) lines: LinesBadge,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Count(Count),
    Draw(Draw),
    Coverage(Coverage),
    TypeCoverage(TypeCoverage),
}
