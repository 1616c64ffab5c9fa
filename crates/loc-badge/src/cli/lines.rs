//! What is typed for the command without a name: count, print, draw.

use clap::Args;

use super::{BadgeArgs, Print, Selection};

#[derive(Args, Debug)]
pub(crate) struct LinesBadge {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) print: Print,
    #[command(flatten)]
    pub(crate) badge: BadgeArgs,
}
