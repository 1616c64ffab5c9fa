//! Moves an image from one repository to another without moving its bytes where the registry can do it itself.
//!
//! A file or folder for each command; [`tree`] reads what an image consists of, [`images`] what is in it, [`attached`]
//! what is said about it.

mod attached;
mod cli;
mod configuration;
mod copy;
mod diff;
mod digest;
mod images;
mod index;
mod inspect;
mod list;
mod printable;
mod shelf;
mod source;
mod transfer;
mod tree;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};

use crate::cli::Command;

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        http::run(async {
            match self.command {
                Command::Copy(copy) => copy::run(&copy, out).await,
                Command::Inspect(inspect) => inspect::run(&inspect, out).await,
                Command::Digest(digest) => digest::run(&digest, out).await,
                Command::List(list) => list::run(&list, out).await,
                Command::Diff(diff) => diff::run(&diff, out).await,
                Command::Index(index) => index::run(&index, out).await,
            }
        })?
    }
}
