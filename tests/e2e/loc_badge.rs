//! `loc-badge` as its users run it.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;
use testkit::tool;

/// A small service: 5 lines of Python and 3 of JavaScript are code.
fn service() -> TempDir {
    folder_of(&[
        ("app/main.py", "\"\"\"Numbers.\"\"\"\n\n\ndef even(number):\n    return number % 2 == 0\n"),
        ("app/__init__.py", ""),
        ("tests/__init__.py", ""),
        ("tests/test_main.py", "from app.main import even\n\nassert even(\n    2\n)\n"),
        ("web/main.js", "fetch('/even').then((r) => {\n  // ready\n  show(r);\n});\nstart();\n"),
        ("README.md", "# Numbers\n"),
    ])
}

fn folder_of(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn it_counts_the_current_folder_and_prints_a_table() {
    let folder = service();
    let output = tool("loc-badge").current_dir(folder.path()).succeeds();
    assert_eq!(
        output.stdout(),
        "Language    Files  Lines  Code\n\
         Python          2     10     5\n\
         JavaScript      1      5     3\n\
         Total           3     15     8\n"
    );
    assert_eq!(output.stderr, "loc-badge: files left out: 1 duplicate, 1 empty, 1 without source code\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is written without --output");
}

#[test]
fn json_has_totals_and_languages() {
    let folder = service();
    fs::write(folder.path().join("app/names.py"), "NAMES = [\n    'one',\n]\n").unwrap();
    let output =
        tool("loc-badge").args(["--format", "json", "app", "web"]).current_dir(folder.path()).succeeds();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        document,
        serde_json::json!({
            "schema": 1,
            "totals": {"code": 6, "source": 7, "lines": 13, "files": 3},
            "languages": [
                {"language": "JavaScript", "code": 3, "source": 3, "lines": 5, "files": 1},
                {"language": "Python", "code": 3, "source": 4, "lines": 8, "files": 2},
            ],
            "skipped": {"binary": 0, "duplicate": 0, "empty": 1, "generated": 0, "unreadable": 0, "other": 0},
        })
    );
}

#[test]
fn the_badge_shows_the_number_and_is_the_same_every_time() {
    let folder = service();
    let run = || tool("loc-badge").args(["-o", "loc.svg"]).current_dir(folder.path());
    let output = run().succeeds();
    assert!(output.stderr.ends_with("loc-badge: wrote the badge to loc.svg\n"), "{output:?}");
    let svg = fs::read_to_string(folder.path().join("loc.svg")).unwrap();
    assert!(svg.contains("<title>lines of code: 8</title>"), "{svg}");
    assert!(svg.contains("#007ec6"), "{svg}");
    let again = run().succeeds();
    assert!(again.stderr.ends_with("the badge in loc.svg is up to date\n"), "{again:?}");
    assert_eq!(again.stdout(), output.stdout());
    assert_eq!(fs::read_to_string(folder.path().join("loc.svg")).unwrap(), svg);
}

#[test]
fn options_come_from_the_environment_too() {
    let folder = service();
    let run = || {
        tool("loc-badge")
            .env("LOC_BADGE_OUTPUT", "loc.svg")
            .env("LOC_BADGE_LABEL", "Zeilen & <Code>")
            .env("LOC_BADGE_FORMAT", "json")
            .current_dir(folder.path())
    };
    assert!(run().succeeds().stdout().starts_with("{\n  \"schema\": 1,"));
    let svg = || fs::read_to_string(folder.path().join("loc.svg")).unwrap();
    assert!(svg().contains("<title>Zeilen &amp; &lt;Code&gt;: 8</title>"));
    run().args(["--label", "loc"]).succeeds();
    assert!(svg().contains("<title>loc: 8</title>"), "what is typed wins");
    run().env("LOC_BADGE_LABEL", "").succeeds();
    assert!(svg().contains("<title>lines of code: 8</title>"), "an empty variable is none");
}

#[test]
fn a_dry_run_writes_no_badge() {
    let folder = service();
    let output = tool("loc-badge").args(["-o", "loc.svg", "--dry-run"]).current_dir(folder.path()).succeeds();
    assert!(output.stderr.ends_with("loc-badge: would write the badge to loc.svg\n"), "{output:?}");
    assert!(!folder.path().join("loc.svg").exists());
}

#[test]
fn a_file_reached_twice_counts_once() {
    let folder = service();
    symlink(".", folder.path().join("loop")).unwrap();
    symlink("app/main.py", folder.path().join("link.py")).unwrap();
    let output = tool("loc-badge").args(["app", ".", "./app/main.py"]).current_dir(folder.path()).succeeds();
    assert!(output.stdout().ends_with("Total           3     15     8\n"), "{output:?}");
}

