//! `tag`: the tag of the next release, made on a real server once and only once.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Repository, Tool, tool};

use super::{play, versioner};

/// A bare repository that everybody pushes to, and clones of it.
pub(super) struct Server {
    folder: TempDir,
    bare: PathBuf,
}

impl Server {
    /// Where it is.
    pub(super) fn bare(&self) -> &std::path::Path {
        &self.bare
    }

    pub(super) fn of(repository: &Repository) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bare = folder.path().join("server.git");
        repository.git(["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()]);
        Self { folder, bare }
    }

    pub(super) fn clone(&self, name: &str, args: &[&str]) -> PathBuf {
        let clone = self.folder.path().join(name);
        let url = format!("file://{}", self.bare.display());
        let clone_args = ["clone", "--quiet"].iter().chain(args).map(ToString::to_string);
        git(self.folder.path(), &clone_args.chain([url, clone.display().to_string()]).collect::<Vec<_>>());
        clone
    }

    /// Each tag with its type and, of an annotated one, its commit.
    pub(super) fn tags(&self) -> String {
        git(
            &self.bare,
            &[
                "for-each-ref".into(),
                "--format=%(refname:short) %(objecttype) %(*objectname)".into(),
                "refs/tags".into(),
            ],
        )
    }
}

fn git(folder: &std::path::Path, args: &[String]) -> String {
    let output = std::process::Command::new("git").args(args).current_dir(folder).output().expect("git");
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Pushes as a job of GitLab's would: nobody has set up git.
pub(super) fn push(clone: &std::path::Path) -> Tool {
    tool("versioner")
        .args(["tag", "--push", "--via", "git"])
        .current_dir(clone)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GITLAB_USER_NAME", "Test")
        .env("GITLAB_USER_EMAIL", "test@example.com")
}

#[test]
fn the_next_tag_is_printed_as_the_last_one_was_written() {
    let table = [
        ("commit a; tag v1.0.0; commit fix: b", &[][..], "v1.0.1"),
        ("commit a; tag 1.0.0; commit fix: b", &[], "1.0.1"),
        ("commit a; tag v0.9.0; commit b; tag 1.0.0; commit fix: c", &[], "1.0.1"),
        ("commit a", &[], "0.1.0"),
        ("commit a; tag x/v1.0.0; commit feat: b", &["--tag-prefix", "x/"], "x/v1.1.0"),
        ("commit a; tag v1.0.0; commit feat: b", &["--prerelease", "rc"], "v1.1.0-rc.1"),
        ("commit a; tag v1.0.0; commit b", &["--bump", "patch"], "v1.0.1"),
        ("commit a; tag v1.0.0; commit chore: b", &[], "v1.0.0"),
        ("commit a; tag v1.0.0", &["--push", "--via", "git"], "v1.0.0"),
        ("commit a; tag v1.0.0; commit fix: b", &["--push", "--dry-run"], "v1.0.1"),
    ];
    for (script, args, expected) in table {
        let repository = play(script);
        let before = repository.git(["tag"]);
        let output = versioner(&repository).arg("tag").args(args).succeeds();
        assert_eq!(output.stdout(), format!("{expected}\n"), "{script} {args:?}");
        assert_eq!(repository.git(["tag"]), before, "nothing is written");
    }
}

#[test]
fn a_pushed_tag_is_annotated_and_made_once() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let clone = server.clone("one", &[]);
    let made = push(&clone).args(["--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(made.stdout()).expect("JSON");
    assert_eq!(
        report,
        serde_json::json!({
            "schema": 1, "tag": "v1.1.0", "version": "1.1.0", "commit": repository.head(), "created": true,
        })
    );
    let tags = format!("v1.0.0 commit \nv1.1.0 tag {}", repository.head());
    assert_eq!(server.tags(), tags);
    // The clone has it now; another that was made before has not.
    let again = push(&clone).succeeds();
    assert_eq!(again.stdout(), "v1.1.0\n");
    assert!(again.stderr.contains("nothing to release since v1.1.0"), "{again:?}");
    assert_eq!(server.tags(), tags);
}

#[test]
fn a_second_pipeline_of_the_same_commit_finds_its_tag() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let (one, other) = (server.clone("one", &[]), server.clone("other", &[]));
    push(&one).succeeds();
    let second = push(&other).args(["--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(second.stdout()).expect("JSON");
    assert_eq!((&report["tag"], &report["created"]), (&"v1.1.0".into(), &false.into()));
    assert!(second.stderr.contains("has the tag v1.1.0 already, made by another run"), "{second:?}");
    // Neither does a run that would call it otherwise make a second tag.
    let other_name = push(&other).args(["--bump", "major"]).succeeds();
    assert_eq!(other_name.stdout(), "v1.1.0\n");
    assert_eq!(server.tags().lines().count(), 2);
}

#[test]
fn of_two_pipelines_that_race_one_makes_the_tag() {
    for same_commit in [true, false] {
        let mut repository = play("commit a; tag v1.0.0; commit fix: b");
        let server = Server::of(&repository);
        let one = server.clone("one", &[]);
        if !same_commit {
            repository.commit("fix: c");
            repository.git(["push", "--quiet", &server.bare.to_string_lossy(), "main"]);
        }
        let other = server.clone("other", &["--no-tags"]);
        git(&other, &["fetch", "--quiet", "origin", "refs/tags/v1.0.0:refs/tags/v1.0.0"].map(str::to_owned));
        let spawn = |clone| {
            let mut command = push(clone).into_command();
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("it starts")
        };
        let runs = [spawn(&one), spawn(&other)].map(|run| run.wait_with_output().expect("it ends"));
        let codes: Vec<_> = runs.iter().map(|run| run.status.code()).collect();
        let said =
            runs.iter().map(|run| String::from_utf8_lossy(&run.stderr).into_owned()).collect::<String>();
        assert_eq!(said.matches("was made on commit").count(), 1, "{said}");
        if same_commit {
            assert_eq!(codes, [Some(0), Some(0)], "{said}");
            assert!(said.contains("made by another run"), "{said}");
        } else {
            // What came first decides whether the release has both commits in it.
            let of_the_older = String::from_utf8_lossy(&runs[0].stderr).contains("was made on commit");
            let (expected, words) = match of_the_older {
                true => ([Some(0), Some(3)], "the tag v1.0.1 was made meanwhile, on commit"),
                false => ([Some(0), Some(0)], "is released with v1.0.1 already: it stands on"),
            };
            assert_eq!(codes, expected, "{said}");
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(server.tags().lines().count(), 2, "{}", server.tags());
        assert!(server.tags().contains("v1.0.1 tag "));
    }
}

#[test]
fn what_git_refuses_is_told_in_its_words() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let output = push(repository.path()).fails(1);
    assert!(output.error()[0].contains("cannot list the tags of origin: git says: "), "{output:?}");
    assert_eq!(repository.git(["tag"]), "v1.0.0");
    let server = Server::of(&repository);
    let clone = server.clone("one", &[]);
    let without = push(&clone).env("PATH", "/nonexistent").fails(1);
    assert!(without.error()[0].contains("the git binary cannot be started"), "{without:?}");
    // A server that lets nobody make tags.
    let hook = server.bare.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
    std::fs::write(&hook, "#!/bin/sh\necho 'tags are protected' >&2\nexit 1\n").expect("a hook");
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    let refused = push(&clone).fails(1);
    assert!(refused.error()[0].contains("cannot push the tag v1.1.0 to origin"), "{refused:?}");
    assert_eq!(git(&clone, &["tag".into()]), "v1.0.0", "no tag stays in the clone");
}
