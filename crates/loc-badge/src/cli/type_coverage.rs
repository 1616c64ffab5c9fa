//! What is typed for `type-coverage`.

use std::path::PathBuf;

use clap::Args;
use contract::args::FormatArgs;

use super::BadgeArgs;

/// Print what 'type-coverage --json-output' found and draw the badge
///
/// Colours, unless others are asked for: 100 green, from 90 yellowgreen, from 70 yellow, from 50 orange, below red.
/// Tenths of a percent are cut off, not rounded.
#[derive(Args, Debug)]
pub(crate) struct TypeCoverage {
    /// The JSON of type-coverage; - reads standard input
    #[arg(value_name = "FILE", env = "LOC_BADGE_TYPE_COVERAGE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) badge: BadgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
