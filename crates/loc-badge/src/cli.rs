//! What is typed.

use clap::Parser;
use contract::args::Common;

/// Counts lines of code and draws the badge
#[derive(Parser, Debug)]
#[command(name = "loc-badge", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
