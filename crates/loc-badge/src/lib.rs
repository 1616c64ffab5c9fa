//! Counts lines of code and draws badges.
//!
//! A file or folder for each command: [`lines_badge`] is the one without a name.

mod cli;
mod count;
mod coverage;
mod draw;
mod drawing;
mod error;
mod ignored;
mod language;
mod lines;
mod lines_badge;
mod originals;
mod other;
mod output;
mod python;
mod select;
mod svg_file;
mod text;
mod totals;
mod type_coverage;
mod walk;

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
        match self.command {
            None => lines_badge::run(&self.lines, out),
            Some(Command::Count(count)) => totals::run(&count, out),
            Some(Command::Draw(args)) => draw::run(&args, out),
            Some(Command::Coverage(args)) => coverage::run(&args, out),
            Some(Command::TypeCoverage(args)) => type_coverage::run(&args, out),
        }
    }
}
