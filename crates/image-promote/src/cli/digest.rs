//! What is typed for `digest`.

use clap::Args;
use contract::args::FormatArgs;
use registry::{Reference, RegistryArgs, typed_reference};

/// Print the digest a tag leads to
///
/// Only the digest is asked for, nothing of the image is read. There being no such image is exit code 1.
#[derive(Args, Debug)]
pub(crate) struct Digest {
    /// The image: a tag, or a digest to see whether it is there
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
