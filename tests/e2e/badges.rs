//! Badges as `loc-badge` draws them: `draw`, `coverage`, `type-coverage`, and the options all of them share.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use testkit::{Output, Tool, tool};

const GREEN: &str = "#67ac09";
const YELLOW: &str = "#d8b800";
const RED: &str = "#dd4343";

/// What coverage.py 7.12 wrote about a file of seven statements, five of them run, shortened.
const COBERTURA: &str = r#"<?xml version="1.0" ?>
<coverage version="7.12.0" timestamp="1795264207140" lines-valid="7" lines-covered="5" line-rate="0.7143" branches-covered="0" branches-valid="0" branch-rate="0" complexity="0">
	<packages><package name="." line-rate="0.7143"><classes><class name="app.py" filename="app.py" line-rate="0.7143"><lines>
		<line number="1" hits="1"/><line number="4" hits="0"/>
	</lines></class></classes></package></packages>
</coverage>
"#;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn draw(folder: &Path, args: &[&str]) -> Tool {
    tool("loc-badge").arg("draw").args(args).current_dir(folder)
}

/// Runs `draw` without a file and returns the SVG.
fn drawn(args: &[&str]) -> String {
    tool("loc-badge").arg("draw").args(args).succeeds().stdout().to_owned()
}

fn title(svg: &str) -> &str {
    let start = svg.find("<title>").expect("a title") + "<title>".len();
    &svg[start..start + svg[start..].find("</title>").expect("its end")]
}

#[test]
fn draw_writes_a_file_or_to_stdout_and_the_same_every_time() {
    let folder = folder();
    let args = ["--label", "build", "--message", "passing", "--color", "brightgreen"];
    let run = || draw(folder.path(), &args).args(["-o", "build.svg"]);
    let first = run().succeeds();
    assert_eq!((first.stdout(), first.stderr.as_str()), ("", "loc-badge: wrote the badge to build.svg\n"));
    let svg = fs::read_to_string(folder.path().join("build.svg")).unwrap();
    assert_eq!(svg, drawn(&args));
    assert_eq!(title(&svg), "build: passing");
    assert!(svg.contains("role=\"img\"") && svg.contains("aria-label=\"build: passing\""), "{svg}");
    assert!(svg.contains("#44bb00"), "{svg}");
    assert_eq!(run().succeeds().stderr, "loc-badge: the badge in build.svg is up to date\n");
    let dry = draw(folder.path(), &args).args(["-o", "other.svg", "--dry-run"]).succeeds();
    assert_eq!(dry.stderr, "loc-badge: would write the badge to other.svg\n");
    assert!(!folder.path().join("other.svg").exists());
}

#[test]
fn every_style_has_its_height() {
    for (style, height) in
        [("flat", 20), ("flat-square", 20), ("plastic", 18), ("for-the-badge", 28), ("social", 20)]
    {
        let svg = drawn(&["--label", "a", "--message", "b", "--style", style]);
        assert!(svg.starts_with(&format!("<svg aria-label=\"a: b\" height=\"{height}\" ")), "{svg}");
        assert_eq!(title(&svg), "a: b");
    }
}

#[test]
fn a_message_stays_as_it_is_typed() {
    for message in ["1.10", "007", "1e3", "v1.10.0", "87.50%", "1_000", "12345", "-3.5", "a  b"] {
        let shown = message.replace("  ", " ");
        assert_eq!(title(&drawn(&["--label", "x", "--message", message])), format!("x: {shown}"));
    }
    for (message, shown) in
        [("12345", "12.3k"), ("1_234_567", "1.2M"), ("999", "999"), ("87.5%", "87.5%"), ("1.10.0", "1.10.0")]
    {
        assert_eq!(title(&drawn(&["--message", message, "--human"])), shown);
    }
}

