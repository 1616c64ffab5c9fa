//! `compose-rewrite` as its users run it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::{TempDir, tempdir};
use testkit::{Output, Tool, tool};

const IMAGE: &str = "registry.example/team/app/ci:1.2.3";
const BUILT: &str = "services:\n\n  application:   # ours\n    build: .\n    ports: [ 80 ]\n";
const PULLED: &str = "services:\n\n  application:   # ours\n    image: registry.example/team/app/ci:1.2.3\n    ports: [ 80 ]\n";

fn image() -> Tool {
    tool("compose-rewrite").args(["image", IMAGE])
}

/// A folder with these files.
pub(super) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

pub(super) fn text(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("a text")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("entries")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn the_result_goes_to_stdout_and_the_file_stays() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    let output = image().arg("docker-compose.yml").current_dir(folder.path()).succeeds();
    assert_eq!((output.stdout(), output.stderr.as_str()), (PULLED, ""));
    assert_eq!(text(&folder, "docker-compose.yml"), BUILT);
}

#[test]
fn standard_input_is_a_dash() {
    assert_eq!(image().arg("-").stdin(BUILT).succeeds().stdout(), PULLED);
    let output = image().args(["-", "-i"]).stdin(BUILT).fails(2);
    assert_eq!(output.error()[0], "compose-rewrite: cannot change standard input in place");
}

#[test]
fn in_place_replaces_the_file_once_and_then_leaves_it_alone() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    let path = folder.path().join("docker-compose.yml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("docker-compose.yml", folder.path().join("link.yml")).unwrap();
    let run = || image().args(["link.yml", "-i"]).current_dir(folder.path()).succeeds();
    let output = run();
    assert_eq!(output.stdout(), "");
    assert!(output.stderr.contains("link.yml: written: application now uses registry.example"), "{output:?}");
    assert_eq!(text(&folder, "docker-compose.yml"), PULLED);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(folder.path().join("link.yml")).unwrap().is_symlink());
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    assert!(run().stderr.contains("link.yml: nothing to change"), "twice is once");
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
    assert_eq!(names(folder.path()), ["docker-compose.yml", "link.yml"]);
}

#[test]
fn another_file_can_take_the_result() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    let run = |out: &str| image().args(["docker-compose.yml", "--output", out]).current_dir(folder.path());
    assert_eq!(run("ci.yml").succeeds().stdout(), "");
    assert_eq!(
        (text(&folder, "ci.yml").as_str(), text(&folder, "docker-compose.yml").as_str()),
        (PULLED, BUILT)
    );
    assert_eq!(run("-").succeeds().stdout(), PULLED);
    run("no/such/folder.yml").fails(1);
    run("ci.yml").arg("-i").fails(2);
}

#[test]
fn a_dry_run_says_what_would_be_written() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    let output = image().args(["-i", "--dry-run"]).current_dir(folder.path()).succeeds();
    assert!(output.stderr.contains("dry run: docker-compose.yml: would be written"), "{output:?}");
    assert_eq!(text(&folder, "docker-compose.yml"), BUILT);
}

#[test]
fn the_file_that_compose_would_take_is_found() {
    let files = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    for (number, name) in files.iter().enumerate() {
        let all: Vec<_> = files[number..].iter().map(|name| (*name, "services: {}\n")).collect();
        let folder = folder(&all);
        fs::write(folder.path().join(name), BUILT).unwrap();
        let output = image().current_dir(folder.path()).succeeds();
        assert_eq!(output.stdout(), PULLED, "{name}");
        let warned = output
            .stderr
            .contains(&format!("warning: several compose files: {}", files[number..].join(", ")));
        assert_eq!(warned, all.len() > 1, "{output:?}");
    }
    let output = image().current_dir(tempdir().unwrap().path()).fails(2);
    assert!(output.error()[0].contains("no compose file in the current folder"), "{output:?}");
}

#[test]
fn services_are_chosen_by_option_then_environment_then_name() {
    let source = "services:\n  web: {build: .}\n  worker: {build: .}\n  application: {build: .}\n";
    let changed = |tool: Tool| -> Vec<String> {
        let output = tool.arg("-").stdin(source).succeeds();
        let lines = output.stdout().lines().filter(|line| line.contains("image"));
        lines.map(|line| line.trim().split(':').next().unwrap().to_owned()).collect()
    };
    assert_eq!(changed(image()), ["application"]);
    assert_eq!(changed(image().env("COMPOSE_REWRITE_SERVICE", "")), ["application"]);
    assert_eq!(changed(image().env("COMPOSE_REWRITE_SERVICE", "web,worker")), ["web", "worker"]);
    let both = image().env("COMPOSE_REWRITE_SERVICE", "application").args([
        "--service",
        "web",
        "--service",
        "worker",
    ]);
    assert_eq!(changed(both), ["web", "worker"]);
}

fn said(output: &Output) -> String {
    output.error().join("\n").replace("compose-rewrite: ", "")
}

