//! What is typed for `count`.

use clap::Args;

use super::{Print, Selection};

/// Count lines and print them
///
/// The rules are those of loc-badge without a command; nothing is drawn.
#[derive(Args, Debug)]
pub(crate) struct Count {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) print: Print,
}
