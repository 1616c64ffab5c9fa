//! A release record and a releases page, safe to run again.
//!
//! `options` turns what was typed into what is wanted, `create` compares that with what is there and does the rest,
//! `site` makes the files of the releases page. Where releases are kept is up to `forge`.

mod asset;
mod cli;
mod create;
mod markdown;
mod notes;
mod options;
mod output;
mod page;
mod site;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};

use crate::cli::Command;
use crate::options::Options;

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let Command::Create(typed) = self.command;
        let (format, dry_run) = (typed.format.format, typed.dry_run.dry_run);
        let report = create::create(&Options::try_from(typed)?, dry_run)?;
        output::report(out, format, &report)?;
        Ok(Exit::Done)
    }
}
