//! Completions for bash, zsh and fish: what clap_complete writes of a command line that says more than ours, and corrected
//! where its scripts do not do what they are for. What is corrected is looked for: a version of it that writes something
//! else ends the build.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::{Shell, generate};

use crate::below;

/// Arguments that are files, alone or behind something else, and are no paths by their type.
const FILES: [&str; 5] =
    ["reference_and_files", "assignments_and_file", "paths_and_file", "mounts", "copies"];

/// What stands for a sign in a description until the script is written: clap_complete puts it unescaped between double
/// quotes. From the private use area, which no description has.
const STAND_INS: [(char, char); 3] = [('"', '\u{e000}'), ('$', '\u{e001}'), ('\\', '\u{e002}')];

/// Writes what a shell reads for every tool: `TOOL.bash`, `_TOOL` and `TOOL.fish`.
///
/// # Errors
/// A folder or a file cannot be written, or clap_complete writes what is not to be corrected.
pub(crate) fn write(tools: Vec<Command>, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for tool in tools {
        let tool = hinted(tool);
        let name = tool.get_name();
        fs::write(dir.join(format!("{name}.bash")), bash(&tool)?)?;
        fs::write(dir.join(format!("_{name}")), zsh(&tool)?)?;
        fs::write(dir.join(format!("{name}.fish")), fish(&tool)?)?;
    }
    Ok(())
}

fn wrong(script: &str, what: &str) -> io::Error {
    io::Error::other(format!("{script}: {what}; does clap_complete write otherwise than it did?"))
}

/// The command line, with what each argument is: a file, or nothing that a shell knows of.
fn hinted(command: Command) -> Command {
    command.mut_subcommands(hinted).mut_args(|arg| {
        let takes = arg.get_action().takes_values();
        match arg.get_value_hint() {
            ValueHint::Unknown if takes && FILES.contains(&arg.get_id().as_str()) => {
                arg.value_hint(ValueHint::FilePath)
            }
            ValueHint::Unknown if takes => arg.value_hint(ValueHint::Other),
            _ => arg,
        }
    })
}

/// The command line with stand-ins in what is said of values.
fn guarded(command: Command) -> Command {
    command.mut_subcommands(guarded).mut_args(|arg| {
        let mut values = arg.get_possible_values();
        if values.is_empty() || !arg.get_action().takes_values() {
            return arg;
        }
        for value in &mut values {
            if let Some(help) = value.get_help() {
                let help = help.to_string();
                *value = value.clone().help(
                    STAND_INS
                        .iter()
                        .fold(help, |help, (sign, instead)| help.replace(*sign, &instead.to_string())),
                );
            }
        }
        arg.value_parser(PossibleValuesParser::new(values))
    })
}

/// The script with what a shell reads as the signs that were stood in for.
fn unguarded(script: &str, escaped: [&str; 3]) -> String {
    let pairs = STAND_INS.iter().zip(escaped);
    pairs.fold(script.to_owned(), |script, ((_, instead), escaped)| script.replace(*instead, escaped))
}

fn generated(shell: Shell, mut command: Command) -> io::Result<String> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(shell, &mut command, name, &mut script);
    String::from_utf8(script).map_err(io::Error::other)
}

/// clap_complete looks for `image__gate__subcmd__run` under the label `image__subcmd__gate__subcmd__run`: it writes the
/// hyphen of a tool's name in two ways.
fn bash(tool: &Command) -> io::Result<String> {
    let name = tool.get_name();
    let script = generated(Shell::Bash, tool.clone())?;
    let script = script.replace(
        &format!("\n        {}__subcmd__", name.replace('-', "__subcmd__")),
        &format!("\n        {}__subcmd__", name.replace('-', "__")),
    );
    for line in script.lines() {
        let Some(command) = line.trim_start().strip_prefix("cmd=\"").and_then(|rest| rest.strip_suffix('"'))
        else {
            continue;
        };
        if !command.is_empty() && !script.contains(&format!("\n        {command})\n            opts=\"")) {
            return Err(wrong(&format!("{name}.bash"), &format!("nothing is offered for {command}")));
        }
    }
    Ok(script)
}

fn zsh(tool: &Command) -> io::Result<String> {
    let name = tool.get_name();
    let tool = guarded(coloned(tool.clone()));
    let script = if tool.get_positionals().next().is_some() {
        with_paths(&tool)?
    } else {
        generated(Shell::Zsh, tool)?
    };
    let script = unguarded(&script, ["\\\"", "\\$", "\\\\"]);
    if script.contains(":_default'") {
        return Err(wrong(&format!("_{name}"), "an argument is anything at all"));
    }
    Ok(script)
}

