//! What is typed.

use clap::Parser;
use contract::args::Common;

/// Puts the built image into a compose file and touches nothing else
#[derive(Parser, Debug)]
#[command(name = "compose-rewrite", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
