//! The tags and labels of an image.

use serde_json::{Value, json};
use testkit::{File, Image, Registry};

use super::{play, versioner};
use crate::skopeo::push_layout;

const RELEASES: &str = "commit a; tag v1.3.8; branch back; commit fix: b; tag v1.3.9; switch main; commit feat: c; \
    tag v1.4.2; commit fix: d; tag v1.4.3; commit feat: e; tag v1.5.0-rc.1";

/// Where HEAD is | the pipeline's tag | image tags behind the short id.
const TAGS: &str = "
v1.4.3      |            | 1.4.3 1.4 1 latest
v1.4.3      | v1.4.3     | 1.4.3 1.4 1 latest
v1.4.2      | v1.4.2     | 1.4.2
v1.3.9      | v1.3.9     | 1.3.9 1.3
v1.3.8      | 1.3.8      | 1.3.8
v1.5.0-rc.1 | v1.5.0-rc.1 | 1.5.0-rc.1
v1.5.0-rc.1 | v2.0.0     | 2.0.0 2.0 2 latest
v1.5.0-rc.1 | v1.4.3+b.7 | 1.4.3_b.7 1.4 1 latest
v1.5.0-rc.1 | v0.1.0     | 0.1.0 0.1
v1.4.3      | nightly    |
";

#[test]
fn tags_that_move_only_move_forward() {
    let repository = play(RELEASES);
    for row in TAGS.lines().filter(|row| !row.is_empty()) {
        let columns: Vec<&str> = row.splitn(3, '|').map(str::trim).collect();
        let [head, tag, expected] = columns[..] else { panic!("three columns in {row}") };
        repository.git(["checkout", "--quiet", "--detach", head]);
        let printed = versioner(&repository).arg("tags").env("CI_COMMIT_TAG", tag).succeeds();
        let lines: Vec<&str> = printed.stdout().lines().collect();
        assert_eq!(lines[0], &repository.head()[..8], "{row}");
        assert_eq!(lines[1..].join(" "), expected, "{row}");
    }
    repository.git(["checkout", "--quiet", "--detach", "v1.4.2"]);
    let run = versioner(&repository).arg("tags").env("CI_COMMIT_TAG", "v1.4.2").succeeds();
    assert!(run.stderr.contains("latest stays where it is"), "{run:?}");
    let pipeline = versioner(&repository).arg("tags").env("CI_COMMIT_SHA", repository.head()).succeeds();
    assert_eq!(pipeline.stdout(), format!("{}\n", &repository.head()[..8]), "a branch releases nothing");
    let long = format!("v1.4.3+{}", "b".repeat(130));
    let output = versioner(&repository).arg("tags").env("CI_COMMIT_TAG", long).fails(2);
    assert!(output.error()[0].contains("128"), "{output:?}");
}

#[test]
fn environments_are_tags_too() {
    let repository = play("commit a");
    let short = &repository.head()[..8];
    let run = || versioner(&repository).args(["tags"]);
    let output = run().env("CI_ENVIRONMENT_SLUG", "dev").succeeds();
    assert_eq!(output.stdout(), format!("{short}\ndev\n"));
    let output = run().args(["--environment", "prev", "--environment", "prod"]).succeeds();
    assert_eq!(output.stdout(), format!("{short}\nprev\nprod\n"));
    for name in ["latest", "1.4", "v1", "1.4.3", "027c3e98"] {
        let output = run().args(["--environment", name]).fails(2);
        assert!(output.error()[0].contains(&format!("no environment can be called '{name}'")), "{output:?}");
        run().env("CI_ENVIRONMENT_SLUG", name).fails(2);
    }
    let output = run().args(["--environment", "review/x"]).fails(2);
    assert!(output.error()[0].contains("review/x") && output.stdout().is_empty(), "{output:?}");
}

