//! What is typed for `copy`.

use clap::Args;
use contract::args::{DryRunArgs, FormatArgs};
use registry::{Reference, RegistryArgs};

use super::reference;

/// Copy an image as it is, whatever it holds: all platforms, attestations, the same digest
///
/// Within one registry no layer is moved: the destination repository mounts what the source has. The tag is written
/// last, so that it is either absent or complete. A tag that leads to another digest is left alone (exit code 3) unless
/// --move is given; one that leads to the same digest is success. Prints the digest.
#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The image: a tag or a digest
    #[arg(value_name = "SRC", value_parser = reference)]
    pub(crate) source: Reference,
    /// Where it goes, with its tag
    #[arg(value_name = "DST", value_parser = reference)]
    pub(crate) destination: Reference,
    /// Let the destination tag move when it leads to another digest
    #[arg(long = "move", env = "IMAGE_PROMOTE_MOVE")]
    pub(crate) move_tag: bool,
    /// Send at most this many requests at a time
    #[arg(long, value_name = "N", default_value_t = 16, env = "IMAGE_PROMOTE_JOBS",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: u16,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
