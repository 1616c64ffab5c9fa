//! How `compose-rewrite` treats files: several at once, links, owners, diffs, checks, override files.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use testkit::{Tool, binaries, tool};

use super::compose_rewrite::{folder, text};

const IMAGE: &str = "registry.example/team/app/ci:1.2.3";
const BUILT: &str = "services:\n  application:\n    build: .  # here\n    tty: true\n";
const PULLED: &str =
    "services:\n  application:\n    image: registry.example/team/app/ci:1.2.3\n    tty: true\n";
const DIFF: &str = "--- f.yml\n+++ f.yml\n@@ -1,4 +1,4 @@\n services:\n   application:\n-    build: .  # here\n+    image: registry.example/team/app/ci:1.2.3\n     tty: true\n";

fn image(folder: &TempDir) -> Tool {
    tool("compose-rewrite").args(["image", IMAGE]).current_dir(folder.path())
}

#[test]
fn several_files_are_changed_together_or_not_at_all() {
    let refused = "x: &x {build: .}\nservices:\n  application:\n    <<: *x\n";
    let folder =
        folder(&[("a.yml", BUILT), ("b.yml", BUILT), ("c.yml", refused), ("d.yml", "services: {}\n")]);
    image(&folder).args(["a.yml", "c.yml", "-i"]).fails(3);
    image(&folder).args(["a.yml", "nope.yml", "-i"]).fails(2);
    assert_eq!(text(&folder, "a.yml"), BUILT, "c.yml was refused, so a.yml stays");
    let output = image(&folder).args(["a.yml", "d.yml", "b.yml", "-i"]).succeeds();
    assert_eq!((text(&folder, "a.yml").as_str(), text(&folder, "b.yml").as_str()), (PULLED, PULLED));
    assert!(output.stderr.contains("d.yml: nothing to change: none of the services is here"), "{output:?}");
}

#[test]
fn several_files_do_not_go_into_one() {
    let folder = folder(&[("a.yml", BUILT), ("b.yml", BUILT)]);
    for more in [vec![], vec!["-o", "out.yml"]] {
        let output = image(&folder).args(["a.yml", "b.yml"]).args(more).fails(2);
        assert_eq!(output.error()[0], "compose-rewrite: cannot make one result of 2 files");
    }
    let none = image(&folder).args(["a.yml", "b.yml", "-i", "--service", "web"]).fails(2);
    assert_eq!(
        none.error()[0],
        "compose-rewrite: none of a.yml, b.yml has a service 'web' with a build or an image"
    );
    assert_eq!(text(&folder, "a.yml"), BUILT);
}

