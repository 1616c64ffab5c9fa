//! A release record and a releases page, safe to run again.

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
