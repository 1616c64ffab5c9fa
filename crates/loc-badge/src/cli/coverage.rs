//! What is typed for `coverage`.

use std::path::PathBuf;

use clap::Args;
use contract::args::FormatArgs;

use super::BadgeArgs;

/// Print the line coverage of a report and draw the badge
///
/// The kind of the report is found by its content: Cobertura XML (coverage.py's 'coverage xml', and what most tools can
/// write), JSON of coverage.py, lcov's tracefiles, JaCoCo XML. Tenths of a percent are cut off, not rounded: 99.97 % is
/// not yet 100 %. Colours, unless others are asked for: below 50 red, below 60 orange, below 80 yellow, else green.
#[derive(Args, Debug)]
pub(crate) struct Coverage {
    /// The report; - reads standard input
    #[arg(value_name = "FILE", env = "LOC_BADGE_COVERAGE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) badge: BadgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
