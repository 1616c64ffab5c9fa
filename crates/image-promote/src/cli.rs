//! What is typed.

use clap::Parser;
use contract::args::Common;

/// Moves an image from one repository to another, every platform, digest kept
#[derive(Parser, Debug)]
#[command(name = "image-promote", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
}
