//! The program that holds all tools: under each of their names it is that tool.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use testkit::{Output, Tool, binaries, tool, tools};

fn program() -> PathBuf {
    binaries().join("pypelines")
}

/// A folder with a link for each tool, as images and archives have them.
fn links() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in tools() {
        symlink(program(), folder.path().join(name)).expect("a link");
    }
    folder
}

/// What a user sees of a run.
fn seen(output: &Output) -> (Option<i32>, String, String) {
    (output.code, String::from_utf8_lossy(&output.stdout).into_owned(), output.stderr.clone())
}

/// A command line of each tool that ends with something other than success, and with which code.
const REFUSED: [(&[&str], i32); 10] = [
    (&["versioner", "current", "--repository", "no/such/folder"], 2),
    (&["loc-badge", "count", "no/such/folder"], 2),
    (&["image-promote", "digest", "oci:no/such/layout:1"], 2),
    (&["image-promote", "digest", "not a reference"], 2),
    (&["props", "verify", "oci:no/such/layout:1", "tested"], 1),
    (&["compose-rewrite", "list", "no/such/compose.yml"], 2),
    (&["release", "create", "--tag"], 2),
    (&["image-track", "check", "no/such/folder"], 2),
    (&["image-gate", "run"], 2),
    (&["props", "--no-such-flag"], 2),
];

fn as_it_is_alone(folder: &Path, name: &str, arguments: &[&str]) -> Option<i32> {
    let alone = tool(name).args(arguments).current_dir(folder).run();
    let by_link = Tool::at(&folder.join(name)).args(arguments).current_dir(folder).run();
    let by_word = Tool::at(&program()).arg(name).args(arguments).current_dir(folder).run();
    assert_eq!(seen(&by_link), seen(&alone), "{name} {arguments:?}, by a link");
    assert_eq!(seen(&by_word), seen(&alone), "pypelines {name} {arguments:?}");
    alone.code
}

#[test]
fn under_the_name_of_a_tool_it_is_that_tool() {
    let folder = links();
    for name in tools() {
        for arguments in [&["--version"][..], &["--help"], &["--verbose", "--help"]] {
            assert_eq!(as_it_is_alone(folder.path(), name, arguments), Some(0), "{name} {arguments:?}");
        }
        assert_eq!(as_it_is_alone(folder.path(), name, &["no-such-verb"]), Some(2), "{name}");
    }
    for (words, code) in REFUSED {
        assert_eq!(as_it_is_alone(folder.path(), words[0], &words[1..]), Some(code), "{words:?}");
    }
}

#[test]
fn what_it_does_is_what_the_tool_does() {
    let folder = links();
    let mut repository = testkit::Repository::at(&folder.path().join("service"));
    repository.write("service/main.py", "import sys\n\nprint(sys.argv)\n");
    repository.commit("feat: begin");
    repository.tag("1.2.3");
    let here = folder.path().join("service");
    for (name, arguments) in [
        ("versioner", &["current"][..]),
        ("versioner", &["env", "--format", "json"]),
        ("loc-badge", &["count", "--format", "json"]),
    ] {
        let alone = tool(name).args(arguments).current_dir(&here).succeeds();
        let by_link = Tool::at(&folder.path().join(name)).args(arguments).current_dir(&here).succeeds();
        assert_eq!(seen(&by_link), seen(&alone), "{name} {arguments:?}");
        assert!(!alone.stdout.is_empty(), "{name} {arguments:?}");
    }
}

#[test]
fn under_its_own_name_or_another_it_lists_the_tools() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("pypelines-0.1.0-linux-amd64");
    symlink(program(), &other).expect("a link");
    for program in [program(), other] {
        let mut names: Vec<_> = tools().into_iter().map(str::to_owned).collect();
        names.sort();
        let listed = Tool::at(&program).arg("--list").succeeds();
        assert_eq!(listed.stdout().lines().collect::<Vec<_>>(), names);
        let help = Tool::at(&program).arg("--help").succeeds();
        assert_eq!(seen(&Tool::at(&program).arg("help").succeeds()), seen(&help));
        let of_a_tool = Tool::at(&program).args(["help", "versioner", "next"]).succeeds();
        assert_eq!(seen(&of_a_tool), seen(&tool("versioner").args(["next", "--help"]).succeeds()));
        for name in names {
            assert!(help.stdout().contains(&format!("\n  {name} ")), "{name}: {help:?}");
        }
        let version = Tool::at(&program).arg("--version").succeeds();
        assert_eq!(version.stdout(), format!("pypelines {}\n", env!("CARGO_PKG_VERSION")));
        assert_eq!(Tool::at(&program).run().code, Some(2), "nothing is asked for");
    }
}

#[test]
fn a_tool_that_is_not_there_is_wrong_usage_and_the_nearest_is_named() {
    for (typed, meant) in
        [("versionr", "versioner"), ("image-promot", "image-promote"), ("locbadge", "loc-badge")]
    {
        let output = Tool::at(&program()).args([typed, "--help"]).fails(2);
        assert!(output.error()[0].contains(typed), "{output:?}");
        assert!(output.stderr.contains(meant), "{output:?}");
        assert!(output.stderr.contains("see 'pypelines --help'"), "{output:?}");
    }
}
