//! What images are called.

use testkit::{Tool, tool};

use super::{play, variable, versioner};

/// The variables of a pipeline that releases to an Artifactory.
fn in_pipeline(tool: Tool) -> Tool {
    tool.env("CI_COMMIT_SHORT_SHA", "027c3e98")
        .env("ARTIFACTORY_HOST", "artifactory.example.com")
        .env("DOCKER_TEAM_REGISTRY_PREFIX", "team-docker")
        .env("CI_PROJECT_NAME", "numbers-api")
        .env("CI_REGISTRY_IMAGE", "registry.example.com/team/numbers-api")
}

/// `NAME=value`, or nothing.
fn set(tool: Tool, setting: &str) -> Tool {
    match setting.split_once('=') {
        Some((name, value)) => tool.env(name, value),
        None => tool,
    }
}

#[test]
fn references_are_made_of_the_pipelines_variables() {
    let host = "artifactory.example.com";
    let base = format!("{host}/team-docker/numbers-api");
    let table = [
        ("ci", "", format!("{base}/ci:027c3e98")),
        ("release", "", format!("{base}/release:027c3e98")),
        ("ci", "CI_COMMIT_TAG=1.0.0", format!("{base}/ci:027c3e98")),
        ("release", "CI_COMMIT_TAG=1.0.0", format!("{base}/release:1.0.0")),
        ("release", "CI_COMMIT_TAG=v1.0.0+b.7", format!("{base}/release:1.0.0_b.7")),
        ("release", "CI_COMMIT_TAG=deploy-2024-10-03", format!("{base}/release:027c3e98")),
        ("ci", "PROJECT_SLUG=/python", format!("{host}/team-docker/python/numbers-api/ci:027c3e98")),
        ("ci", "ARTIFACTORY_HOST=", "registry.example.com/team/numbers-api/ci:027c3e98".into()),
        ("ci", "VERSIONER_IMAGE_BASE=localhost:5000/x/", "localhost:5000/x/ci:027c3e98".into()),
        ("release", "VERSIONER_IMAGE_BASE=oci:out/i", "oci:out/i/release:027c3e98".into()),
    ];
    // No repository: a job with GIT_STRATEGY none has none.
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (kind, setting, expected) in table {
        let run = in_pipeline(tool("versioner")).args(["image", kind]).current_dir(folder.path());
        assert_eq!(set(run, setting).succeeds().stdout(), format!("{expected}\n"), "{kind} {setting}");
    }
}

#[test]
fn an_image_for_one_platform_has_its_name_behind_the_tag() {
    let table = [
        ("ci", "linux/amd64", "oci:out/ci:027c3e98-linux-amd64"),
        ("release", "linux/arm64/v8", "oci:out/release:1.0.0-linux-arm64-v8"),
    ];
    for (kind, platform, expected) in table {
        let run = in_pipeline(tool("versioner")).args(["image", kind, "--platform", platform]);
        let run = run.args(["--image-base", "oci:out"]).env("CI_COMMIT_TAG", "v1.0.0").current_dir("/");
        assert_eq!(run.succeeds().stdout(), format!("{expected}\n"));
    }
    tool("versioner").args(["image", "ci", "--platform", "amd64"]).fails(2);
}

#[test]
fn on_github_its_variables_count() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let on_github = |kind: &str, name: &str| {
        versioner(&repository)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_SHA", repository.head())
            .env("GITHUB_REF_TYPE", kind)
            .env("GITHUB_REF_NAME", name)
            .env("GITHUB_REPOSITORY", "Octo/Hello-World")
            .env("GITHUB_SERVER_URL", "https://github.com")
    };
    let short = &repository.head()[..8];
    let env = on_github("branch", "main").arg("env").succeeds();
    let image = format!("ghcr.io/octo/hello-world/release:{short}");
    assert_eq!(variable(env.stdout(), "RELEASE_IMAGE"), Some(image.as_str()));
    assert_eq!(variable(env.stdout(), "BRANCH"), Some("main"));
    let image = on_github("tag", "v1.1.0").args(["image", "release"]).succeeds();
    assert_eq!(image.stdout(), "ghcr.io/octo/hello-world/release:1.1.0\n");
    let labels = on_github("tag", "v1.1.0").args(["labels", "--format", "json"]).succeeds();
    assert!(labels.stdout().contains("\"https://github.com/Octo/Hello-World\""), "{labels:?}");
    let elsewhere =
        on_github("tag", "v1.1.0").args(["image", "ci"]).env("GITHUB_SERVER_URL", "https://git.example.com");
    assert!(elsewhere.fails(2).error()[0].contains("no registry is set"));
}

