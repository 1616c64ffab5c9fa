//! All tools in one program, for whoever has all of them: their libraries, TLS first of all, are in it once. A link to it
//! that has the name of a tool is that tool, as busybox has it; `pypelines TOOL …` is it, too.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::{Command, Parser};
use contract::args::Common;
use contract::{Exit, Failure, Tool, output};

/// A program has one allocator. loc-badge, whose threads wait for each other in musl's, and versioner decide: the others
/// allocate little, and in one thread, and do as well with either.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A tool that is built in.
struct Entry {
    name: &'static str,
    command: fn() -> Command,
    run: fn(Vec<OsString>) -> ExitCode,
}

const fn entry<T: Tool>(name: &'static str) -> Entry {
    Entry { name, command: contract::command::<T>, run: contract::run::<T> }
}

static TOOLS: [Entry; 8] = [
    entry::<compose_rewrite::Cli>("compose-rewrite"),
    entry::<image_gate::Cli>("image-gate"),
    entry::<image_promote::Cli>("image-promote"),
    entry::<image_track::Cli>("image-track"),
    entry::<loc_badge::Cli>("loc-badge"),
    entry::<props::Cli>("props"),
    entry::<release::Cli>("release"),
    entry::<versioner::Cli>("versioner"),
];

fn find(name: &OsStr) -> Option<&'static Entry> {
    TOOLS.iter().find(|tool| name == tool.name)
}

fn main() -> ExitCode {
    let mut words: Vec<OsString> = env::args_os().collect();
    let called = words.first().and_then(|word| Path::new(word).file_name());
    if let Some(tool) = called.and_then(find) {
        return (tool.run)(words);
    }
    // As its tools have it: `help` and words is those words and `--help`.
    if words.get(1).is_some_and(|word| word == "help") {
        words.remove(1);
        words.push("--help".into());
    }
    // Under any other name, a version's or a platform's behind it perhaps, the next word says which.
    match words.get(1).and_then(|word| find(word)) {
        Some(tool) => {
            words.remove(0);
            (tool.run)(words)
        }
        None => contract::run::<Pypelines>(words),
    }
}

/// All tools of pypelines in one program, which acts by the name that it is called by
#[derive(Parser)]
#[command(
    name = "pypelines",
    version,
    override_usage = "pypelines <TOOL> [ARGUMENTS]...\n       pypelines --list",
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Tools",
    subcommand_value_name = "TOOL",
    subcommands = listed(),
    after_help = "A link to it with the name of a tool is that tool: ln -s pypelines versioner"
)]
struct Pypelines {
    /// Print the names of the tools, a line each
    #[arg(long)]
    list: bool,
    #[arg(skip)]
    common: Common,
}

/// The tools for the help, and for who has mistyped one.
fn listed() -> impl Iterator<Item = Command> {
    TOOLS.iter().map(|tool| {
        let about = (tool.command)().get_about().cloned().unwrap_or_default();
        Command::new(tool.name).about(about)
    })
}

impl Tool for Pypelines {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        if !self.list {
            return Err(Failure::usage("no tool is named").hint("see 'pypelines --help'"));
        }
        TOOLS.iter().try_for_each(|tool| output::line(out, tool.name))?;
        Ok(Exit::Done)
    }
}