#[test]
fn thresholds_compare_numbers_as_numbers_and_words_as_words() {
    let scale = ["--threshold", "50=red", "80=yellow", "100=green", "failing=red", "1.10.0=yellow"];
    for (message, color) in [
        ("9", RED),
        ("49.9%", RED),
        ("50%", YELLOW),
        ("80", GREEN),
        ("87.5%", GREEN),
        ("1_000", GREEN),
        ("1.2k", GREEN),
        ("failing", RED),
        ("1.10.0", YELLOW),
    ] {
        let svg = tool("loc-badge").args(["draw", "--message", message]).args(scale).succeeds();
        assert!(svg.stdout().contains(color), "{message}: {svg:?}");
    }
    let svg = drawn(&[
        "--threshold=50=red,80=yellow",
        "--threshold",
        "100=green",
        "--inclusive",
        "--message",
        "80",
    ]);
    assert!(svg.contains(YELLOW), "{svg}");
    let output = tool("loc-badge").args(["draw", "--message", "v2"]).args(scale).fails(2);
    assert_eq!(output.error()[0], "loc-badge: no threshold is for 'v2', which is no number");
}

#[test]
fn what_is_typed_wins_over_the_environment() {
    let run = |args: &[&str]| {
        let tool = tool("loc-badge").env("LOC_BADGE_MESSAGE", "60").args(["draw", "--label", "x"]).args(args);
        tool.env("LOC_BADGE_STYLE", "flat-square")
    };
    let both = |tool: Tool| {
        tool.env("LOC_BADGE_DRAW_COLOR", "green").env("LOC_BADGE_DRAW_THRESHOLD", "50=red,80=yellow")
    };
    assert!(
        run(&[]).env("LOC_BADGE_DRAW_THRESHOLD", "50=red,80=yellow").succeeds().stdout().contains(YELLOW)
    );
    assert!(both(run(&["--color", "red"])).succeeds().stdout().contains(RED));
    assert!(both(run(&["--threshold", "90=red"])).succeeds().stdout().contains(RED));
    for output in [both(run(&[])).fails(2), run(&["--color", "red", "--threshold", "90=red"]).fails(2)] {
        assert!(output.error()[0].contains("--color and --threshold both give the colour"), "{output:?}");
    }
}

