//! What is typed.

use clap::Parser;
use contract::args::Common;

/// The next version, the image references and the variables of this commit
#[derive(Parser, Debug)]
#[command(name = "versioner", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
