//! What is typed.

use clap::{Args, Parser, Subcommand};
use contract::args::{Common, DryRunArgs, FormatArgs};
use marks::{Assignment, Key, MarksArgs, typed};
use registry::{Digest, Reference, RegistryArgs, typed_reference};

/// Marks on images that a gate can trust: tested, scanned, release-prod
///
/// A mark belongs to a digest: a tag is resolved once, and the digest is printed. Images are HOST[:PORT]/PATH[:TAG][@DIGEST]
/// in a registry, or oci:DIR[:TAG][@DIGEST] in an OCI layout directory. Artifactory keeps marks as properties, everything
/// else as manifests beside the image.
#[derive(Parser, Debug)]
#[command(name = "props", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Set(Set),
    Get(Get),
    Unset(Unset),
    Verify(Verify),
    Find(Find),
    Move(Move),
    History(History),
}

/// What the tag has to lead to.
#[derive(Args, Clone, Debug)]
pub(crate) struct PinArgs {
    /// The digest that REF has to lead to; when it leads to another, nothing is done, and the exit code is 3
    #[arg(long, value_name = "DIGEST", env = "PROPS_REQUIRE_DIGEST", value_parser = digest)]
    pub(crate) require_digest: Option<Digest>,
}

/// Where marks are kept, and how to get there.
#[derive(Args, Debug)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) marks: MarksArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Set marks on an image; the latest value holds, and setting the same again changes nothing
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The image
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// What to set; the value is true unless given
    #[arg(value_name = "KEY[=VALUE]", required = true, value_parser = typed::<Assignment>)]
    pub(crate) marks: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Print the marks of an image, or the value of one; exit code 3 when that one is not set
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The image
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// The one mark to print
    #[arg(value_name = "KEY", value_parser = typed::<Key>)]
    pub(crate) key: Option<Key>,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Unset marks of an image, whatever their values; exit code 3 when none of them was set
#[derive(Args, Debug)]
pub(crate) struct Unset {
    /// The image
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// What to unset
    #[arg(value_name = "KEY", required = true, value_parser = typed::<Key>)]
    pub(crate) keys: Vec<Key>,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Check that an image carries marks; exit code 3 and the name of each that does not hold
///
/// Prints the digest the answer is about.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The image
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// What has to hold; the value is true unless given
    #[arg(value_name = "KEY[=VALUE]", required = true, value_parser = typed::<Assignment>)]
    pub(crate) marks: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    /// Let a mark of an index hold for the image of each of its platforms
    ///
    /// The index is the one that the tag leads to, in REF:TAG@DIGEST; without a tag, any index of the repository that has
    /// a tag, carries the mark and lists the image. What was set or unset on the image itself counts for more.
    #[arg(long, env = "PROPS_INHERIT")]
    pub(crate) inherit: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Print the images (tags) of a repository that carry all marks; exit code 3 when none does
///
/// Images are found by their tags: one that has none is not.
#[derive(Args, Debug)]
pub(crate) struct Find {
    /// The repository, without tag and digest
    #[arg(value_name = "REPO", value_parser = typed_reference)]
    pub(crate) repository: Reference,
    /// What they have to carry; the value is true unless given
    #[arg(value_name = "KEY[=VALUE]", required = true, value_parser = typed::<Assignment>)]
    pub(crate) marks: Vec<Assignment>,
    /// The digest that every image that is found has to have; exit code 3 when one has another
    #[arg(long, value_name = "DIGEST", env = "PROPS_REQUIRE_DIGEST", value_parser = digest)]
    pub(crate) require_digest: Option<Digest>,
    /// Print how many there are instead
    #[arg(long, env = "PROPS_COUNT")]
    pub(crate) count: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Move a mark to an image: afterwards it carries the mark, and no other image of the repository does
///
/// It is set first and unset on the others afterwards, so that there is never none; a job that dies half-way is healed by
/// running it again.
#[derive(Args, Debug)]
pub(crate) struct Move {
    /// The mark; the value is true unless given. Others lose it whatever its value
    #[arg(value_name = "KEY[=VALUE]", value_parser = typed::<Assignment>)]
    pub(crate) mark: Assignment,
    /// The image that is to carry it
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    /// The repository whose images lose it, when it is not that of REF
    #[arg(long, value_name = "REPO", env = "PROPS_WITHIN", value_parser = typed_reference)]
    pub(crate) within: Option<Reference>,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// Print who set and unset what on an image, and when, oldest first
///
/// Layout directories and registries keep every change, Artifactory the last one of each mark.
#[derive(Args, Debug)]
pub(crate) struct History {
    /// The image
    #[arg(value_name = "REF", value_parser = typed_reference)]
    pub(crate) image: Reference,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) place: Place,
}

fn digest(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|error: registry::InvalidDigest| error.to_string())
}