/// A pipeline may name the file of one badge for all of its jobs.
#[test]
fn what_fits_one_badge_has_a_variable_for_each_command() {
    let folder = folder();
    let run = |variable: &str| {
        let tool = tool("loc-badge").current_dir(folder.path()).args(["coverage", "-", "--dry-run"]);
        tool.stdin(r#"{"totals":{"percent_covered":40,"num_statements":5}}"#)
            .env(variable, "x.svg")
            .succeeds()
    };
    assert_eq!(run("LOC_BADGE_OUTPUT").stderr, "");
    assert_eq!(run("LOC_BADGE_COVERAGE_OUTPUT").stderr, "loc-badge: would write the badge to x.svg\n");
}

#[test]
fn a_hyphen_is_standard_output_where_a_badge_fits_there() {
    let folder = folder();
    let drawn = draw(folder.path(), &["--message", "x", "-o", "-"]).succeeds();
    assert!(drawn.stdout().starts_with("<svg "), "{drawn:?}");
    fs::write(folder.path().join("a.py"), "x = 1\n").unwrap();
    let counted = tool("loc-badge").args(["-o", "-"]).current_dir(folder.path()).fails(2);
    assert!(counted.error()[0].contains("'-' is no file for the badge"), "{counted:?}");
    assert!(!folder.path().join("-").exists());
}

#[test]
fn wrong_options_are_named_and_write_nothing() {
    let folder = folder();
    fs::write(folder.path().join("b.svg"), "old").unwrap();
    fs::write(folder.path().join("notes.txt"), "notes").unwrap();
    fs::write(folder.path().join("large.svg"), vec![b' '; 100_000]).unwrap();
    for (args, code, told) in [
        (&["--color", "rde"][..], 2, "'rde' is no colour"),
        (&["--style", "flatt"], 2, "flat-square"),
        (&["--threshold", "5"], 2, "'5' is no threshold"),
        (&["--threshold", "5=rde"], 2, "the threshold '5=rde' has no colour"),
        (&["--threshold", "5=red", "5%=green"], 2, "two thresholds have the limit 5"),
        (&["--link", "javascript:alert(1)"], 2, "begins with http:// or https://"),
        (&["--link", "https://bob:s3cret@example.com"], 2, "user name or password"),
        (&["--logo", "none.svg"], 2, "cannot read the logo 'none.svg': No such file"),
        (&["--logo", "."], 2, "cannot read the logo '.'"),
        (&["--logo", "notes.txt"], 2, "'notes.txt' into the badge: the logo is no SVG, PNG, JPEG or GIF"),
        (&["--logo", "large.svg"], 2, "the logo is larger than 64 KiB"),
        (&["--logo", "/dev/zero"], 2, "the logo is larger than 64 KiB"),
        (&["--message", " \t"], 2, "a badge needs a text"),
        (&["--message", "", "--label", "style"], 2, "--message is empty"),
    ] {
        let message: &[&str] = if args[0] == "--message" { &[] } else { &["--message", "7"] };
        let output = draw(folder.path(), message).args(args).args(["-o", "b.svg"]).fails(code);
        assert!(output.error()[0].contains(told), "{args:?}: {output:?}");
        assert!(!output.stderr.contains("s3cret"), "{output:?}");
        assert_eq!(fs::read_to_string(folder.path().join("b.svg")).unwrap(), "old");
    }
    assert!(draw(folder.path(), &[]).fails(2).error()[0].contains("--message"));
}

#[test]
fn logo_and_link_are_inside_the_badge() {
    let folder = folder();
    fs::write(folder.path().join("logo"), "<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
    let link = "https://example.com/?a=1&b=\"2\"";
    let args = ["--label", "a", "--message", "b", "--logo", "logo", "--link", link];
    let output = draw(folder.path(), &args).succeeds();
    let svg = output.stdout();
    assert!(
        svg.contains(
            "href=\"data:image/svg+xml;base64,PHN2ZyB4bWxucz0naHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmcnLz4=\""
        ),
        "{svg}"
    );
    assert!(
        svg.contains("<a href=\"https://example.com/?a=1&amp;b=&quot;2&quot;\" target=\"_blank\">"),
        "{svg}"
    );
}

fn coverage(folder: &Path, args: &[&str]) -> Tool {
    tool("loc-badge").arg("coverage").args(args).current_dir(folder)
}

#[test]
fn coverage_tells_the_kinds_of_reports_by_their_content() {
    let folder = folder();
    for (report, kind) in [
        (COBERTURA, "cobertura"),
        (
            r#"{"meta": {"format": 3}, "totals": {"covered_lines": 5, "num_statements": 7, "percent_covered": 71.42857142857143}}"#,
            "coverage-py",
        ),
        (
            "TN:\nSF:app.py\nDA:1,1\nDA:2,1\nDA:3,1\nDA:4,0\nDA:7,1\nDA:8,0\nDA:11,1\nLF:7\nLH:5\nend_of_record\n",
            "lcov",
        ),
        (
            "<!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \"report.dtd\"><report name=\"a\"><counter type=\"LINE\" missed=\"2\" covered=\"5\"/></report>",
            "jacoco",
        ),
    ] {
        fs::write(folder.path().join("report"), report).unwrap();
        let output = coverage(folder.path(), &["report", "-o", "c.svg"]).succeeds();
        assert_eq!(output.stdout(), "71.4%\n", "{kind}");
        let svg = fs::read_to_string(folder.path().join("c.svg")).unwrap();
        assert_eq!(title(&svg), "coverage: 71.4%");
        assert!(svg.contains(YELLOW), "{svg}");
        let output = coverage(folder.path(), &["-", "--format", "json"]).stdin(report).succeeds();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document, serde_json::json!({"schema": 1, "kind": kind, "percent": 71.4}));
    }
    let output = coverage(
        folder.path(),
        &["report", "--threshold", "70=red", "75=green", "-o", "c.svg", "--label", "tests"],
    );
    output.succeeds();
    let svg = fs::read_to_string(folder.path().join("c.svg")).unwrap();
    assert!(svg.contains(GREEN) && title(&svg) == "tests: 71.4%", "{svg}");
}

#[test]
fn a_report_without_an_answer_writes_no_badge() {
    let folder = folder();
    let nothing = COBERTURA.replace(
        "lines-valid=\"7\" lines-covered=\"5\" line-rate=\"0.7143\"",
        "lines-valid=\"0\" lines-covered=\"0\" line-rate=\"1\"",
    );
    let nothing = nothing.lines().filter(|line| !line.contains("<line ")).collect::<String>();
    let nan =
        COBERTURA.replace("lines-valid=\"7\" lines-covered=\"5\" line-rate=\"0.7143\"", "line-rate=\"NaN\"");
    for (report, code, told) in [
        (nothing.as_str(), 3, "it measured nothing"),
        ("", 2, "the file is empty"),
        (nan.as_str(), 2, "line-rate=\"NaN\" is no number from 0 to 1"),
        (&COBERTURA[..COBERTURA.len() / 2], 2, "not well-formed"),
        ("SQLite format 3\0", 2, "coverage.py's database"),
        ("\u{89}PNG", 2, "text of another kind"),
        ("{\"totals\": {\"percent\n", 2, "a text in its JSON has no end, in line 1"),
        ("{\n\"totals\": ", 2, "its JSON ends in the middle, in line 2"),
        ("{\"percent\": 40, \"correctCount\": 2, \"totalCount\": 5}", 2, "what type-coverage writes"),
    ] {
        fs::write(folder.path().join("report"), report).unwrap();
        fs::write(folder.path().join("c.svg"), "old").unwrap();
        let output = coverage(folder.path(), &["report", "-o", "c.svg"]).fails(code);
        assert!(output.error()[0].starts_with("loc-badge: no coverage in 'report': "), "{output:?}");
        assert!(output.error()[0].contains(told), "{output:?}");
        assert_eq!((output.error().len(), output.stdout()), (2, ""), "{output:?}");
        assert_eq!(fs::read_to_string(folder.path().join("c.svg")).unwrap(), "old");
    }
    assert!(coverage(folder.path(), &["."]).fails(2).error()[0].contains("the report '.'"));
    let output = coverage(folder.path(), &["none.xml"]).fails(2);
    assert!(
        output.error()[0].starts_with("loc-badge: cannot read the report 'none.xml': No such"),
        "{output:?}"
    );
}

#[test]
fn type_coverage_has_colours_of_its_own() {
    let folder = folder();
    let run = |text: &str| -> Output {
        fs::write(folder.path().join("t.json"), text).unwrap();
        tool("loc-badge").args(["type-coverage", "t.json", "-o", "t.svg"]).current_dir(folder.path()).run()
    };
    for (percent, color) in [
        ("100", GREEN),
        ("99.99", "#95991a"),
        ("90", "#95991a"),
        ("70", YELLOW),
        ("50", "#ea7233"),
        ("49.9", RED),
    ] {
        let output = run(&format!("{{\"succeeded\":true,\"percent\":{percent},\"totalCount\":100000}}"));
        assert_eq!(output.code, Some(0), "{output:?}");
        let svg = fs::read_to_string(folder.path().join("t.svg")).unwrap();
        assert!(svg.contains(color), "{percent}: {svg}");
        assert!(title(&svg).starts_with("type coverage: "), "{svg}");
    }
    fs::remove_file(folder.path().join("t.svg")).unwrap();
    for (text, code) in [("{\"percent\":null,\"totalCount\":0}", 3), ("{}", 2), ("", 2), (COBERTURA, 2)] {
        let output = run(text);
        assert_eq!((output.code, output.error().len()), (Some(code), 2), "{output:?}");
        assert!(!folder.path().join("t.svg").exists());
    }
}

#[test]
fn the_count_takes_the_same_options() {
    let folder = folder();
    fs::write(folder.path().join("a.py"), "x = 1\n".repeat(1_250)).unwrap();
    let args = [
        "-o",
        "l.svg",
        "--style",
        "plastic",
        "--human",
        "--label",
        "loc",
        "--threshold",
        "1k=green",
        "2k=yellow",
    ];
    tool("loc-badge").args(args).current_dir(folder.path()).succeeds();
    let svg = fs::read_to_string(folder.path().join("l.svg")).unwrap();
    assert_eq!(title(&svg), "loc: 1.3k");
    assert!(svg.contains(YELLOW) && svg.contains("height=\"18\""), "{svg}");
}
