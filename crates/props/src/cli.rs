//! What is typed.

use clap::Parser;
use contract::args::Common;

/// Marks on images that a gate can trust: tested, scanned
#[derive(Parser, Debug)]
#[command(name = "props", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
