//! Completions, asked of the shells that read them, and man pages, judged by mandoc: what `packaging pages` writes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Arg;
use tempfile::TempDir;
use testkit::{Tool, binaries, skipped};

use super::output;
use crate::contract::everything;

/// The first second of 2026.
const EPOCH: &str = "1767225600";

fn made() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut packaging = Command::new(binaries().join("packaging"));
    output(packaging.arg("pages").arg(folder.path()).env("SOURCE_DATE_EPOCH", EPOCH));
    folder
}

/// Whether this program is here; says so if not. `ci/test` installs them, and it is an error there.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found || std::env::var_os("E2E_PYTHON").is_none(), "there is no {program}: see ci/test");
    if !found {
        skipped(&format!("what {program} reads; ci/test installs it"));
    }
    found
}

/// A shell, what makes it read a script, and the script that asks it.
const SHELLS: [(&str, &[&str], &str); 3] = [
    ("bash", &["--norc", "--noprofile"], "capture.bash"),
    ("zsh", &["-f"], "capture.zsh"),
    ("fish", &["--no-config"], "capture.fish"),
];

/// What a shell offers at the end of each line, in a folder with a file `compose.yml`.
fn offered(shell: usize, completions: &Path, lines: &[String]) -> Vec<BTreeSet<String>> {
    let (name, options, script) = SHELLS[shell];
    let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/dist")).join(script);
    let here = tempfile::tempdir().expect("a folder");
    fs::write(here.path().join("compose.yml"), "").expect("a file");
    let asked: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let shell = Tool::at(Path::new(name)).args(options).arg(script).arg(completions);
    let said = shell.current_dir(here.path()).env("HOME", here.path()).stdin(asked).succeeds();
    let answers: Vec<(&str, &str)> = said.stdout().lines().filter_map(|line| line.split_once('\t')).collect();
    let heard: Vec<&str> = answers.iter().map(|(line, _)| *line).collect();
    assert_eq!(heard, lines, "{name}: {said:?}");
    answers.iter().map(|(_, words)| words.split_whitespace().map(str::to_owned).collect()).collect()
}

fn values(arg: &Arg) -> BTreeSet<String> {
    let values = arg.get_possible_values();
    values.iter().filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect()
}

#[test]
fn every_option_of_every_subcommand_and_its_values_are_offered() {
    let mut lines = Vec::new();
    let mut expected = Vec::new();
    for (words, command) in everything() {
        let words = words.join(" ");
        let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
        lines.push(format!("{words} --"));
        expected.push(shown().filter_map(Arg::get_long).map(|long| format!("--{long}")).collect());
        let choices = shown().filter(|arg| arg.get_action().takes_values() && !values(arg).is_empty());
        for arg in choices.filter(|arg| !arg.is_positional()) {
            lines.push(format!("{words} --{} ", arg.get_long().expect("a name")));
            expected.push(values(arg));
        }
    }
    assert!(lines.len() > 100, "{lines:?}");
    let folder = made();
    for (at, (shell, ..)) in SHELLS.iter().enumerate().filter(|(_, (shell, ..))| has(shell)) {
        let found = offered(at, &folder.path().join("completions"), &lines);
        for ((line, expected), found) in lines.iter().zip(&expected).zip(found) {
            assert_eq!(&found, expected, "{shell}: {line}");
        }
    }
}

/// What is typed, what is offered among it, and what is not.
const WORDS: [(&str, &[&str], &[&str]); 10] = [
    ("loc-badge d", &["draw"], &["compose.yml"]),
    ("loc-badge draw --me", &["--message"], &["--by"]),
    ("loc-badge coverage --format ", &["json"], &["dotenv"]),
    ("loc-badge comp", &["compose.yml"], &["--by"]),
    ("loc-badge compose.yml --by ", &["language", "file"], &["draw"]),
    ("loc-badge compose.yml comp", &["compose.yml"], &[]),
    ("loc-badge type-coverage comp", &["compose.yml"], &[]),
    ("compose-rewrite image comp", &["compose.yml"], &[]),
    ("compose-rewrite image a/b:1 comp", &["compose.yml"], &[]),
    ("versioner compare comp", &[], &["compose.yml"]),
];

