//! Moves an image from one repository to another without moving its bytes where the registry can do it itself.
//!
//! A file or folder for each command; [`tree`] reads what an image consists of.

mod cli;
mod copy;
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
            }
        })?
    }
}
