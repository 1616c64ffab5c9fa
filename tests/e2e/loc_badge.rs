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
        "Language    Files  Lines  Source  Code\n\
         Python          2     10       5     5\n\
         JavaScript      1      5       3     3\n\
         Total           3     15       8     8\n"
    );
    assert_eq!(output.stderr, "loc-badge: left out: 1 duplicate, 1 empty, 1 of other kinds\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is written without --output");
}

fn file(path: &str, language: &str, rule: &str, state: &str, numbers: [usize; 3]) -> serde_json::Value {
    let [code, source, lines] = numbers;
    serde_json::json!({
        "path": path, "language": language, "rule": rule, "state": state,
        "code": code, "source": source, "lines": lines,
    })
}

#[test]
fn json_has_totals_languages_and_files() {
    let folder = service();
    fs::write(folder.path().join("app/names.py"), "NAMES = [\n    'one',\n]\n").unwrap();
    let output =
        tool("loc-badge").args(["--format", "json", "app", "web"]).current_dir(folder.path()).succeeds();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        document,
        serde_json::json!({
            "schema": 1,
            "count": "code",
            "totals": {"code": 6, "source": 7, "lines": 13, "files": 3},
            "languages": [
                {"language": "JavaScript", "rule": "tokei", "code": 3, "source": 3, "lines": 5, "files": 1},
                {"language": "Python", "rule": "pygount", "code": 3, "source": 4, "lines": 8, "files": 2},
            ],
            "files": [
                file("app/__init__.py", "Python", "pygount", "empty", [0, 0, 0]),
                file("app/main.py", "Python", "pygount", "counted", [2, 2, 5]),
                file("app/names.py", "Python", "pygount", "counted", [1, 2, 3]),
                file("web/main.js", "JavaScript", "tokei", "counted", [3, 3, 5]),
            ],
            "skipped": {
                "binary": 0, "duplicate": 0, "empty": 1, "generated": 0, "unreadable": 0, "excluded": 0, "ignored": 0, "other": 0,
            },
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
    let slip = tool("loc-badge").args(["conut", "app"]).current_dir(folder.path()).fails(2);
    assert!(slip.error()[1].contains("did you mean the command 'count'?"), "{slip:?}");
}

#[test]
fn a_file_reached_twice_counts_once() {
    let folder = service();
    symlink(".", folder.path().join("loop")).unwrap();
    symlink("app/main.py", folder.path().join("link.py")).unwrap();
    let output = tool("loc-badge").args(["app", ".", "./app/main.py"]).current_dir(folder.path()).succeeds();
    assert!(output.stdout().ends_with("Total           3     15       8     8\n"), "{output:?}");
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
        "./notes.txt: left out by its name",
    ] {
        assert!(output.stderr.contains(&format!("loc-badge: {line}\n")), "{line}: {output:?}");
    }
}

#[test]
fn nothing_to_count_is_a_no_and_leaves_the_old_badge() {
    for (files, left_out) in [
        (&[][..], "no regular file was found"),
        (&[("README.md", "# text\n")], "left out: 1 of other kinds"),
        (&[("a.py", "# a comment\n")], "1 file(s) hold only comments, text, strings and brackets"),
        (&[("a.py", ""), ("b.py", "")], "left out: 1 duplicate, 1 empty"),
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
    let output = tool("loc-badge").args(["app", "srv", "-o", "loc.svg"]).current_dir(folder.path()).fails(2);
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

/// A project with what languages, suffixes and patterns choose from.
fn project() -> TempDir {
    folder_of(&[
        ("app/a.py", "x = [\n    'one',\n]\n"),
        ("app/b.pyi", "x: list\ny: int\n"),
        ("web/c.js", "let c = 1;\nlet d = 2;\nlet e = 3;\n"),
        ("docs/d.md", "# Title\n\nText\n"),
        ("data.json", "{\n  \"a\": 1\n}\n"),
        ("package-lock.json", "{\n  \"a\": 2\n}\n"),
        ("gen/f.py", "f = 1\n"),
        (".gitignore", "gen/\n"),
    ])
}

fn totals(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let folder = project();
    let mut tool = tool("loc-badge").args(["count", "-q", "--format", "dotenv"]).args(arguments);
    for (name, value) in variables {
        tool = tool.env(name, value);
    }
    let output = tool.current_dir(folder.path()).succeeds();
    let numbers: Vec<_> = output.stdout().lines().filter_map(|line| line.split_once('=')).collect();
    assert_eq!(
        numbers.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["LOC_CODE", "LOC_SOURCE", "LOC_LINES", "LOC_FILES"]
    );
    numbers.into_iter().map(|(_, number)| number).collect::<Vec<_>>().join(" ")
}

#[test]
fn flags_and_variables_choose_what_is_counted() {
    for (arguments, variables, expected) in [
        (&[][..], &[][..], "6 7 8 3"),
        (&["--suffix", "py"], &[], "1 2 3 1"),
        (&["--suffix", "py,js"], &[], "4 5 6 2"),
        (&["--suffix", "py", "--suffix", "pyi"], &[], "3 4 5 2"),
        (&["--suffix", "json"], &[], "1 1 3 1"),
        (&["--suffix", "*"], &[], "7 8 14 5"),
        (&["--language", "python"], &[], "3 4 5 2"),
        (&["--language", "Markdown", "--count", "lines"], &[], "0 0 3 1"),
        (&["--exclude", "web"], &[], "3 4 5 2"),
        (&["--exclude", "web", "--exclude", "*.pyi"], &[], "1 2 3 1"),
        (&["--no-gitignore"], &[], "7 8 9 4"),
        (&["gen"], &[], "1 1 1 1"),
        (&[], &[("FILE_SUFFIX", "py")], "1 2 3 1"),
        (&["--suffix", "js"], &[("FILE_SUFFIX", "py")], "3 3 3 1"),
        (&[], &[("FILE_SUFFIX", "")], "6 7 8 3"),
        (&[], &[("LOC_BADGE_LANGUAGE", "Python"), ("LOC_BADGE_EXCLUDE", "*.pyi,x")], "1 2 3 1"),
        (&[], &[("LOC_BADGE_NO_GITIGNORE", "true")], "7 8 9 4"),
    ] {
        assert_eq!(totals(arguments, variables), expected, "{arguments:?} {variables:?}");
    }
}

#[test]
fn rows_are_languages_or_files_in_text_or_markdown() {
    let folder = project();
    let run = |args: &[&str]| {
        tool("loc-badge")
            .args(["count", "-q"])
            .args(args)
            .current_dir(folder.path())
            .succeeds()
            .stdout()
            .to_owned()
    };
    assert_eq!(
        run(&["--by", "file"]),
        "File       Language    Lines  Source  Code\n\
         web/c.js   JavaScript      3       3     3\n\
         app/b.pyi  Python          2       2     2\n\
         app/a.py   Python          3       2     1\n\
         Total                      8       7     6\n"
    );
    assert_eq!(
        run(&["--format", "markdown", "--count", "source"]),
        "| Language | Files | Lines | Source | Code |\n\
         |---|--:|--:|--:|--:|\n\
         | Python | 2 | 5 | 4 | 3 |\n\
         | JavaScript | 1 | 3 | 3 | 3 |\n\
         | Total | 3 | 8 | 7 | 6 |\n"
    );
}

#[test]
fn the_badge_shows_the_measure_that_was_asked_for() {
    let folder = project();
    for (count, number) in [("code", 1), ("source", 2), ("lines", 3)] {
        let args = ["--suffix", "py", "--count", count, "-o", "loc.svg"];
        tool("loc-badge").args(args).current_dir(folder.path()).succeeds();
        let svg = fs::read_to_string(folder.path().join("loc.svg")).unwrap();
        assert!(svg.contains(&format!("<title>lines of code: {number}</title>")), "{svg}");
    }
}

#[test]
fn what_is_chosen_and_not_there_is_a_no_and_a_slip_is_wrong_usage() {
    let folder = project();
    for (args, code, message, hint) in [
        (&["--suffix", "md"][..], 3, "no line of code in '.'", "1 file(s) hold only comments, text"),
        (&["--suffix", "go"], 3, "no line of code in '.'", "of other kinds"),
        (&["--exclude", "{app,web}"], 2, "'{app' is half of a pair of braces", "know no {a,b}"),
        (&["--exclude", "app,[w"], 2, "--exclude: '[w' has a [ without its ]", "\\[ is a bracket"),
        (&["--exclude", "*"], 3, "no line of code in '.'", "left out: 6 excluded"),
        (&["--suffix", "py", "--count", "lines", "web"], 3, "no line in 'web'", "1 of other kinds"),
        (
            &["--suffix", "pyy"],
            2,
            "--suffix: 'pyy' is the suffix of no known language",
            "separated by commas",
        ),
        (&["--language", "Pyhton"], 2, "--language: 'Pyhton' is not known", "did you mean 'Python'?"),
        (
            &["--count", "words"],
            2,
            "invalid value 'words' for '--count <LINES>'",
            "see 'loc-badge count --help'",
        ),
    ] {
        let output = tool("loc-badge").arg("count").args(args).current_dir(folder.path()).fails(code);
        assert!(output.error()[0].contains(message), "{output:?}");
        assert!(output.error()[1].contains(hint), "{output:?}");
        assert_eq!(output.stdout(), "");
    }
}

/// Root may read everything, so the tool runs as nobody where the tests run as root.
#[test]
fn what_cannot_be_read_is_an_error() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let folder = project();
    let mode = |path: &str, mode| {
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    // By another program: while this one has the file open to write, a test beside it may fork, and the file is busy.
    let copied = Command::new("cp")
        .arg(testkit::binaries().join("loc-badge"))
        .arg(folder.path().join("tool"))
        .status();
    assert!(copied.unwrap().success());
    for unreadable in ["app/a.py", "web", ".gitignore"] {
        mode(unreadable, 0);
        let mut command = Command::new(folder.path().join("tool"));
        command.arg("count").current_dir(folder.path());
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(65534).gid(65534);
        }
        let output = command.output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        let expected = format!(
            "loc-badge: cannot read './{unreadable}': Permission denied (os error 13)\n  \
             hint: make it readable, or name only the folders to count: a total without it would be wrong\n"
        );
        assert_eq!(message, expected);
        assert_eq!(output.stdout, b"");
        mode(unreadable, 0o755);
    }
}

#[test]
fn the_answer_does_not_depend_on_who_was_first() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 0..300 {
        let path = folder.path().join(format!("{}/{}/{number}.py", number % 7, number % 3));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Every content is there three times.
        fs::write(path, "x = 1\n".repeat(1 + number / 3)).unwrap();
    }
    let run = |threads: &str| {
        let tool = tool("loc-badge").args(["count", "--format", "json"]).env("RAYON_NUM_THREADS", threads);
        tool.current_dir(folder.path()).succeeds().stdout().to_owned()
    };
    let alone = run("1");
    assert!(alone.contains("\"code\": 5050,"), "{alone}");
    for threads in ["2", "8"] {
        assert_eq!(run(threads), alone, "{threads}");
    }
}
