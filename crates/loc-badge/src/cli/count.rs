//! What is typed for `count`.

use clap::Args;
use contract::args::FormatArgs;

use super::Selection;

/// Count lines and print them
#[derive(Args, Debug)]
pub(crate) struct Count {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
