//! `image-gate push`: what is pushed on which branch, to a real registry.

use serde_json::Value;
use testkit::{Engine, Registry};

use super::stand::Stand;
use crate::skopeo::raw;

#[test]
fn main_and_tags_are_pushed_and_other_branches_are_not() {
    let Some(stand) = Stand::new() else { return };
    stand.engine.build("gate/pushed:1", &format!("FROM {}\nCMD [\"true\"]\n", Engine::BASE));
    let registry = Registry::start();
    let repository = format!("{}/team/app", registry.address());
    let push = |variables: &[(&str, &str)], references: &[&str]| {
        let tool = stand.gate("push").arg("gate/pushed:1").args(references);
        variables.iter().fold(tool, |tool, (name, value)| tool.env(name, value))
    };
    let branch = push(&[("CI_COMMIT_BRANCH", "feature/x")], &[&repository]).succeeds();
    assert_eq!(branch.stdout(), "");
    assert!(branch.stderr.contains("nothing is pushed: this is the branch feature/x"), "{branch:?}");
    let dry = push(&[("CI_COMMIT_TAG", "v1.4.3")], &[&repository, "--dry-run"]).succeeds();
    assert_eq!(dry.stdout(), format!("{repository}:1.4.3\n{repository}:latest\n"));
    assert_eq!(registry.audit("team/app", "latest"), Ok(None));
    // Twice is once.
    for _ in 0..2 {
        let tag = push(&[("CI_COMMIT_TAG", "v1.4.3")], &[&repository, "--format", "json"]).succeeds();
        let report: Value = serde_json::from_str(tag.stdout()).expect("JSON");
        for (n, tag) in ["1.4.3", "latest"].iter().enumerate() {
            let digest = registry.audit("team/app", tag).expect("a sound image").expect("an image");
            assert_eq!(report["pushed"][n]["reference"], format!("{repository}:{tag}"));
            assert_eq!(report["pushed"][n]["digest"], digest);
        }
    }
    let github = [("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main")];
    let exact = format!("{repository}:main-7");
    push(&github, &[&exact]).succeeds();
    assert!(raw(&format!("docker://{exact}")).contains("manifest"));
    stand.nothing_left();
}

#[test]
fn credentials_are_those_of_all_tools_and_a_refusal_is_explained() {
    let Some(stand) = Stand::new() else { return };
    // Encoded, this password has the two characters that differ between the alphabets of base64.
    let password = "~~~???>>>";
    let registry = Registry::builder().account("bot", password).start();
    let reference = format!("{}/team/app:1", registry.address());
    let push = || stand.gate("push").args([Engine::BASE, &reference, "--commit-branch", "main"]);
    let nobody = push().fails(1);
    assert!(nobody.error()[0].contains(&format!("cannot push {reference}")), "{nobody:?}");
    assert!(nobody.error()[1].contains("docker login"), "{nobody:?}");
    let nowhere =
        stand.gate("push").args([Engine::BASE, "localhost:1/x:1", "--commit-branch", "main"]).fails(1);
    assert!(nowhere.error()[1].contains("it is the engine that pushes"), "{nowhere:?}");
    stand.engine.docker(&["rmi", "localhost:1/x:1"]);
    let absent = stand.gate("push").args(["no/such:image", &reference, "--commit-branch", "main"]).fails(1);
    assert!(absent.error()[0].contains("there is no image no/such:image on the engine"), "{absent:?}");
    let known = push()
        .env("IMAGE_GATE_REGISTRY", registry.address())
        .env("IMAGE_GATE_REGISTRY_USER", "bot")
        .env("IMAGE_GATE_REGISTRY_PASSWORD", password)
        .env("IMAGE_GATE_VERBOSE", "2")
        .succeeds();
    assert!(known.stdout().starts_with(&format!("{reference}@sha256:")), "{known:?}");
    assert!(!known.stderr.contains(password), "{known:?}");
    // And it is got back the same way.
    stand.engine.docker(&["rmi", &reference]);
    let pulled = stand
        .gate("run")
        .args([&reference, "--", "echo", "pulled"])
        .env("CI_REGISTRY", registry.address())
        .env("CI_REGISTRY_USER", "bot")
        .env("CI_REGISTRY_PASSWORD", password)
        .succeeds();
    assert_eq!(pulled.stdout(), "pulled\n");
    stand.engine.docker(&["rmi", &reference]);
    stand.nothing_left();
}
