//! From the command line to the exit code, once for all tools.

use std::env;
use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::num::{IntErrorKind, ParseIntError};
use std::process::ExitCode;

use clap::builder::{BoolishValueParser, Resettable, StyledStr};
use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Command, Parser};

use crate::args::{Common, SHARED};
use crate::output::{Leaving, printable, unwritable};
use crate::redact::redact;
use crate::{Exit, Failure, clock, log};

/// A tool: what was typed, and how to do it.
pub trait Tool: Parser {
    /// The arguments every tool has.
    fn common(&self) -> &Common;

    /// Does what was asked for. Data goes to `out`; what people read goes through `tracing`.
    ///
    /// # Errors
    /// A [`Failure`] says what was attempted, on what, what came back and what to do next.
    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure>;
}

/// The tool's command line with what every tool promises applied to it: environment fallbacks for the shared arguments,
/// their names (never their values) in the help, and empty variables counting as unset.
pub fn command<T: Tool>() -> Command {
    let command = T::command();
    let prefix = command.get_name().replace('-', "_").to_ascii_uppercase();
    each_argument(command, &|arg| without_empty_variable(with_environment(arg, &prefix)))
}

fn each_argument(command: Command, change: &dyn Fn(Arg) -> Arg) -> Command {
    let command = command.mut_args(change);
    command.mut_subcommands(|subcommand| each_argument(subcommand, change))
}

fn with_environment(arg: Arg, prefix: &str) -> Arg {
    let id = arg.get_id().as_str().to_owned();
    let arg = match arg.get_env() {
        None if SHARED.contains(&id.as_str()) => arg.env(format!("{prefix}_{}", id.to_ascii_uppercase())),
        _ => arg,
    };
    if arg.get_env().is_none() {
        return arg;
    }
    let switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = if switch { arg.value_parser(BoolishValueParser::new()) } else { arg };
    arg.hide_env_values(true)
}

/// GitLab sets variables to nothing all the time; clap would take that for a value.
fn without_empty_variable(arg: Arg) -> Arg {
    let empty = arg.get_env().filter(|name| env::var_os(name).is_some_and(|value| value.is_empty()));
    let Some(name) = empty.map(|name| name.to_string_lossy().into_owned()) else {
        return arg;
    };
    // With the variable, clap drops its name from the help; that has to stay.
    let named = |help: &StyledStr| Resettable::Value(StyledStr::from(format!("{help} [env: {name}]")));
    let help = arg.get_help().map_or(Resettable::Reset, named);
    let long_help = arg.get_long_help().map_or(Resettable::Reset, named);
    arg.env(Resettable::Reset).help(help).long_help(long_help)
}

/// The whole of a tool's `main`.
pub fn main<T: Tool>() -> ExitCode {
    run::<T>(env::args_os().collect())
}

/// The same with this command line, for a program that is several tools: the first word is the name that the tool was
/// called by, as in the process's own.
pub fn run<T: Tool>(words: Vec<OsString>) -> ExitCode {
    let command = command::<T>();
    let called = called(&command, words.iter().skip(1));
    let name = command.get_name().to_owned();
    report_panics(name.clone());
    let parsed = command.try_get_matches_from(words).and_then(|matches| T::from_arg_matches(&matches));
    let tool = match parsed {
        Ok(tool) => tool,
        Err(error) => return refuse(&name, &called, &error, &mut io::stderr().lock()).into(),
    };
    let verbose = tool.common().verbose > 0;
    log::install(&name, tool.common());
    let mut out = BufWriter::new(Leaving::new(io::stdout().lock()));
    let result = clock::check().and_then(|()| tool.run(&mut out));
    let flushed = out.flush().map_err(unwritable);
    match result.and_then(|exit| flushed.map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // Nothing is left to tell anybody when stderr is gone too.
            let _ = failure.render(&name, verbose, &mut io::stderr().lock());
            failure.exit().into()
        }
    }
}

