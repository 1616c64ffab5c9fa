//! What is typed.

use clap::Parser;
use contract::args::Common;

/// A release record and a releases page, safe to run again
#[derive(Parser, Debug)]
#[command(name = "release", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
