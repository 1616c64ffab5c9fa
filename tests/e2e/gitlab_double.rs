//! testkit's GitLab, asked by a client that knows the real one.

use std::process::Command;

use testkit::{Gitlab, Role, python};

#[test]
fn python_gitlab_finds_in_the_double_what_it_knows_of_gitlab() {
    let Some(python) = python("gitlab") else { return };
    let gitlab = Gitlab::builder()
        .under("/gitlab")
        .project("team/app")
        .group_badge("coverage", "https://example.com/coverage.svg")
        .commit("team/app", &"1".repeat(40), "feat: begin")
        .token("maintainer", Role::Maintainer)
        .token("developer", Role::Developer)
        .job_token("job")
        .start();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/gitlab_double.py");
    let output = Command::new(python)
        .args([script, &gitlab.url(), "maintainer", "job"])
        .output()
        .unwrap_or_else(|error| panic!("python does not start: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let state = gitlab.state("team/app");
    assert_eq!(state["releases"].as_array().map(Vec::len), Some(26));
    assert_eq!(state["files"]["app/1.0.0/notes.txt"], "two");
    assert_eq!(state["pipelines"][0]["variables"][0][1], "a");
}