#[test]
fn every_builder_gets_its_own_format() {
    let repository = play("commit a; tag v1.4.3");
    let short = repository.head()[..8].to_owned();
    let base = "registry.example.com/app";
    let run = |format: &str, args: &[&str]| {
        versioner(&repository).args(["tags", "--format", format]).args(args).args(["--image-base", base])
    };
    let names = [short.as_str(), "1.4.3", "1.4", "1", "latest"];
    let references: Vec<String> = names.iter().map(|tag| format!("{base}/release:{tag}")).collect();
    let docker: Vec<_> = references.iter().map(|reference| format!("--tag {reference}")).collect();
    let docker = format!("{}\n", docker.join(" "));
    assert_eq!(run("docker", &[]).succeeds().stdout(), docker);
    assert_eq!(run("docker", &["ci"]).succeeds().stdout(), docker.replace("/release:", "/ci:"));
    let lines = |kind: &str| format!("{}\n", references.join("\n")).replace("/release:", kind);
    assert_eq!(run("references", &[]).succeeds().stdout(), lines("/release:"));
    assert_eq!(run("references", &["ci"]).succeeds().stdout(), lines("/ci:"));
    let layout = versioner(&repository).args(["tags", "--format", "references", "--image-base", "oci:out"]);
    assert_eq!(layout.succeeds().stdout(), lines("/release:").replace(base, "oci:out"));
    let buildctl = format!("type=image,\"name={}\",push=true\n", references.join(","));
    assert_eq!(run("buildctl", &[]).succeeds().stdout(), buildctl);
    let read = |format| serde_json::from_str::<Value>(run(format, &[]).succeeds().stdout()).expect("JSON");
    assert_eq!(read("bake"), json!({ "target": { "versioner": { "tags": references } } }));
    assert_eq!(read("json"), json!({ "schema": 1, "tags": names, "references": references }));
    let bare = versioner(&repository).args(["tags", "--format", "json"]).succeeds();
    assert_eq!(
        serde_json::from_str::<Value>(bare.stdout()).expect("JSON"),
        json!({ "schema": 1, "tags": names })
    );
    versioner(&repository).args(["tags", "--format", "references"]).fails(2);
    for format in ["docker", "buildctl", "bake"] {
        let output =
            versioner(&repository).args(["tags", "--format", format, "--image-base", "oci:out"]).fails(2);
        assert!(output.error()[0].contains("in a directory"), "{output:?}");
        assert!(output.error()[1].contains("--format references"), "{output:?}");
        versioner(&repository).args(["tags", "--format", format]).fails(2);
    }
}

#[test]
fn a_registry_knows_which_releases_there_are() {
    let registry = Registry::start();
    let folder = tempfile::tempdir().expect("a folder");
    Image::new().layer(vec![File::new("a", "1")]).write(folder.path(), "x").expect("a layout");
    for tag in ["1.4.3", "1.4", "1", "latest", "2.0.0-rc.1", "027c3e98"] {
        push_layout(folder.path(), "x", registry.address(), &format!("app/release:{tag}"));
    }
    // The clone knows nothing of 1.4.3.
    let repository = play("commit a; commit b; commit c; tag v1.3.9; depth 1");
    let image = format!("{}/app/release", registry.address());
    let output = versioner(&repository).args(["tags", "--image", &image]).succeeds();
    let short = &repository.head()[..8];
    assert_eq!(output.stdout(), format!("{short}\n1.3.9\n1.3\n"));
    let none = format!("{}/app/none", registry.address());
    // A slip in the name must not let 1 and latest go backwards: then the git tags count, and here some are missing.
    let output = versioner(&repository).args(["tags", "--image", &none]).fails(1);
    assert!(output.stderr.contains("the git tags say what may move"), "{output:?}");
    assert_eq!(output.stdout(), "");
}

