//! What is typed.

mod copy;
mod diff;
mod digest;
mod index;
mod inspect;
mod jobs;
mod list;

use clap::{Parser, Subcommand};
use contract::args::Common;

pub(crate) use copy::{Copy, Via};
pub(crate) use diff::Diff;
pub(crate) use digest::Digest;
pub(crate) use index::{Annotation, Attestations, Index};
pub(crate) use inspect::Inspect;
pub(crate) use jobs::JobsArgs;
pub(crate) use list::List;

/// Moves an image from one repository to another: every platform, digest kept, the tag last
///
/// References are HOST[:PORT]/PATH[:TAG][@DIGEST], or oci:DIR[:TAG][@DIGEST] for an OCI image layout directory.
#[derive(Parser, Debug)]
#[command(name = "image-promote", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Copy(Copy),
    Inspect(Inspect),
    Digest(Digest),
    List(List),
    Diff(Diff),
    Index(Index),
}
