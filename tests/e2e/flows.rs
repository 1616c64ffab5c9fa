//! All tools together: the demo is the flow of a pipeline, and is run here as its users run it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use testkit::{Registry, Repository, binaries};

use crate::skopeo::raw;

fn demo(arguments: &[&str], out: &Path) -> Output {
    demo_with(&[], arguments, out)
}

fn demo_with(variables: &[(&str, &str)], arguments: &[&str], out: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/demo");
    let output = Command::new(script)
        .args(arguments)
        .arg("--out")
        .arg(out)
        .arg("--bin-dir")
        .arg(binaries())
        // What a job has set must not show in the demo.
        .env("CI_COMMIT_TAG", "9.9.9")
        .env("ARTIFACTORY_HOST", "elsewhere.example.com")
        .envs(variables.iter().copied())
        .output();
    output.expect("bash is installed")
}

fn run(arguments: &[&str]) -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = demo(arguments, &out);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    (folder, out, text)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_commit_goes_from_code_to_release_without_a_server() {
    let (_folder, out, text) = run(&[]);
    let variables = read(&out.join("build.env"));
    assert!(variables.contains("NEXT_VERSION=1.4.0\n"), "{variables}");
    let short = variables.lines().find_map(|line| line.strip_prefix("SHORT_SHA=")).expect("SHORT_SHA");
    let image = |path: &str| raw(&format!("oci:{}/registry/{path}", out.display()));
    let built = image(&format!("ci:{short}"));
    assert_eq!(built, image(&format!("release:{short}")));
    assert_eq!(built, image("release:1.4.0"));
    let platforms: Value = serde_json::from_str(&built).expect("an index");
    assert_eq!(platforms["manifests"].as_array().map(Vec::len), Some(2));
    assert!(read(&out.join("badges/loc.svg")).starts_with("<svg"));
    let page = read(&out.join("forge/public/index.html"));
    assert!(page.contains("1.4.0") && page.contains("1.3.0") && page.contains("sha256:"), "{page}");
    let compose = read(&out.join("docker-compose.ci.yml"));
    assert!(
        compose.contains(&format!("    image: registry.example.com/team/numbers-api/ci:{short}\n")),
        "{compose}"
    );
    assert!(!compose.contains("build:\n"), "{compose}");
    assert!(
        text.contains("scanned is not set") || text.contains("exit code 3"),
        "the gate was closed once: {text}"
    );
}

#[test]
fn the_same_flow_against_a_registry() {
    let registry = Registry::start();
    let prefix = format!("{}/team", registry.address());
    let (_folder, out, _) = run(&["--registry", &prefix]);
    let variables = read(&out.join("build.env"));
    let short = variables.lines().find_map(|line| line.strip_prefix("SHORT_SHA=")).expect("SHORT_SHA");
    let image = |path: &str| raw(&format!("docker://{prefix}/numbers-api/{path}"));
    assert_eq!(image(&format!("ci:{short}")), image("release:1.4.0"));
    assert!(read(&out.join("docker-compose.ci.yml")).contains(&format!("{prefix}/numbers-api/ci:{short}")));
}

/// A hook of git has `GIT_DIR` and its like; with those, every commit and tag of the demo would be made in that repository.
#[test]
fn what_a_hook_or_a_job_has_set_does_not_reach_the_demo() {
    let mut mine = Repository::new();
    mine.write("kept.txt", "kept");
    mine.commit("feat: mine");
    let state = || [mine.git(["for-each-ref"]), mine.git(["status", "--porcelain"]), mine.head()];
    let before = state();
    let (git_dir, tree) = (mine.path().join(".git").display().to_string(), mine.path().display().to_string());
    let (index, objects) = (format!("{git_dir}/index"), format!("{git_dir}/objects"));
    let tables: [&[(&str, &str)]; 5] = [
        &[("GIT_DIR", &git_dir)],
        &[("GIT_DIR", &git_dir), ("GIT_WORK_TREE", &tree), ("GIT_INDEX_FILE", &index)],
        &[("GIT_OBJECT_DIRECTORY", &objects), ("GIT_COMMON_DIR", &git_dir), ("GIT_NAMESPACE", "x")],
        &[("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "0123456789012345678901234567890123456789")],
        &[("FILE_SUFFIX", "js"), ("DOCKER_TEAM_CI", "ci.example.com"), ("PROJECT_SLUG", "x"), ("out", "x")],
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let clean = demo(&[], &out);
    let made = read(&out.join("forge/releases/1.4.0.json"));
    for variables in tables {
        let output = demo_with(variables, &[], &out);
        assert!(output.status.success(), "{variables:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(read(&out.join("forge/releases/1.4.0.json")), made, "{variables:?}");
        assert_eq!(lines(&output), lines(&clean), "{variables:?}");
        assert_eq!(state(), before, "{variables:?}");
    }
}

/// What was printed, but for how long it took.
fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| !line.starts_with("Done in ")).map(str::to_owned).collect()
}

#[test]
fn the_demo_clears_away_its_own_results_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let mine = folder.path().join("mine.txt");
    std::fs::write(&mine, "mine").expect("a file");
    let refused = demo(&[], folder.path());
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(read(&mine), "mine");
    let out = folder.path().join("out");
    for _ in 0..2 {
        assert!(demo(&[], &out).status.success());
    }
}
