//! `versioner` as its users run it.

mod clones;
mod formats;
mod gitlab;
mod histories;
mod image_tags;
mod images;
mod pipelines;
mod ranges;
mod steps;
mod tagging;

use std::path::Path;

use testkit::{Repository, Tool, tool};

/// Plays a script of verbs and their text in a fresh repository.
fn play(script: &str) -> Repository {
    let mut repository = Repository::new();
    play_on(&mut repository, script);
    repository
}

/// Goes on with a script where another one ended.
fn play_on(repository: &mut Repository, script: &str) {
    for line in script.split("; ").filter(|line| !line.is_empty()) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "commit" => drop(repository.commit(&rest.replace("\\n", "\n"))),
            "tag" => drop(repository.tag(rest)),
            "annotate" => drop(repository.annotated_tag(rest, "for the test")),
            "branch" => drop(repository.branch(rest)),
            "switch" => drop(repository.switch(rest)),
            "merge" => {
                let (branch, message) = rest.split_once(' ').expect("merge BRANCH MESSAGE");
                repository.merge(branch, &message.replace("\\n", "\n"));
            }
            "detach" => drop(repository.detach()),
            "pack" => drop(repository.git(["pack-refs", "--all"])),
            "depth" => *repository = repository.clone_at_depth(rest.parse().expect("depth NUMBER")),
            _ => panic!("no verb {verb}"),
        }
    }
}

fn versioner(repository: &Repository) -> Tool {
    tool("versioner").current_dir(repository.path())
}

/// The value of a variable that `env` printed.
fn variable<'a>(dotenv: &'a str, name: &str) -> Option<&'a str> {
    dotenv.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn the_pipelines_commit_wins_over_head() {
    let mut repository = play("commit a; tag v1.0.0; commit feat: b");
    let asked = repository.head();
    repository.commit("feat!: made by the job");
    let table = [
        // CI_COMMIT_SHA, CI_COMMIT_SHORT_SHA, VERSION, NEXT_VERSION, SHORT_SHA, what is warned of
        (asked.as_str(), &asked[..8], format!("1.0.0+g{}", &asked[..8]), "1.1.0", &asked[..8], "HEAD is"),
        (asked.as_str(), "", format!("1.0.0+g{}", &asked[..8]), "1.1.0", &asked[..8], "HEAD is"),
        ("", "027c3e98", "1.0.0+g027c3e98".into(), "2.0.0", "027c3e98", "the short id counts"),
        (
            &"0".repeat(40),
            "00000000",
            "1.0.0+g00000000".into(),
            "2.0.0",
            "00000000",
            "not in this repository",
        ),
    ];
    for (sha, short_sha, version, next, shown, warning) in table {
        let output = versioner(&repository)
            .arg("env")
            .env("CI_COMMIT_SHA", sha)
            .env("CI_COMMIT_SHORT_SHA", short_sha)
            .env("CI_REGISTRY_IMAGE", "registry.example.com/group/app")
            .succeeds();
        let dotenv = output.stdout();
        assert_eq!(variable(dotenv, "VERSION"), Some(version.as_str()), "{output:?}");
        assert_eq!(variable(dotenv, "NEXT_VERSION"), Some(next), "{output:?}");
        assert_eq!(variable(dotenv, "SHORT_SHA"), Some(shown), "{output:?}");
        assert!(output.stderr.contains(warning), "{output:?}");
    }
}

#[test]
fn nothing_is_warned_of_where_pipeline_and_head_agree() {
    let repository = play("commit a; tag v1.0.0; commit feat: b; detach");
    let output = versioner(&repository)
        .arg("env")
        .env("CI_COMMIT_SHA", repository.head())
        .env("CI_COMMIT_SHORT_SHA", &repository.head()[..8])
        .env("CI_COMMIT_TAG", "")
        .env("CI_REGISTRY_IMAGE", "registry.example.com/group/app")
        .succeeds();
    assert_eq!(output.stderr, "");
}