#[test]
fn bad_input_is_said_in_two_lines_and_leaves_the_file_untouched() {
    let long = format!("a: {}1{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let laughs = (1..60).fold("a0: &a0 [lol]\n".to_owned(), |text, n| {
        format!("{text}a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))
    });
    let table: [(&[u8], &str); 9] = [
        (
            b"services:\n  application:\n    build: .\n   ports: []\n",
            "cannot read f.yml: line 4, column 4: while parsing a block mapping, did not find expected key\n  hint: line 4 reads: ports: []",
        ),
        (
            b"services:\n  application:\n    build: .\n    build: ..\n",
            "cannot read f.yml: line 4, column 5: the key 'build' stands in line 3, column 5 already\n  hint: remove one of the two",
        ),
        (
            b"services: \xe9\n",
            "cannot read f.yml: line 1, column 11: it is not UTF-8 text\n  hint: save it as UTF-8",
        ),
        (
            b"\xff\xfes\0",
            "cannot read f.yml: line 1, column 1: it is not UTF-8 text\n  hint: it looks like UTF-16: save it as UTF-8",
        ),
        (b"", "cannot read f.yml: it is no compose file: it is empty\n  hint: is it the right file?"),
        (
            b"services: {aplication: {build: .}}",
            "cannot put the image into f.yml: it has no service 'application'\n  hint: did you mean 'aplication'? its services are: aplication; choose with --service",
        ),
        (
            b"services: {application: {tty: true}}",
            "cannot put the image into f.yml: line 1, column 12: the service 'application' has neither build nor image\n  hint: name the file that holds the build of 'application', or write its image by hand",
        ),
        (long.as_bytes(), "cannot read f.yml: line 1, column 259: "),
        (
            laughs.as_bytes(),
            "cannot read f.yml: line 6, column 40: written out, the aliases up to here are 100000 values or more",
        ),
    ];
    let folder = folder(&[]);
    for (bytes, expected) in table {
        fs::write(folder.path().join("f.yml"), bytes).unwrap();
        let output = image().args(["f.yml", "-i"]).current_dir(folder.path()).fails(2);
        assert!(said(&output).starts_with(expected), "{}", said(&output));
        assert_eq!(fs::read(folder.path().join("f.yml")).unwrap(), bytes);
        assert_eq!(output.stdout(), "");
    }
}

#[test]
fn what_is_refused_is_an_answer_and_leaves_the_file_untouched() {
    let table = [
        (
            "x-base: &base {build: .}\nservices:\n  application:\n    <<: *base\n",
            "cannot put the image into f.yml: the build of 'application' comes in through <<, from line 1, column 16\n  hint: leave this file as it is and write an override file with --override-out OUT, or change more of it with --inline",
        ),
        (
            "services:\n  application: &app {build: .}\n  worker: *app\n",
            "cannot put the image into f.yml: the change would also reach services.worker.build, services.worker.image\n  hint: name all of these services with --service, or leave this file as it is and write an override file with --override-out OUT",
        ),
    ];
    for (source, expected) in table {
        let folder = folder(&[("f.yml", source)]);
        let output = image().args(["f.yml", "-i"]).current_dir(folder.path()).fails(3);
        assert_eq!(said(&output), expected);
        assert_eq!(text(&folder, "f.yml"), source);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    for (name, expected) in [
        ("nope.yml", "cannot read nope.yml: No such file or directory (os error 2)"),
        (".", "cannot read .: Is a directory (os error 21)"),
    ] {
        let output = image().arg(name).current_dir(folder.path()).fails(2);
        assert!(said(&output).starts_with(expected), "{output:?}");
    }
}

#[test]
fn an_image_that_compose_cannot_pull_is_refused_before_anything_is_read() {
    let folder = folder(&[("docker-compose.yml", BUILT)]);
    for (image, expected) in [
        (
            "docker-compose.yml",
            "cannot use 'docker-compose.yml' as the image: it is a file here; did you swap REF and FILE?",
        ),
        ("", "the image, REF, is empty"),
        ("a b", "cannot use 'a b' as the image: it holds ' '"),
        ("docker://a/b", "cannot use 'docker://a/b' as the image: compose knows no prefix"),
        (
            "oci:dir:1",
            "cannot use 'oci:dir:1' as the image: compose pulls from registries only, not from a layout",
        ),
    ] {
        let run = tool("compose-rewrite").args(["image", image, "docker-compose.yml", "-i"]);
        let output = run.current_dir(folder.path()).fails(2);
        assert!(said(&output).starts_with(expected), "{output:?}");
        assert_eq!(text(&folder, "docker-compose.yml"), BUILT);
    }
}

#[test]
fn what_is_left_behind_is_warned_about() {
    let source = "services:\n  application:\n    build: .\n    pull_policy: never\n";
    let output = image().arg("-").stdin(source).succeeds();
    assert!(
        output
            .stderr
            .starts_with("compose-rewrite: warning: standard input: 'application' keeps pull_policy: never")
    );
}

#[test]
fn a_reference_that_yaml_takes_for_a_number_is_quoted() {
    for (reference, expected) in
        [("1:30", "\"1:30\""), ("123", "\"123\""), ("${TAG}", "${TAG}"), ("$TAG", "$TAG")]
    {
        let run = tool("compose-rewrite").args(["image", reference, "-"]).stdin(BUILT).succeeds();
        assert_eq!(run.stdout(), PULLED.replace(IMAGE, expected));
    }
}