/// The command line with colons in the names of values that zsh does not take for its own.
fn coloned(command: Command) -> Command {
    command.mut_subcommands(coloned).mut_args(|arg| {
        let names: Vec<String> =
            arg.get_value_names().unwrap_or_default().iter().map(|name| name.replace(':', "\\:")).collect();
        if names.iter().any(|name| name.contains('\\')) { arg.value_names(names) } else { arg }
    })
}

/// A tool whose first word is a command or a path. clap_complete has the path first and the command second, so that below a
/// command the tool's own options are offered; here the first word is either, and behind a path comes what the tool takes.
fn with_paths(tool: &Command) -> io::Result<String> {
    const CALL: &str = "\n    _arguments \"${_arguments_options[@]}\" : \\\n";
    let name = tool.get_name().to_owned();
    let version = tool.get_version().unwrap_or_default();
    let bare = || {
        let bare = Command::new(name.clone()).version(version.to_owned());
        bare.disable_help_flag(true).disable_version_flag(true).disable_help_subcommand(true)
    };
    let flags: Vec<Arg> = tool.get_arguments().filter(|arg| !arg.is_positional()).cloned().collect();
    let words = generated(Shell::Zsh, bare().args(flags).subcommands(tool.get_subcommands().cloned()))?;
    let paths = generated(Shell::Zsh, bare().args(tool.get_arguments().cloned()))?;

    let lacks = |what: &str| wrong(&format!("_{name}"), &format!("there is no {what}"));
    let (_, specs) = paths.split_once("\n    _arguments ").ok_or_else(|| lacks("call of _arguments"))?;
    let (specs, _) = specs.split_once("&& ret=0").ok_or_else(|| lacks("end of the arguments"))?;
    let command = format!("\n\":: :_{name}_commands\" \\\n");
    // Behind the first word options are no longer the tool's: a command may have one of the same name with other values.
    let (head, flags) = words.split_once(CALL).ok_or_else(|| lacks("call of _arguments with options"))?;
    let words = format!("{head}{}{flags}", CALL.replace(" : ", " -A \"-*\" : "));
    let (before, after) = words.split_once(&command).ok_or_else(|| lacks("slot of the command"))?;
    let end = "\n        esac\n    ;;\nesac\n}\n";
    let (inside, rest) = after.split_once(end).ok_or_else(|| lacks("end of the function"))?;
    let either =
        format!("\n\": : _alternative 'commands:command:_{name}_commands' 'paths:path:_files'\" \\\n");
    Ok(format!("{before}{either}{inside}\n(*)\n_arguments {specs}&& ret=0\n;;{end}{rest}"))
}

/// clap_complete says nothing of words that are no options: they get their values, or no files where they are none. Where
/// the first word may be a path, the tool's own options go on behind it.
fn fish(tool: &Command) -> io::Result<String> {
    let name = tool.get_name();
    let script = generated(Shell::Fish, guarded(tool.clone()))?;
    // Once for the double quotes; the sign that escapes once more for the single quotes inside.
    let mut script = unguarded(&script, ["\\\"", "\\$", "\\\\\\\\"]);
    let function = name.replace('-', "_");
    let using = format!("__fish_{function}_using_subcommand");
    if !script.contains(&format!("\nfunction {using}\n")) {
        return Err(wrong(&format!("{name}.fish"), &format!("there is no {using}")));
    }
    if tool.get_positionals().next().is_some() {
        let names: Vec<&str> = tool.get_subcommands().map(Command::get_name).collect();
        let first = format!("-n \"__fish_{function}_needs_command\"");
        let others = format!("-n \"not {using} {}\"", names.join(" "));
        let has_option = |line: &str| line.contains(" -l ") || line.contains(" -s ");
        let lines = script
            .split_inclusive('\n')
            .map(|line| if has_option(line) { line.replacen(&first, &others, 1) } else { line.to_owned() });
        script = lines.collect();
    }
    for command in below(tool) {
        let words: Vec<&Arg> = command.get_positionals().collect();
        let is_file = |arg: &&Arg| !matches!(arg.get_value_hint(), ValueHint::Other | ValueHint::Unknown);
        if words.iter().any(is_file) {
            continue;
        }
        let _ = write!(script, "complete -c {name} -n \"{using} {}\" -f", command.get_name());
        let values: Vec<_> = words.iter().flat_map(|arg| arg.get_possible_values()).collect();
        if !values.is_empty() {
            let names = values.iter().map(|value| value.get_name().to_owned()).collect::<Vec<_>>();
            let _ = write!(script, " -a \"{}\"", names.join(" "));
        }
        script.push('\n');
    }
    Ok(script)
}
