//! The options of the command without a name belong to it alone.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// Refuses `loc-badge -o loc.svg count`, which clap would take, and nobody would ever look at `-o`.
///
/// clap's own `args_conflicts_with_subcommands` is not it: with that, `loc-badge -q count` counts a folder `count`.
#[derive(Debug)]
pub(crate) struct Alone;

impl FromArgMatches for Alone {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Some(command) = matches.subcommand_name() else {
            return Ok(Self);
        };
        // Those of `contract::args::Common` are for every command.
        let is_stray = |id: &&str| {
            !matches!(*id, "verbose" | "quiet")
                && matches.value_source(id) == Some(ValueSource::CommandLine)
                // Groups have the names of structs.
                && !id.starts_with(|c: char| c.is_ascii_uppercase())
        };
        let Some(stray) = matches.ids().map(clap::Id::as_str).find(is_stray) else {
            return Ok(Self);
        };
        let stray =
            if stray == "paths" { "PATH".to_owned() } else { format!("--{}", stray.replace('_', "-")) };
        let message = format!("{stray} stands before '{command}', which has options of its own behind it\n");
        Err(Error::raw(ErrorKind::ArgumentConflict, message))
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> {
        Ok(())
    }
}

impl Args for Alone {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
