//! `image-gate`: the image is built first, its quality gates run inside it, and only what is healthy is pushed.
//!
//! A file for each verb. [`engine`] speaks to the Docker engine, [`keeper`] removes whatever a run has made there, and
//! [`gate`] runs one command in one image; `run` and `pipeline` are made of it.

mod artifact;
mod build;
mod cli;
mod container;
mod copy;
mod dockerignore;
mod engine;
mod environment;
mod gate;
mod health;
mod image;
mod keeper;
mod mask;
mod output;
mod owner;
mod pipeline;
mod probe;
mod prune;
mod push;
mod relay;
mod run;
mod signals;
mod supervise;
mod upload;
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
                Command::Run(args) => run::run(&args).await,
                Command::Health(args) => health::run(&args, out).await,
                Command::Pipeline(args) => pipeline::run(&args, out).await,
                Command::Push(args) => push::run(&args, out).await,
                Command::Prune(args) => prune::run(&args, out).await,
            }
        })?
    }
}
