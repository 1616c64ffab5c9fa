//! What is typed for `diff`.

use clap::Args;
use contract::args::FormatArgs;
use registry::{Reference, RegistryArgs, typed_reference};

/// Compare two images: exit code 0 if they are the same, 3 and what differs if not
///
/// Images are the same when their digests are. Where the digests differ and every platform has the same configuration,
/// which names the files of all layers, the content is the same all the same, and it is said. No layer is read.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// One image: a tag or a digest
    #[arg(value_name = "A", value_parser = typed_reference)]
    pub(crate) a: Reference,
    /// The other image
    #[arg(value_name = "B", value_parser = typed_reference)]
    pub(crate) b: Reference,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}
