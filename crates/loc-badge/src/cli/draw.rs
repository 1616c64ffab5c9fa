//! What is typed for `draw`.

use clap::Args;

use super::BadgeArgs;

/// Draw a badge that says anything
///
/// Without --output the SVG goes to standard output.
#[derive(Args, Debug)]
pub(crate) struct Draw {
    /// The text on the right of the badge, shown as it is typed: 1.10 stays 1.10
    #[arg(long, value_name = "TEXT", env = "LOC_BADGE_MESSAGE", allow_negative_numbers = true)]
    pub(crate) message: String,
    #[command(flatten)]
    pub(crate) badge: BadgeArgs,
}
