//! What every tool promises, checked for every tool alike.

use std::collections::BTreeMap;
use std::fs::File;

use clap::{Arg, Command};
use testkit::{tool, tools};

/// The command lines of all tools, as their own definitions give them.
pub(crate) fn commands() -> Vec<Command> {
    vec![
        contract::command::<versioner::Cli>(),
        contract::command::<loc_badge::Cli>(),
        contract::command::<image_promote::Cli>(),
        contract::command::<props::Cli>(),
        contract::command::<compose_rewrite::Cli>(),
        contract::command::<release::Cli>(),
        contract::command::<image_track::Cli>(),
        contract::command::<image_gate::Cli>(),
    ]
}

/// Every command and subcommand with the words that call it.
fn walk(command: &Command) -> Vec<(Vec<String>, Command)> {
    let mut command = command.clone();
    command.build();
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    let below: Vec<_> = below.flat_map(walk).collect();
    let name = command.get_name().to_owned();
    let mut all = vec![(vec![name.clone()], command)];
    all.extend(below.into_iter().map(|(words, below)| ([vec![name.clone()], words].concat(), below)));
    all
}

pub(crate) fn everything() -> Vec<(Vec<String>, Command)> {
    commands().iter().flat_map(walk).collect()
}

fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| arg.get_long().is_some())
}

fn run(words: &[String]) -> testkit::Tool {
    tool(&words[0]).args(&words[1..])
}

#[test]
fn the_definitions_are_sound_and_complete() {
    let names: Vec<_> = commands().iter().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(names, tools());
    commands().into_iter().for_each(Command::debug_assert);
}

