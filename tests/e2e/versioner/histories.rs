//! Which versions a history gives, and which it does not.

use super::{play, variable, versioner};

/// Name | next | version, with g for `+gSHORTSHA` | what `git describe --tags` finds: the same, another tag, or none |
/// script.
const HISTORIES: &str = r#"
a feature and a fix                       | 1.1.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit feat: b; commit fix: c
a release and its candidate on one commit | 1.2.1  | 1.2.0g       | v1.2.0-rc.1       | commit a; annotate v1.2.0; annotate v1.2.0-rc.1; commit fix: b
a release beside a higher candidate       | 1.2.1  | 1.2.0g       | the same          | commit a; tag v1.2.0; tag v1.3.0-rc.1; commit fix: b
candidates end with a release             | 1.1.0  | 1.1.0-rc.10g | the same          | commit a; tag v1.1.0-rc.9; commit b; tag v1.1.0-rc.10; commit fix: c
a higher tag on another branch            | 1.0.1  | 1.0.0g       | the same          | commit a; tag v1.0.0; branch next; commit feat!: b; tag v2.0.0; switch main; commit fix: c
a breaking change before 1.0.0            | 0.4.0  | 0.3.0g       | the same          | commit a; tag v0.3.0; commit feat!: b
a breaking change after 1.0.0             | 2.0.0  | 1.3.0g       | the same          | commit a; tag v1.3.0; commit feat!: b
a footer that breaks                      | 2.0.0  | 1.3.0g       | the same          | commit a; tag v1.3.0; commit fix: b\n\nBREAKING CHANGE: c
a revert                                  | 1.0.1  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit Revert "feat: x"
a chore                                   | 1.0.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit chore: b
prose about features                      | 1.0.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit defeat: b; commit no feat: c
no tags                                   | 0.1.0  | 0.0.0g       | none              | commit feat: a; commit feat!: b
a tag that is no version                  | 1.0.1  | 1.0.0g       | deploy-2024-10-03 | commit a; tag v1.0.0; commit b; tag deploy-2024-10-03; commit fix: c
a tagged HEAD                             | 1.4.0  | 1.4.0        | the same          | commit a; tag v1.3.0; commit feat: b; tag v1.4.0
an old release checked out                | 1.9.9  | 1.9.9        | the same          | commit a; tag v2.0.0; commit fix: b; tag v1.9.9
a detached HEAD                           | 1.1.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit feat: b; detach
a candidate on HEAD                       | 2.0.0  | 2.0.0-rc.1   | the same          | commit a; tag 1.4.0; commit feat!: b; tag 2.0.0-rc.1
a breaking change before a candidate      | 2.0.0  | 1.0.0g       | v1.1.0-rc.1       | commit a; tag v1.0.0; commit feat!: b; tag v1.1.0-rc.1; commit fix: c
rc.10 above rc.9                          | 1.0.0  | 1.0.0-rc.10  | the same          | commit a; tag 1.0.0-rc.10; tag 1.0.0-rc.9
two releases on one commit                | 0.10.0 | 0.10.0       | the same          | commit a; tag v0.9.0; tag v0.10.0
build metadata                            | 1.0.1  | 1.0.0g       | the same          | commit a; tag v1.0.0+7; commit fix: b
the highest release is not the nearest    | 2.0.1  | 2.0.0g       | v1.9.0            | commit a; tag v2.0.0; commit b; tag v1.9.0; commit fix: c
a release made on a merged branch         | 1.0.1  | 1.0.1g       | the same          | commit a; tag v1.0.0; branch hotfix; commit fix: b; tag v1.0.1; switch main; commit chore: c; merge hotfix Merge branch 'hotfix'
a back-port merged after a higher release | 1.1.1  | 1.1.0g       | the same          | commit a; tag v1.0.0; branch hotfix; commit fix: b; tag v1.0.1; switch main; commit feat: c; tag v1.1.0; merge hotfix Merge branch 'hotfix'
the title of a merge request              | 1.1.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; branch x; commit wip; switch main; merge x Merge branch 'x'\n\nfeat: b
commits squashed into one                 | 1.1.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit Add things (#7)\n\n* fix: b\n* feat: c
packed tags                               | 1.1.1  | 1.1.0g       | the same          | commit a; tag v1.0.0; annotate v1.1.0; pack; commit fix: b
a shallow clone of a tagged commit        | 3.0.0  | 3.0.0        | the same          | commit a; commit b; tag v3.0.0; depth 1
a clone as deep as its history            | 3.0.1  | 3.0.0g       | the same          | commit a; tag v3.0.0; commit fix: b; depth 9
a perf and a scope                        | 1.0.1  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit perf(db): b
a footer with a hyphen                    | 2.0.0  | 1.3.0g       | the same          | commit a; tag v1.3.0; commit chore: b\n\nBREAKING-CHANGE: c
a breaking scope                          | 2.0.0  | 1.3.0g       | the same          | commit a; tag v1.3.0; commit refactor(api)!: b
a feature before 1.0.0                    | 0.4.0  | 0.3.2g       | the same          | commit a; tag v0.3.2; commit feat: b
a fix before 1.0.0                        | 0.3.3  | 0.3.2g       | the same          | commit a; tag v0.3.2; commit fix: b
a candidate of 1.0.0                      | 1.0.0  | 0.9.0g       | v1.0.0-rc.1       | commit a; tag v0.9.0; commit feat: b; tag v1.0.0-rc.1; commit fix: c
a revert that is reverted                 | 1.1.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit Reapply "feat: x"
squashed commits that break               | 2.0.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit Add things (#7)\n\n* fix: b\n* feat!: c
a capital V is no version                 | 1.0.1  | 1.0.0g       | V2.0.0            | commit a; tag v1.0.0; commit b; tag V2.0.0; commit fix: c
two parts are no version                  | 1.0.1  | 1.0.0g       | 3                 | commit a; tag v1.0.0; commit b; tag v2.0; tag 3; commit fix: c
both sides of a merge are tagged          | 1.3.0  | 1.2.0g       | the same          | commit a; tag v1.0.0; branch x; commit feat: b; tag v1.1.0; switch main; commit c; tag v1.2.0; merge x Merge branch 'x'; commit fix: d
the merge itself is tagged                | 1.1.0  | 1.1.0        | the same          | commit a; tag v1.0.0; branch x; commit feat: b; switch main; merge x Merge branch 'x'; tag v1.1.0
a higher release on the merged side       | 2.1.0  | 2.0.0g       | the same          | commit a; tag v1.0.0; branch x; commit feat!: b; tag v2.0.0; switch main; commit feat: c; merge x Merge branch 'x'
a tag with a path is another product's    | 1.0.1  | 1.0.0g       | other/v9.0.0      | commit a; tag v1.0.0; commit b; tag other/v9.0.0; commit fix: c
an empty message                          | 1.0.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; commit 
the first commit is tagged                | 1.0.0  | 1.0.0        | the same          | commit a; tag v1.0.0
numbers are no text                       | 1.10.1 | 1.10.0g      | the same          | commit a; tag v1.9.0; commit b; tag v1.10.0; commit fix: c
nothing but candidates yet                | 1.0.0  | 1.0.0-rc.2g  | the same          | commit a; tag v1.0.0-rc.1; commit b; tag v1.0.0-rc.2; commit feat!: c
a candidate on a merged side              | 1.1.0  | 1.0.0g       | v1.1.0-rc.1       | commit a; tag v1.0.0; branch x; commit feat: b; tag v1.1.0-rc.1; switch main; commit c; merge x Merge branch 'x'
a release after its candidate             | 1.1.1  | 1.1.0g       | the same          | commit a; tag v1.1.0-rc.1; commit b; tag v1.1.0; commit fix: c
candidates of two names                   | 1.1.0  | 1.0.0g       | v1.1.0-beta.4     | commit a; tag v1.0.0; commit feat: b; tag v1.1.0-beta.4; tag v1.1.0-rc.1; commit fix: c
a side branch that was not merged         | 1.0.0  | 1.0.0g       | the same          | commit a; tag v1.0.0; branch x; commit feat: b; switch main; commit docs: c
"#;

#[test]
fn histories_have_the_right_next_version_and_version() {
    for row in HISTORIES.lines().filter(|row| !row.is_empty()) {
        let columns: Vec<&str> = row.split(" | ").collect();
        let [name, next, version, nearest, script] = columns[..] else { panic!("five columns in {row}") };
        let [next, version, nearest] = [next, version, nearest].map(str::trim);
        let repository = play(script);
        let printed = versioner(&repository).arg("next").succeeds();
        assert_eq!(printed.stdout(), format!("{next}\n"), "{name}");
        let short = repository.head()[..8].to_owned();
        let below = version.trim_end_matches('g');
        let version = if below == version { below.to_owned() } else { format!("{below}+g{short}") };
        let printed = versioner(&repository).arg("current").succeeds();
        assert_eq!(printed.stdout(), format!("{version}\n"), "{name}");
        let printed = versioner(&repository).arg("env").succeeds();
        let named = ["VERSION", "NEXT_VERSION", "SHORT_SHA"].map(|name| variable(printed.stdout(), name));
        assert_eq!(named, [Some(version.as_str()), Some(next), Some(short.as_str())], "{name}");
        // What looks at the nearest tag alone, and at its text, is right where this column says so.
        let described = repository.git(["describe", "--tags", "--abbrev=0", "--always"]);
        let same = described.trim_start_matches('v').split('+').next() == Some(below);
        let described = if repository.head().starts_with(&described) { "none" } else { described.as_str() };
        assert_eq!(if same { "the same" } else { described }, nearest, "{name}");
    }
}

#[test]
fn a_shallow_clone_gives_the_line_that_helps_and_no_version() {
    let table = [
        ("the release is not in the clone", "commit fix: d; commit fix: e; depth 3"),
        ("a release is, and a higher one may not be", "tag v2.9.0; commit fix: d; depth 2"),
        ("a candidate is", "commit fix: d; tag v4.0.0-rc.1; depth 1"),
    ];
    for (name, rest) in table {
        let repository = play(&format!("commit a; tag v3.0.0; commit b; commit c; {rest}"));
        for command in ["next", "env"] {
            let output = versioner(&repository).arg(command).fails(1);
            assert_eq!(output.stdout(), "", "{name}");
            assert!(output.error()[0].contains("shallow"), "{name}: {output:?}");
            assert!(output.error()[1].contains("GIT_DEPTH: 0"), "{name}: {output:?}");
        }
    }
}

#[test]
fn what_a_shallow_clone_knows_it_says() {
    let repository = play("commit a; commit b; commit c; depth 1");
    let short = repository.head()[..8].to_owned();
    for kind in ["ci", "release"] {
        let output =
            versioner(&repository).args(["image", kind, "--image-base", "localhost:5000/app"]).succeeds();
        assert_eq!(output.stdout(), format!("localhost:5000/app/{kind}:{short}\n"));
    }
}

#[test]
fn a_stale_list_of_shallow_commits_is_no_cut() {
    // What a runner leaves behind that fetched less before: the listed commits are not on the way, or the first.
    let repository = play("commit a; tag v1.0.0; branch old; commit b; switch main; commit fix: c");
    let ids = repository.git(["rev-parse", "old", "v1.0.0"]);
    repository.write(".git/shallow", format!("{ids}\n"));
    assert_eq!(versioner(&repository).arg("next").succeeds().stdout(), "1.0.1\n");
}

#[test]
fn a_repository_of_several_products_wants_a_prefix() {
    let repository = play("commit a; tag a/v1.0.0; tag b/v5.0.0; commit feat: b");
    for command in ["next", "env"] {
        let output = versioner(&repository).arg(command).fails(2);
        assert!(output.error()[0].contains("a/ or b/"), "{output:?}");
        assert!(output.error()[1].contains("--tag-prefix a/"), "{output:?}");
    }
    for (prefix, next) in [("a/", "1.1.0"), ("b/", "5.1.0"), ("", "0.1.0")] {
        let output = versioner(&repository).args(["next", "--tag-prefix", prefix]).succeeds();
        assert_eq!((output.stdout(), output.stderr.as_str()), (format!("{next}\n").as_str(), ""), "{prefix}");
    }
    let output = versioner(&repository).arg("next").env("VERSIONER_TAG_PREFIX", "b/").succeeds();
    assert_eq!(output.stdout(), "5.1.0\n");
}

#[test]
fn a_prefix_that_fits_no_tag_is_told() {
    let repository = play("commit a; tag a/v1.0.0; tag b-v5.0.0; commit feat: b");
    for (command, printed) in [("next", "0.1.0"), ("tag", "c/0.1.0")] {
        let output = versioner(&repository).args([command, "--tag-prefix", "c/"]).succeeds();
        assert_eq!(output.stdout(), format!("{printed}\n"));
        let said = "no tag starts with c/ and goes on with a version: nothing is released yet; others start with a/ or b-";
        assert_eq!(output.stderr.matches(said).count(), 1, "{output:?}");
    }
    // Said once, also by the command that asks twice.
    let env = versioner(&repository).args(["env", "--tag-prefix", "c/"]).succeeds();
    assert_eq!(env.stderr.matches("no tag starts with c/").count(), 1, "{env:?}");
    let fresh = versioner(&play("commit a")).args(["current", "--tag-prefix", "c/"]).succeeds();
    assert!(fresh.stderr.contains("nothing is released yet\n"), "{fresh:?}");
    // Here only the last character is missing.
    for (prefix, whole) in [("a", "a/"), ("b", "b-")] {
        let output = versioner(&repository).args(["next", "--tag-prefix", prefix]).fails(2);
        assert!(output.error()[0].contains(&format!("tags that start with {whole} do")), "{output:?}");
        assert!(output.error()[1].contains(&format!("--tag-prefix {whole}")), "{output:?}");
        assert_eq!(output.stdout(), "");
    }
    for (prefix, why) in [("a b/", "git allows none called 'a b/1.0.0'"), ("refs/tags/a/", "refs/tags/")] {
        let output = versioner(&repository).args(["tag", "--tag-prefix", prefix]).fails(2);
        assert!(output.error()[0].contains("--tag-prefix") && output.error()[0].contains(why), "{output:?}");
    }
}

#[test]
fn a_next_version_that_is_taken_is_told() {
    let repository =
        play("commit a; tag v1.0.0; branch x; commit fix: b; tag v1.0.1; switch main; commit fix: c");
    let taken = &repository.git(["rev-parse", "v1.0.1"])[..8];
    let output = versioner(&repository).arg("next").succeeds();
    assert_eq!(output.stdout(), "1.0.1\n");
    assert!(
        output.stderr.contains(&format!("the tag v1.0.1 exists already, on commit {taken}")),
        "{output:?}"
    );
}