#[test]
fn files_are_offered_where_an_argument_is_one() {
    let folder = made();
    let lines: Vec<String> = WORDS.iter().map(|(line, ..)| (*line).to_owned()).collect();
    // What bash's line editor does where a function has nothing to say, it does by itself.
    for (at, (shell, ..)) in SHELLS.iter().enumerate().skip(1).filter(|(_, (shell, ..))| has(shell)) {
        let found = offered(at, &folder.path().join("completions"), &lines);
        for ((line, wanted, unwanted), found) in WORDS.iter().zip(found) {
            assert!(wanted.iter().all(|word| found.contains(*word)), "{shell}: {line}: {found:?}");
            assert!(!unwanted.iter().any(|word| found.contains(*word)), "{shell}: {line}: {found:?}");
        }
    }
}

#[test]
fn what_is_said_of_a_value_is_shown_as_it_was_written() {
    let folder = made();
    let rows = [
        ("versioner", "versioner env --format ", "no quotes, $ doubled"),
        ("compose-rewrite", "compose-rewrite get --format ", "with \"schema\": 1"),
    ];
    for (tool, line, said) in rows.into_iter().filter(|_| has("fish")) {
        let script = folder.path().join("completions").join(tool).with_extension("fish");
        let script = format!("source {}; complete --do-complete '{line}'", script.display());
        let shown =
            output(Command::new("fish").args(["--no-config", "-c", &script]).env("HOME", folder.path()));
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn each_shell_parses_every_file() {
    let folder = made();
    let checks: [(&str, &[&str], &str); 3] =
        [("bash", &["-n"], ".bash"), ("zsh", &["-f", "-n"], ""), ("fish", &["--no-execute"], ".fish")];
    let files = fs::read_dir(folder.path().join("completions")).expect("completions").flatten();
    let files: Vec<_> = files.map(|file| file.path()).collect();
    for (shell, options, end) in checks.into_iter().filter(|(shell, ..)| has(shell)) {
        let own = |file: &&std::path::PathBuf| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if end.is_empty() { name.starts_with('_') } else { name.ends_with(end) }
        };
        let own: Vec<_> = files.iter().filter(own).collect();
        assert_eq!(own.len(), testkit::tools().len(), "{shell}");
        for file in own {
            let run = Tool::at(Path::new(shell)).args(options).arg(file).run();
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{shell} {}", file.display());
        }
    }
}

#[test]
fn mandoc_warns_of_nothing_in_a_man_page_and_a_synopsis_has_the_options_with_their_values() {
    if !has("mandoc") {
        return;
    }
    let folder = made();
    for (words, command) in everything() {
        let page = folder.path().join("man1").join(words.join("-") + ".1");
        let lint = Tool::at(Path::new("mandoc")).args(["-T", "lint", "-W", "warning"]).arg(&page).run();
        assert_eq!((lint.code, lint.stdout()), (Some(0), ""), "{lint:?}");
        let text = fs::read_to_string(&page).expect("a page");
        assert!(text.lines().any(|line| line.starts_with(".TH ") && line.contains(" 2026-01-01 ")), "{text}");

        let shown = output(Command::new("mandoc").args(["-T", "ascii"]).arg(&page));
        // Bold and italic, as a typewriter does them.
        let mut plain = String::new();
        for sign in shown.chars() {
            if sign == '\u{8}' {
                plain.pop();
            } else {
                plain.push(sign);
            }
        }
        let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, synopsis) = plain.split_once("SYNOPSIS ").expect("a synopsis");
        let (synopsis, _) = synopsis.split_once(" DESCRIPTION").expect("a description");
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_positional()) {
            let value = if arg.get_action().takes_values() { " <" } else { "" };
            let option = format!("--{}{value}", arg.get_long().expect("a name"));
            assert!(synopsis.contains(&option), "{words:?}: {option}: {synopsis}");
        }
    }
}
