//! Names that were chosen to break out of a format.

use std::collections::BTreeMap;
use std::process::Command;

use testkit::{Output, Repository};

use super::{play, variable, versioner};

/// What git lets a branch be called, and what only a variable can hold.
const HOSTILE: [&str; 8] = [
    "$(touch${IFS}x)\"'`touch${IFS}x`;&|",
    "'; touch x; '",
    "a\"b\\c",
    "$HOME${HOME}$$",
    "-n",
    "<<EOF",
    "=",
    "x<<ghadelimiter_0",
];

fn env(repository: &Repository, branch: &str, format: &str) -> Output {
    versioner(repository).args(["env", "--format", format]).env("CI_COMMIT_BRANCH", branch).run()
}

#[test]
fn a_hostile_branch_comes_back_from_dotenv_as_it_is() {
    let repository = play("commit a; tag v1.0.0");
    for branch in HOSTILE {
        let output = env(&repository, branch, "dotenv");
        // GitLab's parser: a name, an equals sign, the rest of the line; then variables are expanded.
        assert_eq!(
            variable(output.stdout(), "BRANCH"),
            Some(branch.replace('$', "$$").as_str()),
            "{output:?}"
        );
        assert_eq!(output.stdout().lines().count(), 6, "{output:?}");
    }
    for branch in ["x\nEVIL=1", "x\rEVIL=1", " x", "x\u{2028}"] {
        let output = env(&repository, branch, "dotenv");
        assert_eq!((output.code, output.stdout()), (Some(2), ""), "{output:?}");
        assert!(output.error()[0].contains("cannot write BRANCH as dotenv"), "{output:?}");
    }
}

#[test]
fn a_hostile_branch_comes_back_from_a_shell_as_it_is() {
    let repository = play("commit a; tag v1.0.0");
    for branch in HOSTILE.into_iter().chain(["x\nEVIL=1; touch x", " x "]) {
        let output = env(&repository, branch, "sh");
        let script = format!("{}printf '%s' \"$BRANCH\"", output.stdout());
        let shell =
            Command::new("sh").args(["-euc", &script]).current_dir(repository.path()).output().expect("sh");
        assert_eq!(String::from_utf8_lossy(&shell.stdout), branch, "{output:?} {shell:?}");
        assert!(!repository.path().join("x").exists(), "{branch} ran");
    }
    // The options of docker build, as a job evaluates them.
    for branch in HOSTILE {
        let labels = versioner(&repository).args(["labels"]).env("CI_COMMIT_BRANCH", branch).succeeds();
        let script = format!("for word in {}; do printf '%s\\n' \"$word\"; done", labels.stdout().trim_end());
        let shell =
            Command::new("sh").args(["-euc", &script]).current_dir(repository.path()).output().expect("sh");
        let words = String::from_utf8_lossy(&shell.stdout).into_owned();
        assert!(words.lines().any(|word| word == format!("branch={branch}")), "{labels:?} {shell:?}");
        assert!(!repository.path().join("x").exists(), "{branch} ran");
    }
}

#[test]
fn a_hostile_branch_comes_back_from_githubs_file_as_it_is() {
    let repository = play("commit a; tag v1.0.0");
    for branch in HOSTILE.into_iter().chain(["x\nBRANCH<<EOF\nEVIL\nEOF\nEVIL=1", "x\n"]) {
        let output = env(&repository, branch, "github");
        let read = read_github(output.stdout());
        assert_eq!(read["BRANCH"], branch, "{output:?}");
        assert_eq!(
            read.keys().collect::<Vec<_>>(),
            ["BRANCH", "COMMIT_SHA", "IMAGE_TAGS", "NEXT_VERSION", "SHORT_SHA", "VERSION"]
        );
    }
    let first = |output: Output| output.stdout().lines().next().expect("a line").to_owned();
    assert_ne!(
        first(env(&repository, "x", "github")),
        first(env(&repository, "x", "github")),
        "a delimiter can be guessed"
    );
}

#[test]
fn a_hostile_branch_comes_back_from_json_as_it_is() {
    let repository = play("commit a; tag v1.0.0");
    for branch in HOSTILE.into_iter().chain(["x\n\"evil\": 1", "\u{1b}[31m"]) {
        let read: serde_json::Value =
            serde_json::from_str(env(&repository, branch, "json").stdout()).expect("JSON");
        assert_eq!(read["branch"], branch);
    }
}

/// GitHub's runner: `NAME<<DELIMITER`, lines up to one that is the delimiter; or `NAME=VALUE`.
fn read_github(text: &str) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("a name and a delimiter");
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        read.insert(name.to_owned(), value.join("\n"));
    }
    read
}