#[test]
fn verbose_says_why_each_file_is_left_out() {
    let folder = folder_of(&[
        ("a.py", "x = 1\n"),
        ("b.py", "x = 1\n"),
        ("c.py", "# Do not edit.\nx = 2\n"),
        ("d.py", "\0"),
        ("notes.txt", "x\n"),
    ]);
    let output = tool("loc-badge").arg("-v").current_dir(folder.path()).succeeds();
    for line in [
        "./a.py: 1 lines of Python",
        "./b.py: left out, a file counted before has the same content",
        "./c.py: left out, its name or first lines say that it is generated",
        "./d.py: left out, it is binary",
        "./notes.txt: no source code, by its name",
    ] {
        assert!(output.stderr.contains(&format!("loc-badge: {line}\n")), "{line}: {output:?}");
    }
}

#[test]
fn nothing_to_count_is_a_no_and_leaves_the_old_badge() {
    for (files, left_out) in [
        (&[][..], "no regular file was found"),
        (&[("README.md", "# text\n")], "files left out: 1 without source code"),
        (&[("a.py", "# a comment\n")], "1 source file(s) hold comments, strings and brackets only"),
        (&[("a.py", ""), ("b.py", "")], "files left out: 1 duplicate, 1 empty"),
    ] {
        let folder = folder_of(files);
        fs::create_dir(folder.path().join("src")).unwrap();
        let badge = folder.path().join(".loc.svg");
        fs::write(&badge, "old").unwrap();
        let output = tool("loc-badge").args(["-o", ".loc.svg"]).current_dir(folder.path()).fails(3);
        assert_eq!(output.error()[0], "loc-badge: no line of code in '.'");
        assert!(output.error()[1].contains(left_out), "{output:?}");
        assert!(output.error()[1].ends_with("no badge was written"), "{output:?}");
        assert_eq!(output.stdout(), "");
        assert_eq!(fs::read_to_string(&badge).unwrap(), "old");
    }
}

#[test]
fn a_path_that_is_not_there_is_an_error() {
    let folder = service();
    let output = tool("loc-badge").args(["app", "srv", "-o", "loc.svg"]).current_dir(folder.path()).fails(1);
    assert!(output.error()[0].starts_with("loc-badge: cannot count 'srv': No such file"), "{output:?}");
    assert_eq!(output.stdout(), "");
    assert!(!folder.path().join("loc.svg").exists());
}

#[test]
fn a_badge_that_cannot_be_written_is_an_error() {
    let folder = service();
    for file in ["public/loc.svg", "app", ""] {
        let output = tool("loc-badge").args(["-o", file]).current_dir(folder.path()).run();
        let code = if file.is_empty() { 2 } else { 1 };
        assert_eq!(output.code, Some(code), "{output:?}");
        assert_eq!((output.error().len(), output.stdout()), (2, ""), "{output:?}");
    }
}

#[test]
fn a_folder_called_like_a_command_is_written_with_a_dot() {
    let folder = folder_of(&[("count/a.py", "x = 1\n"), ("b.py", "y = 1\nz = 1\n")]);
    let total = |args: &[&str]| {
        let output = tool("loc-badge").args(args).current_dir(folder.path()).succeeds();
        output.stdout().lines().last().unwrap_or_default().split_whitespace().last().unwrap().to_owned()
    };
    for (args, code) in [
        (&[][..], "3"),
        (&["count"], "3"),
        (&["-q", "count"], "3"),
        (&["./count"], "1"),
        (&["count", "count"], "1"),
        (&["b.py", "count"], "3"),
    ] {
        assert_eq!(total(args), code, "{args:?}");
    }
}

#[test]
fn an_option_before_a_command_is_not_lost_in_silence() {
    let folder = service();
    for args in [&["-o", "loc.svg", "count"][..], &["--format", "json", "count"]] {
        let output = tool("loc-badge").args(args).current_dir(folder.path()).fails(2);
        assert!(output.error()[0].contains("stands before 'count'"), "{output:?}");
        assert!(output.error()[1].contains("see 'loc-badge count --help'"), "{output:?}");
    }
    // A variable is for whoever wants it.
    tool("loc-badge").arg("count").env("LOC_BADGE_OUTPUT", "loc.svg").current_dir(folder.path()).succeeds();
    assert!(!folder.path().join("loc.svg").exists());
}
