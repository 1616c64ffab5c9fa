//! What is typed for `copy`.

use clap::Args;
use contract::args::{DryRunArgs, FormatArgs};
use registry::{Platform, Reference, RegistryArgs, Tag};

use super::{JobsArgs, reference};

/// Copy an image as it is, whatever it holds: all platforms, attestations, the same digest
///
/// Within one registry no layer is moved: the destination repository mounts what the source has. Tags are written last,
/// so that each is either absent or complete. A tag that leads to another digest is left alone, and nothing is written
/// at all (exit code 3), unless --move or --move-aliases is given; one that leads to the same digest is success. Prints
/// the digest.
#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The image: a tag or a digest
    #[arg(value_name = "SRC", value_parser = reference)]
    pub(crate) source: Reference,
    /// Where it goes, with a tag or with --tag; can be given more than once
    #[arg(value_name = "DST", required = true, value_parser = reference)]
    pub(crate) destinations: Vec<Reference>,
    /// One more tag in each destination repository; can be given more than once
    #[arg(long = "tag", value_name = "TAG", env = "IMAGE_PROMOTE_TAG", value_delimiter = ',', value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// Let tags move that lead to another digest
    #[arg(long = "move", env = "IMAGE_PROMOTE_MOVE")]
    pub(crate) move_tags: bool,
    /// Let those tags move that are no full version: latest, 1, 1.4, dev
    #[arg(long, env = "IMAGE_PROMOTE_MOVE_ALIASES")]
    pub(crate) move_aliases: bool,
    /// Copy only this platform, under a digest of its own; can be given more than once
    #[arg(long = "platform", value_name = "OS/ARCH", env = "IMAGE_PROMOTE_PLATFORM", value_delimiter = ',',
          value_parser = platform)]
    pub(crate) platforms: Vec<Platform>,
    /// Copy what refers to the image and to each of its platforms, too: signatures, bills of materials, marks
    ///
    /// Found by the registry's list of referrers or the index under the referrers tag, and by tags such as
    /// sha256-HEX.sig, .att and .sbom of cosign's; also what refers to those. They arrive before the image's tags. A tag
    /// such as sha256-HEX.sig that leads elsewhere at the destination is refused unless --move is given: its signatures
    /// may be others than those of SRC.
    #[arg(long, env = "IMAGE_PROMOTE_REFERRERS")]
    pub(crate) referrers: bool,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

fn tag(text: &str) -> Result<Tag, registry::InvalidTag> {
    text.parse()
}

fn platform(text: &str) -> Result<Platform, registry::InvalidPlatform> {
    text.parse()
}
