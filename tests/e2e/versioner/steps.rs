//! `next` with a step that is asked for, pre-releases, and repositories of several products.

use testkit::Repository;

use super::{play, versioner};

/// Arguments | next | script.
const STEPS: &str = "
--bump patch                  | 1.0.1      | commit a; tag v1.0.0; commit feat!: b
--bump patch                  | 1.0.1      | commit a; tag v1.0.0; commit wip; commit wip
--bump minor                  | 1.1.0      | commit a; tag v1.0.0; commit wip
--bump major                  | 2.0.0      | commit a; tag v1.0.0; commit wip
--bump major                  | 1.0.0      | commit a; tag v0.3.0; commit wip
--bump patch                  | 1.0.0      | commit a; tag v1.0.0
--bump patch                  | 1.5.0      | commit a; tag v1.4.3; commit b; tag v1.5.0-rc.1; commit c
--bump patch                  | 0.1.0      | commit a
--bump major                  | 1.0.0      | commit a
--prerelease rc               | 1.1.0-rc.1 | commit a; tag v1.0.0; commit feat: b
--prerelease rc               | 1.1.0-rc.2 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.1; commit fix: c
--prerelease rc               | 1.1.0-rc.11 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.9; tag v1.1.0-rc.10; commit fix: c
--prerelease rc               | 1.1.0-rc.1 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.1; commit chore: c
--prerelease rc               | 1.1.0-rc.1 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.1
--prerelease rc               | 1.1.0-rc.1 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-beta.3; commit fix: c
--prerelease rc               | 2.0.0-rc.1 | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.4; commit feat!: c
--prerelease rc               | 1.0.0      | commit a; tag v1.0.0; commit chore: b
--prerelease rc               | 1.1.0      | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.1; commit c; tag v1.1.0
--prerelease rc --bump patch  | 1.0.1-rc.2 | commit a; tag v1.0.0; commit b; tag v1.0.1-rc.1; commit chore: c
--prerelease rc               | 0.1.0-rc.1 | commit a
--prerelease alpha.x          | 0.1.0-alpha.x.2 | commit a; tag 0.1.0-alpha.x.1; commit fix: b
";

#[test]
fn a_step_that_is_asked_for_is_made() {
    for row in STEPS.lines().filter(|row| !row.is_empty()) {
        let columns: Vec<&str> = row.split(" | ").map(str::trim).collect();
        let [args, next, script] = columns[..] else { panic!("three columns in {row}") };
        let printed = versioner(&play(script)).arg("next").args(args.split(' ')).succeeds();
        assert_eq!(printed.stdout(), format!("{next}\n"), "{row}");
    }
}

#[test]
fn variables_stand_for_the_flags_in_env_too() {
    let repository = play("commit a; tag v1.0.0; commit wip");
    let run = versioner(&repository).env("VERSIONER_BUMP", "minor").env("VERSIONER_PRERELEASE", "rc");
    assert!(run.arg("env").succeeds().stdout().contains("\nNEXT_VERSION=1.1.0-rc.1\n"));
}

#[test]
fn a_prerelease_never_goes_backwards() {
    let repository = play("commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.1; commit fix: c");
    let output = versioner(&repository).args(["next", "--prerelease", "beta"]).fails(2);
    assert!(output.error()[0].contains("1.1.0-beta.1 would come before 1.1.0-rc.1"), "{output:?}");
    assert!(output.error()[1].contains("--prerelease rc"), "{output:?}");
    for (name, why) in [("r_c", "'r_c' names no pre-release: letters, digits"), ("rc.1", "say rc")] {
        let output = versioner(&repository).args(["next", "--prerelease", name]).fails(2);
        assert!(output.error()[0].contains(why), "{output:?}");
    }
}

/// Two services with tags of their own.
fn two_services() -> Repository {
    let mut repository = Repository::new();
    repository.write("a/code", "1").write("b/code", "1").write("readme", "1");
    repository.commit("feat: all");
    repository.tag("a/v1.0.0").tag("b/v5.0.0");
    repository.write("a/code", "2");
    repository.commit("feat: only a");
    repository.branch("side").write("b/code", "2");
    repository.commit("wip");
    repository.switch("main");
    repository.merge("side", "Merge branch 'side'\n\nfix: only b");
    repository.write("readme", "2");
    repository.commit("feat!: neither");
    repository
}

#[test]
fn only_commits_that_change_a_folder_count_for_it() {
    let repository = two_services();
    let table: [(&[&str], &str); 6] = [
        (&["--tag-prefix", "a/", "--path", "a"], "1.1.0"),
        (&["--tag-prefix", "b/", "--path", "./b/"], "5.0.1"),
        (&["--tag-prefix", "b/", "--path", "b", "--path", "a"], "5.1.0"),
        (&["--tag-prefix", "b/", "--path", "b,a"], "5.1.0"),
        (&["--tag-prefix", "b/", "--path", "readme"], "6.0.0"),
        (&["--tag-prefix", "b/", "--path", "b", "--bump", "major"], "6.0.0"),
    ];
    for (args, next) in table {
        let output = versioner(&repository).arg("next").args(args).succeeds();
        assert_eq!(output.stdout(), format!("{next}\n"), "{args:?}");
    }
    // Nothing there has changed since b's release.
    repository.tag("b/v5.0.1");
    let output = versioner(&repository).args(["next", "--tag-prefix", "a/", "--path", "b"]).succeeds();
    assert_eq!(output.stdout(), "1.0.1\n");
    let tag = versioner(&repository).args(["tag", "--tag-prefix", "a/", "--path", "a"]).succeeds();
    assert_eq!(tag.stdout(), "a/v1.1.0\n");
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let repository = two_services();
    for (path, message) in [
        ("c", "there is no c"),
        ("../a", "leads out of the repository"),
        ("/a", "leads out of the repository"),
    ] {
        let output = versioner(&repository).args(["next", "--tag-prefix", "a/", "--path", path]).fails(2);
        assert!(output.error()[0].contains(message), "{output:?}");
    }
}
