//! `compose-rewrite`: changes in compose files what is meant, and not one byte more.
//!
//! It edits bytes and never writes a file back from a tree, so comments, blank lines, quotes and line endings stay.
//! What it cannot do without a side effect on another service, it refuses.
//!
//! A file for each verb; [`compose`] knows what of the compose model matters, [`delivery`] where results go.

mod cli;
mod compose;
mod delete;
mod delivery;
mod diff;
mod edit;
mod elsewhere;
mod error;
mod extended_files;
mod get;
mod image;
mod image_in_files;
mod image_reference;
mod interpolation;
mod inventory;
mod list;
mod mirror;
mod mounts;
mod override_file;
#[cfg(feature = "pin")]
mod pin;
mod set;
mod source;
mod strip;
mod used_images;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};

use cli::Command;

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self.command {
            Command::Image(args) => image_in_files::run(&args, out),
            Command::Set(args) => set::run(&args, out),
            Command::Delete(args) => delete::run(&args, out),
            Command::Get(args) => get::run(&args, out),
            Command::List(args) => list::run(&args, out),
            Command::Mirror(args) => mirror::run(&args, out),
            #[cfg(feature = "pin")]
            Command::Pin(args) => pin::run(&args, out),
            Command::Strip(args) => strip::run(&args, out),
        }
    }
}
