//! What a pipeline says, in a repository that says otherwise.

use testkit::{Repository, Tool};

use super::tagging::{Server, push};
use super::{play, variable, versioner};

/// Every command that reads a repository, with what it needs to succeed.
const COMMANDS: [&[&str]; 8] = [
    &["current"],
    &["next"],
    &["tags"],
    &["labels"],
    &["env"],
    &["tag"],
    &["image", "release", "--image-base", "oci:out"],
    &["tags", "--format", "references", "--image-base", "oci:out"],
];

/// An id that no repository has.
fn unknown() -> String {
    "deadbeef".repeat(5)
}

/// A pipeline of GitHub.
fn on_github(run: Tool, sha: &str, tag: Option<&str>) -> Tool {
    run.env("GITHUB_ACTIONS", "true")
        .env("GITHUB_SHA", sha)
        .env("GITHUB_REF_TYPE", if tag.is_some() { "tag" } else { "branch" })
        .env("GITHUB_REF_NAME", tag.unwrap_or("main"))
}

fn clone_with(script: &str) -> (Server, Repository) {
    let repository = play(script);
    (Server::of(&repository), repository)
}

#[test]
fn a_release_is_not_tagged_where_the_pipelines_commit_is_not() {
    let (server, repository) = clone_with("commit a; tag v1.0.0; commit feat: b");
    let clone = server.clone("one", &[]);
    let gitlab = |run: Tool| run.env("CI_COMMIT_SHA", unknown()).env("CI_COMMIT_SHORT_SHA", "deadbeef");
    let runs = [
        gitlab(push(&clone)),
        gitlab(push(&clone)).arg("--dry-run"),
        gitlab(versioner(&repository)).arg("tag"),
        on_github(push(&clone), &unknown(), None),
    ];
    for run in runs {
        let output = run.fails(1);
        let message = "the pipeline's commit deadbeef is not in this repository: it gets no tag";
        assert!(output.error()[0].ends_with(message), "{output:?}");
        assert!(output.error()[1].contains("--commit-sha"), "{output:?}");
        assert_eq!(output.stdout(), "");
    }
    assert_eq!(server.tags(), "v1.0.0 commit");
    // Who names a commit gets the tag on it.
    let made = gitlab(push(&clone)).args(["--commit-sha", &repository.head()]).succeeds();
    assert_eq!(made.stdout(), "v1.1.0\n");
    assert_eq!(server.tags(), format!("v1.0.0 commit \nv1.1.0 tag {}", repository.head()));
}

#[test]
fn the_pipelines_commit_gets_the_tag_where_head_has_moved_on() {
    let (server, repository) = clone_with("commit a; tag v1.0.0; commit feat: b; commit feat!: c");
    let clone = server.clone("one", &[]);
    let asked = repository.git(["rev-parse", "HEAD~1"]);
    let made = push(&clone).env("CI_COMMIT_SHA", &asked).succeeds();
    assert_eq!(made.stdout(), "v1.1.0\n");
    assert_eq!(server.tags(), format!("v1.0.0 commit \nv1.1.0 tag {asked}"));
}

#[test]
fn a_commit_that_is_typed_has_to_be_there() {
    let mut repository = play("commit a; tag v1.0.0");
    let typed = repository.head();
    repository.commit("feat: b");
    for args in COMMANDS.into_iter().chain([&["image", "ci", "--image-base", "oci:out"][..]]) {
        let output = versioner(&repository).args(args).args(["--commit-sha", &unknown()]).fails(2);
        assert!(output.error()[0].contains("is no commit in this repository"), "{output:?}");
        assert!(output.error()[1].contains("git fetch origin deadbeef"), "{output:?}");
        assert_eq!(output.stdout(), "");
        versioner(&repository).args(args).args(["--commit-sha", &typed]).succeeds();
    }
    // A job without a clone still names the images of its pipeline.
    let nowhere = testkit::tool("versioner").args(["image", "ci", "--image-base", "oci:out"]);
    let image = nowhere.args(["--commit-sha", &unknown()]).current_dir("/").succeeds();
    assert_eq!(image.stdout(), "oci:out/ci:deadbeef\n");
}

#[test]
fn the_tag_of_the_pipeline_has_to_stand_on_its_commit() {
    for made in ["tag 1.3.0", "annotate 1.3.0", "annotate 1.3.0; pack"] {
        let mut repository = play(&format!("commit a; {made}"));
        let first = repository.head();
        repository.commit("feat: b");
        for args in COMMANDS {
            let run = || versioner(&repository).args(args);
            let moved = [
                run().env("CI_COMMIT_TAG", "1.3.0"),
                run().env("CI_COMMIT_TAG", "1.3.0").env("CI_COMMIT_SHA", repository.head()),
                on_github(run(), &repository.head(), Some("1.3.0")),
            ];
            for run in moved {
                let output = run.fails(1);
                let message = format!("for the tag 1.3.0, which stands on commit {} here, and ", &first[..8]);
                assert!(output.error()[0].contains(&message), "{made} {output:?}");
                assert!(
                    output.error()[0].ends_with(&format!(" is {}", &repository.head()[..8])),
                    "{output:?}"
                );
                assert!(output.error()[1].contains("the tag was moved"), "{output:?}");
                assert_eq!(output.stdout(), "");
            }
            // A job that has gone on from the commit of its pipeline, and a tag that the clone has not got.
            run().env("CI_COMMIT_TAG", "1.3.0").env("CI_COMMIT_SHA", &first).succeeds();
            on_github(run(), &first, Some("1.3.0")).succeeds();
            run().env("CI_COMMIT_TAG", "1.3.1").env("CI_COMMIT_SHA", repository.head()).succeeds();
        }
    }
}

#[test]
fn a_tag_that_comes_with_the_missing_history_has_to_stand_on_the_pipelines_commit() {
    let origin = play("commit a; tag v1.3.0; commit feat: b");
    let clone = origin.clone_at_depth(1);
    let run = || versioner(&clone).arg("tags").env("CI_COMMIT_TAG", "v1.3.0");
    let output = run().arg("--deepen").fails(1);
    assert!(output.error()[0].contains("the tag v1.3.0, which stands on commit"), "{output:?}");
}

#[test]
fn what_another_repository_has_moves_no_tags() {
    let repository = play("commit a; tag v0.1.0; commit feat: b");
    let run = |args: &[&str]| {
        versioner(&repository).args(args).env("CI_COMMIT_SHA", unknown()).env("CI_COMMIT_TAG", "v1.3.9")
    };
    for command in ["tags", "env"] {
        let output = run(&[command]).fails(1);
        assert!(output.error()[0].contains("do not tell which of 1.4, 1 and latest may move"), "{output:?}");
        assert!(output.error()[1].contains("--image REF"), "{output:?}");
        assert_eq!(output.stdout(), "");
    }
    // The names are the pipeline's, wherever it reads them.
    let image = run(&["image", "release", "--image-base", "oci:out"]).succeeds();
    assert_eq!(image.stdout(), "oci:out/release:1.3.9\n");
    let env = run(&["env"]).env("CI_COMMIT_TAG", "").succeeds();
    assert_eq!(variable(env.stdout(), "IMAGE_TAGS"), Some("deadbeef"));
    assert!(env.stderr.contains("versions are HEAD's, names the pipeline's"), "{env:?}");
}
