//! What is typed.

use std::path::PathBuf;

use clap::Parser;
use contract::args::{Common, DryRunArgs, FormatArgs};

/// Counts lines of code and draws the badge
///
/// Python counts as pygount's "Code" does: no documentation strings, no lines of brackets, strings or 'pass' alone.
/// Other source languages are near to it. Markup and data are not counted, nor are hidden files and folders, binary,
/// generated and duplicate files. What git ignores is counted: name the folders you mean.
#[derive(Parser, Debug)]
#[command(name = "loc-badge", version)]
pub struct Cli {
    /// Folders and files to count
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Draw the badge into this SVG file
    #[arg(short, long, value_name = "OUT", env = "LOC_BADGE_OUTPUT")]
    pub(crate) output: Option<PathBuf>,
    /// The text on the left of the badge
    #[arg(long, value_name = "TEXT", env = "LOC_BADGE_LABEL", default_value = "lines of code")]
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) common: Common,
}
