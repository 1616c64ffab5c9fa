//! Which tag is released, and which commit it is on: a slip must not make a tag.

use testkit::{Repository, Tool, tool};

use super::Place;
use super::gitlab::{PROJECT, SHA, gitlab, in_job, release};

fn told(run: Tool, code: i32, words: &[&str]) {
    let output = run.fails(code);
    for word in words {
        assert!(output.stderr.contains(word), "{word:?} is missing in {output:?}");
    }
}

#[test]
fn a_pipeline_for_a_tag_releases_that_tag_and_makes_none() {
    let gitlab = gitlab();
    let run = || in_job(&gitlab.address()).env("CI_COMMIT_TAG", "1.2.0").env("CI_COMMIT_SHA", SHA);
    let before = gitlab.state(PROJECT);
    told(
        run().args(["create", "1.2.1"]),
        2,
        &["this pipeline is for the tag '1.2.0', not for '1.2.1'", "--ref SHA"],
    );
    let gone = run().env("CI_COMMIT_TAG", "3.0.0").arg("create");
    told(gone, 2, &["the tag '3.0.0' is not in team/app"]);
    let moved = run().env("CI_COMMIT_SHA", "2".repeat(40)).arg("create");
    told(moved, 2, &["stands on 1111", &format!("--ref {SHA}")]);
    assert_eq!(gitlab.state(PROJECT), before);
    assert_eq!(run().arg("create").succeeds().stderr, "");
    assert_eq!(release(&gitlab.state(PROJECT), "1.2.0")["name"], "1.2.0");
    let other = run().args(["create", "1.2.1", "--ref", SHA]).succeeds();
    assert!(
        other.stderr.contains(&format!("the tag 1.2.1 is not in team/app yet; it is made on {SHA}")),
        "{other:?}"
    );
}

#[test]
fn another_pipeline_makes_the_tag_on_its_commit_and_says_so() {
    let gitlab = gitlab();
    let run = || in_job(&gitlab.address()).env("CI_COMMIT_SHA", SHA).args(["create", "2.0.0"]);
    let dry = run().arg("--dry-run").succeeds();
    for output in [dry, run().succeeds()] {
        let said = format!("the tag 2.0.0 is not in team/app yet; it is made on {SHA}");
        assert!(output.stderr.contains(&said), "{output:?}");
    }
    assert_eq!(gitlab.state(PROJECT)["tags"]["2.0.0"], SHA);
    let again = run().succeeds();
    assert_eq!((again.stderr.as_str(), again.stdout().contains("unchanged")), ("", true));
    told(run().env("CI_COMMIT_SHA", "2".repeat(40)), 2, &["'2.0.0' stands on 1111", "another one"]);
    told(in_job(&gitlab.address()).arg("create"), 2, &["no tag says what to release", "release create TAG"]);
}

#[test]
fn what_can_be_found_wrong_is_told_before_a_file_is_sent() {
    let gitlab = gitlab();
    let place = Place::new();
    place.file("app.whl", "wheel");
    place.file("notes.md", "x".repeat(999_990));
    let before = gitlab.state(PROJECT);
    let table: &[(&[&str], &[&str])] = &[
        (&["9.9.9"], &["the tag '9.9.9' is not in team/app"]),
        (&["1.2.0", "--ref", "2222222222222222222222222222222222222222"], &["stands on 1111"]),
        (
            &["1.2.0", "--notes", "notes.md", "--image", "app:1"],
            &["too long for GitLab", "1000000 are allowed", "shorten"],
        ),
    ];
    for (args, words) in table {
        let run = in_job(&gitlab.address()).current_dir(place.folder.path());
        told(run.args(["create", "--upload", "app.whl"]).args(*args), 2, words);
    }
    assert_eq!(gitlab.state(PROJECT), before);
}

#[test]
fn notes_of_a_prerelease_begin_at_the_one_before() {
    let place = Place::new();
    let mut git = Repository::at(&place.path("clone"));
    git.commit("feat: first");
    git.tag("1.0.0");
    git.commit("feat: second");
    git.tag("1.1.0-rc.1");
    git.commit("fix: third, in `Vec<T>`");
    let head = git.head();
    let notes = |tag: &str| {
        let run = tool("release").current_dir(place.folder.path()).env("RELEASE_FORGE", "dir:out");
        let run = run
            .env("CI_PROJECT_URL", "https://gitlab.example.com/team/app")
            .args(["create", tag, "--ref", &head]);
        run.args(["--notes-from", "commits", "--repository", "clone"]).succeeds();
        place.json(&format!("out/releases/{tag}.json"))["description"].as_str().unwrap().to_owned()
    };
    // None of the tags is in the clone yet: the commit is, and the version tells what came before.
    let rc = notes("1.1.0-rc.2");
    assert!(rc.contains("- third, in `Vec<T>` (") && !rc.contains("second"), "{rc}");
    assert!(rc.contains(
        "[1.1.0-rc.1...1.1.0-rc.2](https://gitlab.example.com/team/app/-/compare/1.1.0-rc.1...1.1.0-rc.2)"
    ));
    let whole = notes("1.1.0");
    assert!(whole.contains("third") && whole.contains("second") && !whole.contains("first"), "{whole}");
    assert!(whole.contains("[1.0.0...1.1.0]("), "{whole}");
}