#[test]
fn a_clone_without_all_tags_does_not_guess() {
    let origin = play(RELEASES);
    let shallow = play("commit a; commit b; tag v1.4.3; depth 1");
    // What GitLab's runner does in a pipeline for a tag: this history is shorter than the depth, so nothing is shallow.
    let runner = testkit::Repository::new();
    let source = format!("file://{}", origin.path().display());
    runner.git(["remote", "add", "origin", &source]);
    runner.git(["fetch", "--quiet", "--depth", "20", "origin", "+refs/tags/v1.3.9:refs/tags/v1.3.9"]);
    runner.git(["checkout", "--quiet", "--detach", "v1.3.9"]);
    for (clone, tag) in [(&shallow, "v1.4.3"), (&runner, "v1.3.9")] {
        let output = versioner(clone).arg("tags").env("CI_COMMIT_TAG", tag).fails(1);
        assert!(output.error()[0].contains("has not all tags"), "{output:?}");
        assert!(output.error()[1].contains("GIT_DEPTH: 0"), "{output:?}");
        // A pipeline gets all that it asked for or nothing: what is missing would be missed in a later job.
        let env = versioner(clone).arg("env").env("CI_COMMIT_TAG", tag).fails(1);
        assert!(env.error()[0].contains("has not all tags") && env.stdout().is_empty(), "{env:?}");
        assert!(env.error()[1].contains("GIT_DEPTH: 0"), "{env:?}");
        // On a laptop all the rest is known.
        let env = versioner(clone).arg("env").succeeds();
        assert!(
            env.stderr.contains("IMAGE_TAGS is left out") && !env.stdout().contains("IMAGE_TAGS"),
            "{env:?}"
        );
        assert!(env.stdout().contains(&format!("VERSION={}\n", &tag[1..])), "{env:?}");
        // A pre-release moves nothing, whatever else there is.
        let tag = "v9.0.0-rc.1";
        let tags = versioner(clone).arg("tags").env("CI_COMMIT_TAG", tag).succeeds();
        assert_eq!(tags.stdout(), format!("{}\n9.0.0-rc.1\n", &clone.head()[..8]));
    }
    let output = versioner(&runner).args(["tags", "--deepen"]).env("CI_COMMIT_TAG", "v1.3.9").succeeds();
    assert_eq!(output.stdout(), format!("{}\n1.3.9\n1.3\n", &runner.head()[..8]));
}

#[test]
fn labels_say_where_an_image_is_from() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let head = repository.head();
    let version = format!("1.0.0+g{}", &head[..8]);
    let run = |format: &str| {
        versioner(&repository)
            .args(["labels", "--format", format])
            .env("CI_COMMIT_SHA", &head)
            .env("CI_COMMIT_BRANCH", "feature/x")
            .env("CI_PROJECT_URL", "https://gitlab.example.com/team/app")
            .env("CI_PROJECT_TITLE", "The app's title")
            .succeeds()
    };
    let labels = json!({
        "org.opencontainers.image.created": "2024-01-01T00:02:00Z",
        "org.opencontainers.image.revision": head,
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.source": "https://gitlab.example.com/team/app",
        "org.opencontainers.image.url": "https://gitlab.example.com/team/app",
        "org.opencontainers.image.title": "The app's title",
        "org.opencontainers.image.ref.name": "feature/x",
        "commit": head,
        "branch": "feature/x",
        "version": version,
    });
    let json = run("json");
    assert_eq!(json.stderr, "");
    let read: Value = serde_json::from_str(json.stdout()).expect("JSON");
    assert_eq!(read, json!({ "schema": 1, "labels": labels }));
    let docker = run("docker");
    assert!(docker.stdout().contains(&format!("--label version={version}")), "{docker:?}");
    assert!(
        docker.stdout().contains(r"--label 'org.opencontainers.image.title=The app'\''s title'"),
        "{docker:?}"
    );
    assert!(run("buildctl").stdout().contains(&format!("--opt label:commit={head} ")));
    let lines = run("lines");
    let expected: Vec<String> = labels
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().expect("text")))
        .collect();
    let mut shown: Vec<&str> = lines.stdout().lines().collect();
    assert_eq!(shown[0], "org.opencontainers.image.created=2024-01-01T00:02:00Z");
    shown.sort_unstable();
    assert_eq!(shown, {
        let mut sorted = expected;
        sorted.sort_unstable();
        sorted
    });
    let torn = versioner(&repository)
        .args(["labels", "--format", "lines"])
        .env("CI_PROJECT_TITLE", "a\nb=c")
        .fails(2);
    assert!(torn.error()[0].contains("image.title on a line") && torn.stdout().is_empty(), "{torn:?}");
    let laptop = versioner(&repository).args(["labels", "--format", "json"]).succeeds();
    assert!(laptop.stderr.contains("image.source is left out: it needs CI_PROJECT_URL"), "{laptop:?}");
    assert!(laptop.stdout().contains("\"branch\": \"main\""), "{laptop:?}");
}
