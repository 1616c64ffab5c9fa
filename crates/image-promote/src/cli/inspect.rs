//! What is typed for `inspect`.

use clap::Args;
use contract::args::FormatArgs;
use registry::{Reference, RegistryArgs, typed_reference};

/// Show what an image is: platforms, digests, sizes, configuration, labels, attestations, referrers
///
/// No layer is read. Sizes are those of the compressed layers and the configuration. What refers to the image is told,
/// and the tags about it: cosign's sha256-HEX.sig, .att and .sbom, and marks. Registries that cannot list them are no
/// error; it is said.
#[derive(Args, Debug)]
pub(crate) struct Inspect {
    /// The image: a tag or a digest
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// Print the manifest or index itself, byte for byte, in the place of all else
    #[arg(long)]
    pub(crate) raw: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
