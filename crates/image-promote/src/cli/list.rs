//! What is typed for `list`.

use clap::Args;
use contract::args::FormatArgs;
use registry::{Reference, RegistryArgs, typed_reference};
use version::RangeArgs;

/// Print the tags of a repository: versions first, the highest on top, then the others by name
///
/// Tags that belong to other images are not shown: signatures, attestations, marks and lists of referrers, which are
/// called sha256-DIGEST or sha256-DIGEST.SUFFIX.
///
/// With --range, only tags that are versions in it are shown, and nothing in it is exit code 3.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// The repository, without tag and digest
    #[arg(value_name = "REPO", value_parser = typed_reference)]
    pub(crate) repository: Reference,
    /// Print only the first so many
    #[arg(long, value_name = "N", env = "IMAGE_PROMOTE_LIMIT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
    /// Print the tags that belong to other images too
    #[arg(long, env = "IMAGE_PROMOTE_ALL")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