/// Prints help and version to stdout, and a wrong command line as every other error: a line and a hint.
fn refuse(name: &str, called: &str, error: &clap::Error, err: &mut dyn Write) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let mut out = Leaving::new(io::stdout().lock());
            match write!(out, "{}", error.render()).and_then(|()| out.flush()) {
                Ok(()) => Exit::Done,
                Err(error) => {
                    let failure = unwritable(error);
                    let _ = failure.render(name, false, err);
                    failure.exit()
                }
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = write!(err, "{}", error.render());
            Exit::Usage
        }
        _ => {
            let _ = usage_failure(called, &message(error)).render(name, false, err);
            Exit::Usage
        }
    }
}

/// The words that call the subcommand of this command line: what its help is asked for with.
fn called<'a>(command: &Command, arguments: impl Iterator<Item = &'a OsString>) -> String {
    let mut words = vec![command.get_name().to_owned()];
    let mut command = command;
    for argument in arguments.filter_map(|argument| argument.to_str()) {
        if let Some(below) = command.find_subcommand(argument) {
            words.push(argument.to_owned());
            command = below;
        }
    }
    words.join(" ")
}

/// A value of more characters is not repeated to who has typed it.
const ECHO: usize = 200;

/// clap's message. Where the reason names the wrong value, it is named once and not twice.
fn message(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    match (context(ContextKind::InvalidValue), context(ContextKind::InvalidArg), error.source()) {
        (Some(value), Some(argument), Some(reason))
            if reason.to_string().contains(&format!("'{}'", printable(&value)))
                || value.chars().count() > ECHO =>
        {
            format!("{argument}: {reason}")
        }
        (Some(value), Some(argument), Some(reason)) if reason.is::<ParseIntError>() => {
            let reason = reason.downcast_ref::<ParseIntError>().map_or("", no_number);
            format!("invalid value '{}' for '{argument}': {reason}", printable(&value))
        }
        _ => error.render().to_string(),
    }
}

/// What the standard library says in the words of a programmer.
fn no_number(error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::PosOverflow => "it is too large",
        IntErrorKind::NegOverflow => "it is too small",
        _ => "it is no whole number",
    }
}

/// clap's message is several paragraphs: the error, tips, the usage. The first is the line, tips go into the hint.
fn usage_failure(called: &str, text: &str) -> Failure {
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let tips = paragraphs.filter_map(|paragraph| paragraph.strip_prefix("tip: "));
    let first_of_each = tips.map(|tip| tip.split("\n  tip: ").next().unwrap_or(tip).to_owned());
    let hints: Vec<_> = first_of_each.chain([format!("see '{called} --help'")]).collect();
    Failure::usage(message).hint(hints.join("; "))
}

/// A panic is a bug of ours: one line that says so, without the backtrace that a job's log would keep for ever.
fn report_panics(name: String) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        let _ = writeln!(
            io::stderr().lock(),
            "{name}: internal error{place}: {}\n  hint: this is a bug in {name}; please report it with the command line",
            redact(&text)
        );
        #[expect(
            clippy::exit,
            reason = "with panic=abort the process would end by a signal, with a code of no meaning"
        )]
        std::process::exit(Exit::Failed.code().into());
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_command_line_is_a_line_and_a_hint() {
        let text = "error: unexpected argument '--frmat' found\n\n  tip: a similar argument exists: '--format'\n\nUsage: props get --format <FORMAT> <REF>\n\nFor more information, try '--help'.\n";
        let failure = usage_failure("props get", text);
        assert_eq!(failure.exit(), Exit::Usage);
        let mut shown = Vec::new();
        failure.render("props", false, &mut shown).unwrap();
        assert_eq!(
            String::from_utf8(shown).unwrap(),
            "props: unexpected argument '--frmat' found\n  hint: a similar argument exists: '--format'; see 'props get --help'\n"
        );
    }
}
