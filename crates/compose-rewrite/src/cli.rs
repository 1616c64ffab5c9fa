//! What is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use contract::args::{Common, DryRunArgs};

/// Puts the built image into a compose file and touches nothing else
#[derive(Parser, Debug)]
#[command(name = "compose-rewrite", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Let services use an image instead of building one
    ///
    /// The build section of each service gives its place to 'image: REF'; an image that is there already is
    /// overwritten. Every other byte of the file stays: comments, blank lines, quotes, line endings.
    Image(Image),
}

#[derive(Args, Debug)]
pub(crate) struct Image {
    /// The image: HOST[:PORT]/PATH[:TAG][@DIGEST]; what compose interpolates, as in ${TAG}, is left as it is
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The compose file, - for standard input [default: the one that compose finds in the current folder]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A service that gets the image; can be given more than once, or with commas between
    #[arg(
        long = "service",
        value_name = "NAME",
        env = "COMPOSE_REWRITE_SERVICE",
        default_value = "application",
        value_delimiter = ','
    )]
    pub(crate) services: Vec<String>,
    /// Change the file itself instead of printing the result
    #[arg(short, long)]
    pub(crate) in_place: bool,
    /// Write the result to this file instead of printing it
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}