#[test]
fn when_writing_stops_half_way_it_says_what_is_written() {
    let long = format!("{BUILT}{}", "# a comment\n".repeat(1000));
    let folder = folder(&[("a.yml", BUILT), ("b.yml", &long)]);
    // The system stops to write the second file at 4 KB, as a full disk would.
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", limited, "sh"])
        .arg(binaries().join("compose-rewrite"))
        .args(["image", IMAGE, "a.yml", "b.yml", "-i"])
        .current_dir(folder.path())
        .output()
        .expect("sh");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write b.yml: File too large"), "{said}");
    assert!(said.contains("hint: written before that: a.yml"), "{said}");
    assert_eq!((text(&folder, "a.yml").as_str(), text(&folder, "b.yml").as_str()), (PULLED, long.as_str()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file stays");
}

#[test]
fn a_check_writes_nothing_and_answers_with_its_exit_code() {
    let folder = folder(&[("f.yml", BUILT), ("g.yml", PULLED)]);
    for more in [vec![], vec!["-i"], vec!["-o", "out.yml"]] {
        let output = image(&folder).args(["f.yml", "--check"]).args(&more).run();
        assert_eq!((output.code, output.stdout()), (Some(3), ""), "{output:?}");
        assert!(output.stderr.contains("f.yml: would change: application now uses"), "{output:?}");
        assert_eq!(text(&folder, "f.yml"), BUILT);
        assert!(!folder.path().join("out.yml").exists());
    }
    assert_eq!(image(&folder).args(["g.yml", "--check"]).succeeds().stdout(), "");
    assert_eq!(image(&folder).args(["g.yml", "f.yml", "--check"]).run().code, Some(3));
}

#[test]
fn a_diff_says_what_changes_and_can_be_applied() {
    let folder = folder(&[("f.yml", BUILT), ("g.yml", PULLED)]);
    assert_eq!(image(&folder).args(["f.yml", "--diff"]).succeeds().stdout(), DIFF);
    assert_eq!(image(&folder).args(["g.yml", "--diff"]).succeeds().stdout(), "");
    assert_eq!(image(&folder).args(["g.yml", "f.yml", "--diff", "--check"]).run().stdout(), DIFF);
    assert_eq!(text(&folder, "f.yml"), BUILT);
    assert_eq!(image(&folder).args(["f.yml", "--diff", "-o", "out.yml"]).succeeds().stdout(), DIFF);
    assert_eq!(text(&folder, "out.yml"), PULLED);
    for (name, source) in [
        ("lf.yml", BUILT.to_owned()),
        ("crlf.yml", BUILT.replace('\n', "\r\n")),
        ("end.yml", BUILT.trim_end().to_owned()),
    ] {
        fs::write(folder.path().join(name), &source).unwrap();
        let diff = image(&folder).args([name, "--diff"]).succeeds();
        let mut git = Command::new("git")
            .args(["apply", "-p0", "--whitespace=nowarn"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .spawn()
            .expect("git");
        git.stdin.take().unwrap().write_all(&diff.stdout).unwrap();
        assert!(git.wait().unwrap().success(), "{diff:?}");
        let printed = image(&folder).arg(name).succeeds();
        assert_eq!(text(&folder, name), printed.stdout(), "applied and written are the same");
    }
}

#[test]
fn mode_and_owner_stay_and_hard_links_are_reported() {
    let folder = folder(&[("f.yml", BUILT)]);
    let path = folder.path().join("f.yml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    // Only root may give files away.
    let owner = if chown(&path, Some(1234), Some(2345)).is_ok() { Some((1234, 2345)) } else { None };
    fs::hard_link(&path, folder.path().join("other.yml")).unwrap();
    let output = image(&folder).args(["f.yml", "-i"]).succeeds();
    let known = fs::metadata(&path).unwrap();
    assert_eq!(known.mode() & 0o777, 0o604);
    if let Some(owner) = owner {
        assert_eq!((known.uid(), known.gid()), owner);
    }
    assert!(
        output.stderr.contains(
            "warning: f.yml: it had 2 hard links; under the other names the old text is still there"
        ),
        "{output:?}"
    );
    assert_eq!((text(&folder, "f.yml").as_str(), text(&folder, "other.yml").as_str()), (PULLED, BUILT));
    let again = image(&folder).args(["other.yml", "-i", "-q"]).succeeds();
    assert_eq!(again.stderr, "");
}

#[test]
fn the_image_comes_from_the_environment_as_versioner_names_it() {
    let folder = folder(&[("f.yml", BUILT), ("compose.yml", BUILT)]);
    let run = |args: &[&str]| {
        tool("compose-rewrite").arg("image").args(args).current_dir(folder.path()).env("CI_IMAGE", IMAGE)
    };
    assert_eq!(run(&["--from-env", "f.yml"]).succeeds().stdout(), PULLED);
    assert_eq!(run(&["--from-env"]).succeeds().stdout(), PULLED);
    for (args, expected) in [
        (vec!["--from-env", IMAGE], "is no file; is it the image? --from-env was given too"),
        (vec![], "the image, REF, is missing"),
        (vec!["f.yml"], "cannot use 'f.yml' as the image: it is a file here; did you swap REF and FILE?"),
    ] {
        let output = run(&args).fails(2);
        assert!(output.error()[0].contains(expected), "{output:?}");
    }
    let unset = tool("compose-rewrite").args(["image", "--from-env", "f.yml"]).current_dir(folder.path());
    assert_eq!(
        unset.fails(2).error()[0],
        "compose-rewrite: there is no image to put in: CI_IMAGE is not set"
    );
}

#[test]
fn a_dollar_sign_is_left_to_compose_or_escaped() {
    let folder = folder(&[("f.yml", BUILT)]);
    let run = |more: &[&str]| {
        let run = tool("compose-rewrite").args(["image", "${R}/app:$T", "f.yml"]).args(more);
        run.current_dir(folder.path()).succeeds().stdout().to_owned()
    };
    assert_eq!(run(&[]), PULLED.replace(IMAGE, "${R}/app:$T"));
    assert_eq!(run(&["--escape"]), PULLED.replace(IMAGE, "$${R}/app:$$T"));
}

const HEADER: &str = "# Made by compose-rewrite, to be used behind the file it is for: docker compose -f FILE -f THIS\nservices:\n";

#[test]
fn an_override_file_works_for_merged_extended_and_included_services() {
    let source = "include: [more.yml]\nx: &x {build: ., pull_policy: never}\nservices:\n  merged:\n    <<: *x\n  own: {build: .}\n  extended: {extends: own}\n  pulled: {image: p}\n  shared: &s {build: .}\n  alias: *s\n";
    let folder = folder(&[("f.yml", source)]);
    let run = |services: &str, more: &[&str]| {
        image(&folder).args(["f.yml", "--override-out", "o.yml", "--service", services]).args(more)
    };
    for (services, expected) in [
        ("merged", "  merged:\n    build: !reset null\n    image: REF\n"),
        (
            "extended,own",
            "  extended:\n    build: !reset null\n    image: REF\n  own:\n    build: !reset null\n    image: REF\n",
        ),
        ("pulled", "  pulled:\n    image: REF\n"),
        ("alias", "  alias:\n    build: !reset null\n    image: REF\n"),
        ("elsewhere", "  elsewhere:\n    build: !reset null\n    image: REF\n"),
    ] {
        let output = run(services, &[]).succeeds();
        assert_eq!(text(&folder, "o.yml"), format!("{HEADER}{}", expected.replace("REF", IMAGE)));
        assert_eq!(output.stdout(), "");
        assert_eq!(
            output.stderr.contains("warning: 'elsewhere' is not written in f.yml"),
            services == "elsewhere"
        );
        assert_eq!(output.stderr.contains("keeps pull_policy: never"), services == "merged", "{output:?}");
        assert_eq!(run(services, &["--check"]).run().code, Some(0), "twice is once");
    }
    // A slip is none that is included: compose would make a service of it.
    let slip = run("ownn", &[]).fails(2);
    assert!(slip.stderr.contains("'own'"), "{slip:?}");
    assert_eq!(text(&folder, "f.yml"), source);
    let fixed = run("merged", &["--fix-pull-policy", "--override-out", "-"]).run();
    assert_eq!(fixed.code, Some(2), "one override file at a time");
    let printed =
        image(&folder).args(["f.yml", "--override-out", "-", "--service", "merged", "--fix-pull-policy"]);
    assert_eq!(
        printed.succeeds().stdout(),
        format!("{HEADER}  merged:\n    build: !reset null\n    image: {IMAGE}\n    pull_policy: missing\n")
    );
    run("own", &["-i"]).fails(2);
}

#[test]
fn an_override_file_for_nobody_is_a_mistake() {
    let folder = folder(&[
        ("f.yml", "services:\n  aplication: {build: .}\n"),
        (
            "g.yml",
            "services:\n  application: {build: .}\n  w: {build: {context: ., additional_contexts: {a: 'service:application'}}}\n",
        ),
    ]);
    let missing = image(&folder).args(["f.yml", "--override-out", "o.yml"]).fails(2);
    assert_eq!(missing.error()[0], "compose-rewrite: cannot override f.yml: it has no service 'application'");
    image(&folder).args(["g.yml", "--override-out", "o.yml"]).fails(3);
    assert!(!folder.path().join("o.yml").exists());
    let both =
        image(&folder).args(["f.yml", "g.yml", "--override-out", "-", "--service", "aplication"]).succeeds();
    assert_eq!(both.stdout(), format!("{HEADER}  aplication:\n    build: !reset null\n    image: {IMAGE}\n"));
}
