//! What is typed.

use clap::{Args, Parser, Subcommand};
use contract::args::{Common, DryRunArgs, FormatArgs};
use marks::{Assignment, InvalidMark, Key};
use registry::{InvalidReference, Reference};

/// Marks on images that a gate can trust: tested, scanned
///
/// A mark belongs to a digest: a tag is resolved once, and the digest is printed. Images are in OCI layout directories,
/// oci:DIR:TAG or oci:DIR@sha256:DIGEST.
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
    Verify(Verify),
}

/// Set marks on an image; the latest value holds, and setting the same again changes nothing
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The image
    #[arg(value_name = "REF", value_parser = reference)]
    pub(crate) image: Reference,
    /// What to set; the value is true unless given
    #[arg(value_name = "KEY[=VALUE]", required = true, value_parser = assignment)]
    pub(crate) marks: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Print the marks of an image, or the value of one; exit code 3 when that one is not set
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The image
    #[arg(value_name = "REF", value_parser = reference)]
    pub(crate) image: Reference,
    /// The one mark to print
    #[arg(value_name = "KEY", value_parser = key)]
    pub(crate) key: Option<Key>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Check that an image carries marks; exit code 3 and the name of each that does not hold
///
/// Prints the digest the answer is about.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The image
    #[arg(value_name = "REF", value_parser = reference)]
    pub(crate) image: Reference,
    /// What has to hold; the value is true unless given
    #[arg(value_name = "KEY[=VALUE]", required = true, value_parser = assignment)]
    pub(crate) marks: Vec<Assignment>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

fn reference(text: &str) -> Result<Reference, InvalidReference> {
    text.parse()
}

fn assignment(text: &str) -> Result<Assignment, InvalidMark> {
    text.parse()
}

fn key(text: &str) -> Result<Key, InvalidMark> {
    text.parse()
}
