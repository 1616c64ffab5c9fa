//! What is typed to compare versions.

use clap::Args;
use version::RangeArgs;

use super::images::ImageRepositoryArgs;

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The text that may be a version
    #[arg(value_name = "VERSION")]
    pub(crate) version: String,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// It has to be a release, no pre-release
    #[arg(long, env = "VERSIONER_RELEASE")]
    pub(crate) release: bool,
}

#[derive(Args, Debug)]
pub(crate) struct CompareArgs {
    /// One version
    #[arg(value_name = "A")]
    pub(crate) one: String,
    /// The other
    #[arg(value_name = "B")]
    pub(crate) other: String,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Args, Debug)]
pub(crate) struct SortArgs {
    /// The highest first
    #[arg(long, env = "VERSIONER_REVERSE")]
    pub(crate) reverse: bool,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Args, Debug)]
pub(crate) struct LatestArgs {
    /// The versions; without any, and without --image, they are read from stdin, one a line
    #[arg(value_name = "VERSION")]
    pub(crate) versions: Vec<String>,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) asked: ImageRepositoryArgs,
}

/// What counts as a version.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ReadingArgs {
    /// Read 1.4, 1 and 01.4.0 as versions too
    #[arg(long, env = "VERSIONER_LENIENT")]
    pub(crate) lenient: bool,
}
