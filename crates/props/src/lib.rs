//! Sets, gets, verifies, finds and moves the marks of images. What a mark is and where it is kept is up to `libs/marks`.
//!
//! A file for each command; [`place`] opens what they work on.

mod change;
mod cli;
mod find;
mod get;
mod history;
mod output;
mod pin;
mod place;
mod relocate;
mod verify;

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
                Command::Set(set) => change::set(&set, out).await,
                Command::Get(get) => get::run(&get, out).await,
                Command::Unset(unset) => change::unset(&unset, out).await,
                Command::Verify(verify) => verify::run(&verify, out).await,
                Command::Find(find) => find::run(&find, out).await,
                Command::Move(relocate) => relocate::run(&relocate, out).await,
                Command::History(history) => history::run(&history, out).await,
            }
        })?
    }
}
