//! `image-track`: deployments that follow the newest image a semver range allows.
//!
//! [`manifest`] reads what is followed and where it is written, [`upstream`] asks what there is, [`filter`] chooses,
//! [`plan`] computes every file before any is written. [`target`] knows the kinds of files, [`apply`] writes them.

mod adopt;
mod apply;
mod cli;
mod destination;
mod filter;

mod manifest;
mod notify;
mod output;
mod plan;
mod precedence;
mod publish;
mod run;
mod summary;
mod target;
mod template;
mod transform;
mod trigger;
mod trouble;
mod upstream;
mod values;

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
        http::run(async {
            match self.command {
                Command::Check(args) => apply::check(&args, out).await,
                Command::Apply(args) => apply::apply(&args, out).await,
                Command::Publish(args) => publish::publish(&args, out).await,
                Command::Trigger(args) => trigger::trigger(&args, out).await,
                Command::Run(args) => run::run(&args, out).await,
                Command::Notify(args) => notify::notify(&args).await,
                Command::Adopt(args) => adopt::adopt(&args),
            }
        })?
    }
}
