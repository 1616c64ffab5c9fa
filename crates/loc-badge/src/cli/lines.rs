//! What is typed for the command without a name: count, print, draw.

use std::path::PathBuf;

use clap::Args;
use contract::args::DryRunArgs;

use super::{Print, Selection};

#[derive(Args, Debug)]
pub(crate) struct LinesBadge {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Draw the badge into this SVG file
    #[arg(short, long, value_name = "OUT", env = "LOC_BADGE_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// The text on the left of the badge
    #[arg(long, value_name = "TEXT", env = "LOC_BADGE_LABEL", default_value = "lines of code")]
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) print: Print,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}
