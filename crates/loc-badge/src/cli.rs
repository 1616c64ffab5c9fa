//! What is typed.

mod alone;
mod count;
mod lines;
mod select;

use clap::{Parser, Subcommand};
use contract::args::Common;

use alone::Alone;
pub(crate) use count::Count;
pub(crate) use lines::LinesBadge;
pub(crate) use select::Selection;

/// Counts lines of code and draws badges
///
/// Without a command it counts PATH, prints the count, and draws the badge when --output names a file. A folder that is
/// called like a command is written ./count.
///
/// Python counts as pygount's "Code" does: no documentation strings, no lines of brackets, strings or 'pass' alone.
/// Other source languages are near to it. Markup and data are not counted, nor are hidden files and folders, binary,
/// generated and duplicate files.
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
}
