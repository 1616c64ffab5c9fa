//! Writes what comes from the command lines of the tools: man pages, completions, and the option tables of `docs/`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod pages;
mod tables;

/// Writes what is made from the tools' command lines
#[derive(Parser)]
#[command(name = "packaging")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Man pages into DIR/man1, completions into DIR/completions
    Pages {
        /// The folder, made if it is not there
        dir: PathBuf,
    },
    /// The tables of options in docs/TOOL.md
    Tables {
        /// Write nothing; exit 3 if a page is not as it should be
        #[arg(long)]
        check: bool,
    },
}

/// The command lines of all tools, in the order of their names.
fn tools() -> Vec<clap::Command> {
    let mut tools = vec![
        contract::command::<compose_rewrite::Cli>(),
        contract::command::<image_promote::Cli>(),
        contract::command::<loc_badge::Cli>(),
        contract::command::<props::Cli>(),
        contract::command::<release::Cli>(),
        contract::command::<versioner::Cli>(),
    ];
    tools.iter_mut().for_each(clap::Command::build);
    tools
}

/// The subcommands that people call; `help` explains itself.
fn below(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set())
}

#[expect(clippy::print_stderr, reason = "a program of the build, and no tool with a log")]
fn main() -> ExitCode {
    let done = match Cli::parse().verb {
        Verb::Pages { dir } => pages::write(&dir).map(|()| true),
        Verb::Tables { check } => tables::write(check),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("packaging: {error}");
            ExitCode::FAILURE
        }
    }
}