#[test]
fn env_is_dotenv_or_json() {
    let repository = play("commit a; tag v1.0.0");
    let head = repository.head();
    let short = &head[..8];
    let run = || versioner(&repository).args(["env", "--image-base", "localhost:5000/app"]);
    let dotenv = run().succeeds();
    assert_eq!(
        dotenv.stdout(),
        format!(
            "VERSION=1.0.0\nNEXT_VERSION=1.0.0\nSHORT_SHA={short}\nCOMMIT_SHA={head}\nBRANCH=main\n\
             IMAGE_TAGS={short},1.0.0,1.0,1,latest\nCI_IMAGE=localhost:5000/app/ci:{short}\n\
             RELEASE_IMAGE=localhost:5000/app/release:1.0.0\n"
        )
    );
    assert_eq!(dotenv.stderr, "");
    let json: serde_json::Value =
        serde_json::from_str(run().args(["--format", "json"]).succeeds().stdout()).expect("JSON");
    let expected = serde_json::json!({
        "schema": 1,
        "version": "1.0.0",
        "next_version": "1.0.0",
        "short_sha": short,
        "commit_sha": head,
        "branch": "main",
        "image_tags": [short, "1.0.0", "1.0", "1", "latest"],
        "ci_image": format!("localhost:5000/app/ci:{short}"),
        "release_image": "localhost:5000/app/release:1.0.0",
    });
    assert_eq!(json, expected);
}

#[test]
fn env_on_a_laptop_leaves_out_the_images_and_says_so() {
    let repository = play("commit a; tag v1.0.0");
    let table: [&[(&str, &str)]; 3] =
        [&[], &[("CI_PROJECT_NAME", "app")], &[("ARTIFACTORY_HOST", "artifactory.example.com")]];
    for variables in table {
        let mut run = versioner(&repository).arg("env");
        for (name, value) in variables {
            run = run.env(name, value);
        }
        let output = run.succeeds();
        assert!(!output.stdout().contains("_IMAGE="), "{output:?}");
        assert!(output.stderr.contains("CI_IMAGE and RELEASE_IMAGE are left out"), "{output:?}");
    }
}

#[test]
fn the_repository_may_be_elsewhere() {
    let repository = play("commit a; tag v1.0.0");
    repository.write("sub/folder/file", "");
    let worktree = tempfile::tempdir().expect("a temporary folder");
    let linked = worktree.path().join("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", &linked.to_string_lossy()]);
    let bare = worktree.path().join("bare");
    repository.git(["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()]);
    for folder in [repository.path(), &repository.path().join("sub/folder"), &linked, &bare] {
        let output = tool("versioner").args(["next", "--repository"]).arg(folder).current_dir("/").succeeds();
        assert_eq!(output.stdout(), "1.0.0\n", "{folder:?}");
        assert_eq!(tool("versioner").arg("next").current_dir(folder).succeeds().stdout(), "1.0.0\n");
    }
    let output =
        tool("versioner").arg("next").env("VERSIONER_REPOSITORY", repository.path()).current_dir("/");
    assert_eq!(output.succeeds().stdout(), "1.0.0\n");
}

#[test]
fn what_is_no_readable_repository_is_told_with_a_next_step() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = Repository::new();
    let reftable = Repository::with_options(&["--ref-format=reftable"]);
    let broken = play("commit a; tag v1.0.0; commit b");
    broken.write(".git/refs/tags/v2.0.0", "not an id\n");
    let table: [(&Path, i32, &str, &str); 5] = [
        (folder.path(), 1, "no git repository in", "--repository DIR"),
        (
            Path::new("/no/such/folder"),
            2,
            "cannot look for a git repository in /no/such/folder",
            "--repository DIR",
        ),
        (empty.path(), 1, "has no commits yet", "first commit"),
        (reftable.path(), 1, "as a reftable", "git refs migrate"),
        (broken.path(), 1, "cannot read the tag", "git fsck"),
    ];
    for (folder, code, message, hint) in table {
        for command in ["next", "env"] {
            let output = tool("versioner").args([command, "--repository"]).arg(folder).fails(code);
            assert!(output.error()[0].contains(message), "{output:?}");
            assert!(output.error()[1].contains(hint), "{output:?}");
            assert_eq!(output.stdout(), "");
        }
    }
}

#[test]
fn a_sha_256_repository_is_read() {
    let mut repository = Repository::with_options(&["--object-format=sha256"]);
    repository.commit("a");
    repository.tag("v1.0.0");
    repository.annotated_tag("v1.1.0", "for the test");
    let head = repository.commit("fix: b");
    assert_eq!(head.len(), 64);
    let output = versioner(&repository).arg("next").env("CI_COMMIT_SHA", head).succeeds();
    assert_eq!((output.stdout(), output.stderr.as_str()), ("1.1.1\n", ""));
}