#[test]
fn outside_a_pipeline_the_tag_on_head_names_the_release() {
    let repository = play("commit a; tag v1.0.0-rc.1; tag v1.0.0");
    let base = ["--image-base", "oci:out"];
    let release = versioner(&repository).args(["image", "release"]).args(base).succeeds();
    assert_eq!(release.stdout(), "oci:out/release:1.0.0\n");
    // A pipeline for the branch, run again after the tag was made, releases no version.
    let short = &repository.head()[..8];
    let release =
        versioner(&repository).args(["image", "release"]).args(base).env("CI_COMMIT_SHORT_SHA", short);
    assert_eq!(release.succeeds().stdout(), format!("oci:out/release:{short}\n"));
    let env = versioner(&repository).arg("env").args(base).env("CI_COMMIT_SHORT_SHA", short).succeeds();
    assert_eq!(variable(env.stdout(), "VERSION"), Some("1.0.0"));
    assert_eq!(variable(env.stdout(), "RELEASE_IMAGE"), Some(format!("oci:out/release:{short}").as_str()));
}

#[test]
fn the_tag_of_the_pipeline_is_its_version() {
    // Neither the higher tag on the same commit nor a clone without any tag changes what this pipeline releases.
    for script in ["commit a; tag v1.4.2; tag v1.4.3", "commit a"] {
        let repository = play(script);
        let run = in_pipeline(versioner(&repository)).arg("env").env("CI_COMMIT_TAG", "v1.4.2");
        let output = run.env("CI_COMMIT_SHORT_SHA", &repository.head()[..8]).succeeds();
        assert_eq!(variable(output.stdout(), "VERSION"), Some("1.4.2"));
        assert_eq!(variable(output.stdout(), "NEXT_VERSION"), Some("1.4.2"));
        let release = "artifactory.example.com/team-docker/numbers-api/release:1.4.2";
        assert_eq!(variable(output.stdout(), "RELEASE_IMAGE"), Some(release));
    }
}

#[test]
fn a_variable_that_is_missing_or_wrong_is_named_with_what_needs_it() {
    let repository = play("commit a; tag v1.0.0");
    let table = [
        ("image", "DOCKER_TEAM_REGISTRY_PREFIX=", "DOCKER_TEAM_REGISTRY_PREFIX is not set"),
        ("env", "DOCKER_TEAM_REGISTRY_PREFIX=", "DOCKER_TEAM_REGISTRY_PREFIX is not set"),
        ("image", "CI_PROJECT_NAME=", "CI_PROJECT_NAME is not set"),
        ("image", "PROJECT_SLUG=python", "PROJECT_SLUG is 'python'"),
        ("env", "PROJECT_SLUG=python", "PROJECT_SLUG is 'python'"),
        ("image", "CI_PROJECT_NAME=Numbers", "'Numbers' holds upper-case letters"),
        ("env", "CI_PROJECT_NAME=Numbers", "'Numbers' holds upper-case letters"),
        ("image", "ARTIFACTORY_HOST=artifactory", "ARTIFACTORY_HOST is 'artifactory'"),
        ("image", "VERSIONER_IMAGE_BASE=oci:", "the image base is 'oci:'"),
        ("image", "CI_COMMIT_TAG=v1.2", "the pipeline's tag 'v1.2'"),
        ("env", "CI_COMMIT_TAG=2024.10.03", "the pipeline's tag '2024.10.03'"),
        ("env", "CI_COMMIT_TAG=1.0.0\nEVIL=1", "the pipeline's tag"),
        ("env", "CI_COMMIT_SHORT_SHA=x\nEVIL=1", "--commit-short-sha"),
        ("env", "CI_COMMIT_SHA=x\nEVIL=1", "--commit-sha"),
        ("env", "CI_PROJECT_NAME=x\nEVIL=1", "no image reference"),
        ("env", "CI_PROJECT_NAME=$(touch x)", "no image reference"),
        ("env", "PROJECT_SLUG=/\"quoted\"", "no image reference"),
        ("env", "VERSIONER_IMAGE_BASE=oci:a\nEVIL=1", "no image reference"),
    ];
    for (command, setting, expected) in table {
        let run = in_pipeline(versioner(&repository)).arg(command);
        let run = if command == "image" { run.arg("release") } else { run };
        let output = set(run, setting).fails(2);
        assert!(output.error()[0].contains(expected), "{setting}: {output:?}");
        assert_eq!(output.error().len(), 2, "a hint is missing: {output:?}");
        assert_eq!(output.stdout(), "", "{setting}");
    }
}

#[test]
fn without_any_registry_there_is_no_reference() {
    let repository = play("commit a");
    let output = versioner(&repository).args(["image", "ci"]).env("CI_PROJECT_NAME", "app").fails(2);
    assert!(output.error()[0].contains("no registry is set"), "{output:?}");
    assert!(output.error()[1].contains("CI_REGISTRY_IMAGE"), "{output:?}");
}