#[test]
fn help_and_version_go_to_stdout() {
    for (words, _) in everything() {
        let help = run(&words).arg("--help").succeeds();
        assert!(help.stdout().contains(&format!("Usage: {}", words.join(" "))), "{help:?}");
        assert_eq!(help.stderr, "", "{words:?}");
    }
    for name in tools() {
        let version = tool(name).arg("--version").succeeds();
        assert_eq!(version.stdout(), format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn an_unknown_flag_is_wrong_usage() {
    for (words, _) in everything() {
        let output = run(&words).arg("--no-such-flag").fails(2);
        assert!(output.error()[0].contains("--no-such-flag"), "{output:?}");
        assert!(output.stderr.contains(&format!("see '{}", words[0])), "{output:?}");
        assert_eq!(output.stdout(), "", "{words:?}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_a_full_disk_is_one() {
    for name in tools() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let left = tool(name).arg("--help").into_command().stdout(writer).output().expect("it runs");
        assert_eq!(left.status.code(), Some(0), "{name}: {left:?}");
        assert_eq!(String::from_utf8_lossy(&left.stderr), "", "{name}");
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let full = tool(name).arg("--help").into_command().stdout(full).output().expect("it runs");
        assert_eq!(full.status.code(), Some(1), "{name}: {full:?}");
        let message = String::from_utf8_lossy(&full.stderr).into_owned();
        assert!(message.starts_with(&format!("{name}: cannot write to standard output")), "{message}");
        assert!(message.contains("\n  hint: make room"), "{message}");
    }
}

/// A frozen time that is none would only be noticed when two results differ. Nothing is done before it is looked at.
#[test]
fn a_frozen_time_that_is_none_is_wrong_usage() {
    let folder = tempfile::tempdir().expect("a folder");
    for (words, command) in everything() {
        if command.get_subcommands().next().is_some() {
            continue;
        }
        let needed = command.get_arguments().filter(|arg| arg.is_required_set());
        let needed: Vec<_> = needed
            .map(|arg| arg.get_long().map_or("x=1:1".to_owned(), |long| format!("--{long}=x")))
            .collect();
        let tool = run(&words).args(&needed).current_dir(folder.path());
        let output = tool.env("SOURCE_DATE_EPOCH", "yesterday").run();
        assert_eq!(output.code, Some(2), "{output:?}");
        // Where these words are none of this command's, that is told first.
        let told = &output.error()[0];
        assert!(
            told.contains("SOURCE_DATE_EPOCH is 'yesterday'") || output.stderr.contains("--help'"),
            "{output:?}"
        );
        assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none(), "{words:?}");
    }
    for unset in ["", "1780000000"] {
        tool("versioner").args(["compare", "1.0.0", "2.0.0"]).env("SOURCE_DATE_EPOCH", unset).succeeds();
    }
}

/// What a library of the language says of a wrong number tells a user nothing.
#[test]
fn a_wrong_number_or_time_is_told_in_plain_words() {
    for (words, expected) in [
        (
            &["image-promote", "copy", "a", "b", "--jobs", "1O"][..],
            "'1O' for '--jobs <N>': it is no whole number",
        ),
        (&["image-promote", "list", "a", "--limit", "99999999999999999999"], "it is too large"),
        (
            &["image-gate", "health", "a", "--log-tail", "x"],
            "'x' for '--log-tail <LINES>': it is no whole number",
        ),
        (
            &["props", "get", "a", "--timeout", "20x"],
            "--timeout <SECONDS>: '20x' is no duration; 90, 20s, 10m",
        ),
        (&["image-gate", "health", "a", "--timeout", "20x"], "--timeout <SECONDS>: '20x' is no duration"),
    ] {
        let output = tool(words[0]).args(&words[1..]).fails(2);
        assert!(output.error()[0].contains(expected), "{output:?}");
    }
    for (_, command) in everything() {
        for timeout in options(&command).filter(|option| option.get_long() == Some("timeout")) {
            let parser = timeout.get_value_parser();
            assert_eq!(parser.type_id(), std::any::TypeId::of::<std::time::Duration>(), "{timeout:?}");
        }
    }
}

#[test]
fn flags_of_one_name_are_spelled_alike_everywhere() {
    let mut known: BTreeMap<String, (String, Option<char>, Option<String>)> = BTreeMap::new();
    for (words, command) in everything() {
        for option in options(&command) {
            let long = option.get_long().unwrap_or_default().to_owned();
            let value = option
                .get_value_names()
                .map(|names| names.iter().map(ToString::to_string).collect::<String>());
            let value = value.filter(|_| option.get_action().takes_values());
            // `loc-badge --count LINES` and `props find --count` are the words that people look for in each place.
            if long == "count" {
                continue;
            }
            let (first, short, first_value) = known
                .entry(long.clone())
                .or_insert_with(|| (words.join(" "), option.get_short(), value.clone()));
            assert_eq!(*short, option.get_short(), "--{long} of {first} and of {words:?}");
            assert_eq!(*first_value, value, "--{long} of {first} and of {words:?}");
        }
    }
    for common in ["verbose", "quiet", "format", "dry-run", "output"] {
        assert!(known.contains_key(common), "--{common} is one of the family's flags");
    }
}

#[test]
fn an_option_with_an_environment_fallback_says_so_and_shows_no_value() {
    let mut seen = 0;
    for (words, command) in everything() {
        let help = run(&words).arg("--help").env("IMAGE_PROMOTE_JOBS", "7").succeeds();
        for option in options(&command) {
            let Some(variable) = option.get_env() else {
                continue;
            };
            let shown = format!("[env: {}]", variable.to_string_lossy());
            assert!(help.stdout().contains(&shown), "{words:?} --help lacks {shown}");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} options have a fallback");
}

/// Common options come from the tool's own variables, so that a whole pipeline can be made quiet or talkative.
#[test]
fn every_tool_has_its_own_variables_for_the_common_options() {
    for (words, command) in everything() {
        let prefix = words[0].replace('-', "_").to_uppercase();
        for option in options(&command).filter(|option| option.get_long() != Some("help")) {
            let Some(name) =
                option.get_long().filter(|name| ["quiet", "verbose", "format", "dry-run"].contains(name))
            else {
                continue;
            };
            let expected = format!("{prefix}_{}", name.replace('-', "_").to_uppercase());
            assert_eq!(
                option.get_env().map(|name| name.to_string_lossy().into_owned()),
                Some(expected),
                "{words:?}"
            );
        }
    }
}

/// GitLab sets variables to nothing all the time. A run with all of them empty ends as one with none of them.
#[test]
fn an_empty_variable_counts_as_unset() {
    for (words, command) in everything() {
        let variables: Vec<_> =
            command.get_arguments().filter_map(Arg::get_env).map(ToOwned::to_owned).collect();
        let folder = tempfile::tempdir().expect("a folder");
        let without = run(&words).current_dir(folder.path()).run();
        let mut with = run(&words).current_dir(folder.path());
        for variable in &variables {
            with = with.env(&variable.to_string_lossy(), "");
        }
        let with = with.run();
        assert_eq!(
            (with.code, &with.stderr),
            (without.code, &without.stderr),
            "{words:?} with {variables:?}"
        );
    }
}

#[test]
fn a_flag_wins_over_a_variable_and_a_wrong_variable_is_named() {
    let copy = ["copy", "oci:nowhere:1", "oci:there:1"];
    let wrong = tool("image-promote").args(copy).env("IMAGE_PROMOTE_JOBS", "many").fails(2);
    assert!(wrong.error()[0].contains("'many'"), "{wrong:?}");
    let both =
        tool("image-promote").args(copy).args(["--jobs", "2"]).env("IMAGE_PROMOTE_JOBS", "many").fails(2);
    assert!(both.error()[0].contains("no such directory"), "{both:?}");
}

/// Options that belong to no group, in whatever tool they are.
const PLAIN: [&str; 4] = ["format", "dry-run", "repository", "jobs"];

/// clap's headings go on from a group of options to what follows it, so one can end up over options that it has nothing
/// to do with. In a tool, what is called alike stands under one heading in every command; some have none in any tool.
#[test]
fn an_option_stands_under_one_heading() {
    let mut known: BTreeMap<(String, String), (String, Option<String>)> = BTreeMap::new();
    let mut torn = Vec::new();
    for (words, command) in everything() {
        for option in options(&command) {
            let long = option.get_long().unwrap_or_default().to_owned();
            let (called, heading) = (words.join(" "), option.get_help_heading().map(str::to_owned));
            if PLAIN.contains(&long.as_str()) && heading.is_some() {
                torn.push(format!("{called} --{long} stands under {heading:?}, and belongs to no group"));
            }
            let (first, expected) = known
                .entry((words[0].clone(), long.clone()))
                .or_insert_with(|| (called.clone(), heading.clone()));
            if *expected != heading {
                torn.push(format!("--{long} stands under {heading:?} in {called}, {expected:?} in {first}"));
            }
        }
    }
    assert!(torn.is_empty(), "{}", torn.join("\n"));
}
