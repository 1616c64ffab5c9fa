//! Releases, version badges and a releases page, safe to run again.
//!
//! `options` turns what was typed into what is wanted; a file per command compares that with what is there and does the
//! rest; `site` makes the files of the releases page. Where releases are kept is up to `forge`.

mod asset;
mod badge;
mod changes;
mod cli;
mod create;
mod env;
mod feed;
mod html;
mod markdown;
mod notes;
mod options;
mod output;
mod page;
mod pipeline;
mod place;
mod plain;
mod publish;
mod range;
mod show;
mod site;
mod wiki;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};

use crate::cli::Command;
use crate::output::Report;

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self.command {
            Command::Create(typed) => {
                let format = typed.format.format;
                finish(out, format, http::run(create::create(*typed))??)
            }
            Command::Env(typed) => {
                let format = typed.format.format;
                finish(out, format, http::run(env::env(*typed))??)
            }
            Command::Badge(typed) => {
                let format = typed.format.format;
                finish(out, format, http::run(badge::badge(&typed))??)
            }
            Command::Page(typed) => {
                let format = typed.format.format;
                finish(out, format, http::run(page::page(&typed))??)
            }
            Command::Notes(typed) => changes::notes(&typed, out),
            Command::Show(typed) => http::run(show::show(&typed, out))?,
        }
    }
}

/// Prints what was done, and then fails if a part of it could not be.
fn finish(out: &mut dyn Write, format: contract::args::Format, report: Report) -> Result<Exit, Failure> {
    output::report(out, format, &report)?;
    let mut failed = report.failed;
    let Some(last) = failed.pop() else { return Ok(Exit::Done) };
    for failure in failed {
        tracing::error!("{failure}");
    }
    Err(last)
}
