//! Clones of every kind: shallow ones that are deepened, linked, nested, partial, and those of other users.

use testkit::{Repository, tool};

use super::{play, versioner};

fn clone_of(origin: &Repository, args: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let clone = folder.path().join("clone");
    let source = format!("file://{}", origin.path().display());
    let target = clone.to_string_lossy().into_owned();
    origin.git(["clone", "--quiet"].iter().chain(args).chain([&source.as_str(), &target.as_str()]));
    (folder, clone)
}

#[test]
fn a_shallow_clone_is_deepened_when_that_is_wanted() {
    let origin = play("commit a; tag v3.0.0; commit fix: b; commit c; commit feat: d; commit e");
    for filter in ["true", "false"] {
        origin.git(["config", "uploadpack.allowFilter", filter]);
        let short = &origin.head()[..8];
        let cases: [(&[&str], String); 3] = [
            (&["next"], "3.1.0\n".into()),
            (&["current"], format!("3.0.0+g{short}\n")),
            (&["tag"], "v3.1.0\n".into()),
        ];
        for (args, expected) in cases {
            let clone = origin.clone_at_depth(2);
            versioner(&clone).args(args).fails(1);
            let output = versioner(&clone).args(args).arg("--deepen").succeeds();
            assert_eq!(output.stdout(), expected, "{args:?}");
            assert!(
                output.stderr.contains("fetching the missing history and tags from origin"),
                "{output:?}"
            );
            // From now on it is whole.
            let output = versioner(&clone).args(args).succeeds();
            assert_eq!((output.stdout(), output.stderr.as_str()), (expected.as_str(), ""), "{args:?}");
        }
    }
    let clone = origin.clone_at_depth(2);
    for remote in ["--upload-pack=touch ran;", ""] {
        versioner(&clone).args(["next", "--deepen", &format!("--remote={remote}")]).fails(2);
        assert!(!clone.path().join("ran").exists());
    }
    let output = versioner(&clone).arg("next").env("VERSIONER_DEEPEN", "true").succeeds();
    assert_eq!(output.stdout(), "3.1.0\n");
}

/// Since v1.0.0, a fix in the folder a and a feature in b, for clones that ask for a part.
fn origin_of_two_folders() -> Repository {
    let mut origin = Repository::new();
    origin.write("a/code", "1");
    origin.commit("feat: a");
    origin.tag("v1.0.0").write("a/code", "2");
    origin.commit("fix: a");
    origin.write("b", "1");
    origin.commit("feat: b");
    origin.git(["config", "uploadpack.allowFilter", "true"]);
    origin
}

#[test]
fn deepening_brings_files_where_a_folder_is_asked_about() {
    let origin = origin_of_two_folders();
    for (command, expected) in [("next", "1.0.1\n"), ("env", "\nNEXT_VERSION=1.0.1\n")] {
        let clone = origin.clone_at_depth(1);
        let output = versioner(&clone).args([command, "--path", "a", "--deepen"]).succeeds();
        assert!(output.stdout().contains(expected), "{output:?}");
        let clone = origin.clone_at_depth(1);
        let output = versioner(&clone).args([command, "--path", "a", "--history", "api"]).fails(2);
        assert!(output.error()[0].contains("--path cannot be answered by --history api"), "{output:?}");
    }
}

#[test]
fn a_clone_that_was_deepened_gets_files_where_they_are_asked_about_later() {
    let mut origin = origin_of_two_folders();
    let clone = origin.clone_at_depth(1);
    assert_eq!(versioner(&clone).args(["next", "--deepen"]).succeeds().stdout(), "1.1.0\n");
    let output = versioner(&clone).args(["next", "--path", "a"]).fails(1);
    assert!(output.error()[0].contains("are not in this clone"), "{output:?}");
    assert!(output.error()[1].contains("git fetch --refetch --filter=blob:none"), "{output:?}");
    let output = versioner(&clone).args(["next", "--path", "a", "--deepen"]).succeeds();
    assert_eq!(output.stdout(), "1.0.1\n");
    assert!(output.stderr.contains("fetching the missing folders from origin"), "{output:?}");
    // From now on they are here.
    let output = versioner(&clone).args(["next", "--path", "a"]).succeeds();
    assert_eq!((output.stdout(), output.stderr.as_str()), ("1.0.1\n", ""));
    // What is fetched next comes whole.
    let settings = clone.git(["config", "--list"]);
    assert!(settings.contains("remote.origin.promisor=true"), "{settings}");
    assert!(!settings.contains("partialclonefilter"), "{settings}");
    origin.write("c/new", "1");
    let newest = origin.commit("fix: c");
    clone.git(["fetch", "--quiet", "origin", "main"]);
    clone.git(["-c", "remote.origin.url=/nowhere", "checkout", "--quiet", &newest]);
}

#[test]
fn the_filter_of_a_partial_clone_stays_what_it_was() {
    let origin = play("commit a; tag v1.0.0; commit fix: b; commit c");
    origin.git(["config", "uploadpack.allowFilter", "true"]);
    let (_folder, clone) = clone_of(&origin, &["--depth=1", "--filter=blob:none"]);
    let run = tool("versioner").args(["next", "--deepen"]).current_dir(&clone).succeeds();
    assert_eq!(run.stdout(), "1.0.1\n");
    let at = clone.display().to_string();
    assert_eq!(origin.git(["-C", &at, "config", "remote.origin.partialclonefilter"]), "blob:none");
}

#[test]
fn git_dir_counts_as_it_does_for_git() {
    let mut repository = play("commit a; tag v1.0.0; commit feat: b");
    let other = play("commit a; tag v7.0.0; commit fix: b");
    let folder = tempfile::tempdir().expect("a folder");
    let linked = folder.path().join("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", &linked.to_string_lossy()]);
    let bare = folder.path().join("bare");
    repository.git(["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()]);
    let private = repository.path().join(".git/worktrees/linked");
    repository.commit("feat!: c");
    let run = |git_dir: &std::path::Path| versioner(&other).arg("next").env("GIT_DIR", git_dir);
    let git_dir = repository.path().join(".git");
    let table = [(&git_dir, "2.0.0"), (&bare, "1.1.0"), (&private, "1.1.0"), (&linked.join(".git"), "1.1.0")];
    for (git_dir, next) in table {
        assert_eq!(run(git_dir).succeeds().stdout(), format!("{next}\n"), "{git_dir:?}");
        // Who names a repository means that one.
        let named = run(git_dir).arg("--repository").arg(other.path()).succeeds();
        assert_eq!(named.stdout(), "7.0.1\n", "{git_dir:?}");
    }
    assert_eq!(run(std::path::Path::new("")).succeeds().stdout(), "7.0.1\n");
    let relative = tool("versioner").arg("next").env("GIT_DIR", "linked/.git").current_dir(folder.path());
    assert_eq!(relative.succeeds().stdout(), "1.1.0\n");
    for nothing in ["/no/such/folder", "/", "/etc/passwd"] {
        let output = run(std::path::Path::new(nothing)).fails(2);
        assert!(output.error()[0].contains(&format!("GIT_DIR is {nothing}")), "{output:?}");
        assert!(output.error()[1].contains("--repository DIR"), "{output:?}");
    }
}

#[test]
fn git_works_in_the_repository_that_was_read() {
    let origin = play("commit a; tag v3.0.0; commit fix: b; commit c; commit feat: d");
    let elsewhere = play("commit a");
    let clone = origin.clone_at_depth(1);
    let run = versioner(&elsewhere).args(["next", "--deepen", "--repository"]).arg(clone.path());
    let run = run.env("GIT_DIR", elsewhere.path().join(".git"));
    assert_eq!(run.succeeds().stdout(), "3.1.0\n");
    let clone = origin.clone_at_depth(1);
    let run = versioner(&elsewhere).args(["next", "--deepen"]).env("GIT_DIR", clone.path().join(".git"));
    assert_eq!(run.succeeds().stdout(), "3.1.0\n");
}

#[test]
fn what_needs_no_history_fetches_none() {
    let clone = play("commit a; commit b; tag v3.0.0; depth 1");
    clone.git(["remote", "remove", "origin"]);
    for command in ["next", "current"] {
        let output = versioner(&clone).args([command, "--deepen"]).succeeds();
        assert_eq!((output.stdout(), output.stderr.as_str()), ("3.0.0\n", ""));
    }
    let clone = play("commit a; commit b; depth 1");
    clone.git(["remote", "remove", "origin"]);
    let output = versioner(&clone).args(["next", "--deepen"]).fails(1);
    assert!(
        output.error()[0].contains("cannot fetch the missing history from origin: git says: "),
        "{output:?}"
    );
}

#[test]
fn partial_clones_are_read_without_what_they_lack() {
    let mut origin = Repository::new();
    for (content, message) in [("1", "feat: a"), ("2", "fix: b"), ("3", "fix: c")] {
        origin.write("a/code", content);
        origin.commit(message);
        if content == "1" {
            origin.annotated_tag("v1.0.0", "for the test");
        }
    }
    origin.git(["config", "uploadpack.allowFilter", "true"]);
    for filter in ["blob:none", "tree:0"] {
        let (_folder, clone) = clone_of(&origin, &["--bare", &format!("--filter={filter}")]);
        let run = |args: &[&str]| tool("versioner").arg("next").args(args).current_dir(&clone);
        assert_eq!(run(&[]).succeeds().stdout(), "1.0.1\n", "{filter}");
        if filter == "blob:none" {
            assert_eq!(run(&["--path", "a"]).succeeds().stdout(), "1.0.1\n");
        } else {
            let output = run(&["--path", "a"]).fails(1);
            assert!(output.error()[0].contains("files of commit"), "{output:?}");
            assert!(output.error()[1].contains("--filter=blob:none"), "{output:?}");
        }
    }
}

#[test]
fn a_submodule_has_versions_of_its_own() {
    let inner = play("commit a; tag v2.0.0; commit fix: b");
    let outer = play("commit a; tag v7.0.0");
    let source = inner.path().to_string_lossy().into_owned();
    outer.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &source, "inner"]);
    let run = |folder: &str| tool("versioner").arg("next").current_dir(outer.path().join(folder)).succeeds();
    assert_eq!(run("inner").stdout(), "2.0.1\n");
    assert_eq!(run(".").stdout(), "7.0.0\n");
}

#[test]
fn a_worktree_reads_its_own_head() {
    let mut repository = play("commit a; tag v1.0.0; commit feat: b");
    let folder = tempfile::tempdir().expect("a folder");
    let linked = folder.path().join("linked");
    repository.git(["worktree", "add", "--quiet", "-b", "fix", &linked.to_string_lossy(), "v1.0.0"]);
    repository.commit("feat!: c");
    let run = |command: &str| tool("versioner").arg(command).current_dir(&linked).succeeds();
    assert_eq!(run("current").stdout(), "1.0.0\n");
    assert!(run("env").stdout().contains("\nBRANCH=fix\n"));
    assert_eq!(versioner(&repository).arg("next").succeeds().stdout(), "2.0.0\n");
}

/// Gives the working tree, the git directory or both to another user. Only root can, and CI containers run as root, which
/// is the case that matters.
fn give_away(paths: &[&std::path::Path]) -> bool {
    let given = paths.iter().all(|path| std::os::unix::fs::chown(path, Some(65534), None).is_ok());
    if !given {
        testkit::skipped("only root can give files away");
    }
    given
}

#[test]
fn a_clone_of_another_user_is_read_where_git_reads_it() {
    for given in ["tree", "git directory", "both", "neither"] {
        let repository = play("commit a; tag v1.0.0; commit fix: b");
        let (tree, git_dir) =
            (repository.path().canonicalize().expect("a path"), repository.path().join(".git"));
        let paths: &[&std::path::Path] = match given {
            "tree" => &[&tree],
            "git directory" => &[&git_dir],
            "both" => &[&tree, &git_dir],
            _ => &[],
        };
        if !give_away(paths) {
            return;
        }
        let home = tempfile::tempdir().expect("a folder");
        let tree = tree.display().to_string();
        let count = |value: &str| {
            vec![
                ("GIT_CONFIG_COUNT", "1".to_owned()),
                ("GIT_CONFIG_KEY_0", "safe.directory".to_owned()),
                ("GIT_CONFIG_VALUE_0", value.to_owned()),
            ]
        };
        let file = |name: &str, value: &str| {
            let path = home.path().join(name);
            std::fs::write(&path, format!("[safe]\n\tdirectory = {value}\n")).expect("a configuration");
            path.display().to_string()
        };
        let included = format!("[include]\n\tpath = {}\n", file("included", "*"));
        std::fs::write(home.path().join("including"), included).expect("a configuration");
        let including = home.path().join("including").display().to_string();
        let table: Vec<Vec<(&str, String)>> = vec![
            vec![],
            vec![("SUDO_UID", "65534".into())],
            vec![("SUDO_UID", "12345".into())],
            count("*"),
            count(&tree),
            count("/somewhere/else"),
            count("."),
            count(""),
            vec![("GIT_CONFIG_PARAMETERS", "'safe.directory'='*'".into())],
            vec![("GIT_CONFIG_GLOBAL", file("star", "*"))],
            vec![("GIT_CONFIG_GLOBAL", file("exact", &tree))],
            vec![("GIT_CONFIG_GLOBAL", file("below", "/*"))],
            vec![("GIT_CONFIG_GLOBAL", file("relative", "clone"))],
            vec![("GIT_CONFIG_GLOBAL", including)],
            vec![("GIT_CONFIG_SYSTEM", file("system", "*"))],
            [count(""), vec![("GIT_CONFIG_GLOBAL", file("taken-back", "*"))]].concat(),
        ];
        for variables in table {
            let isolated = [("HOME", home.path().display().to_string())]
                .into_iter()
                .chain(["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"].map(|name| (name, "/dev/null".to_owned())));
            let variables: Vec<_> = isolated.chain(variables).collect();
            let git = std::process::Command::new("git")
                .args(["rev-parse", "HEAD"])
                .current_dir(repository.path())
                .env_remove("SUDO_UID")
                .envs(variables.iter().map(|(name, value)| (name, value)))
                .output()
                .expect("git");
            let run = variables
                .iter()
                .fold(versioner(&repository).arg("next"), |run, (name, value)| run.env(name, value));
            if git.status.success() {
                assert_eq!(run.succeeds().stdout(), "1.0.1\n", "{given} {variables:?}");
            } else {
                let output = run.fails(1);
                assert!(output.error()[0].contains("belongs to another user"), "{given} {variables:?}");
                let hint = format!("git config --global --add safe.directory {tree}");
                assert!(output.error()[1].contains(&hint), "{output:?}");
            }
        }
    }
}

#[test]
fn what_else_holds_a_clone_may_belong_to_anybody() {
    let repository = play("commit a; tag v1.0.0");
    let folder = tempfile::tempdir().expect("a folder");
    let linked = folder.path().join("linked");
    repository.git(["worktree", "add", "--quiet", "--detach", &linked.to_string_lossy()]);
    let bare = folder.path().join("bare");
    repository.git(["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()]);
    let run = |at: &std::path::Path| tool("versioner").arg("next").current_dir(at);
    if !give_away(&[folder.path(), &repository.path().join(".git/refs")]) {
        return;
    }
    for at in [linked.as_path(), &bare, repository.path()] {
        assert_eq!(run(at).succeeds().stdout(), "1.0.0\n");
    }
    give_away(&[&linked.join(".git"), &bare]);
    for at in [&linked, &bare] {
        assert!(run(at).fails(1).error()[0].contains("belongs to another user"));
        let git = std::process::Command::new("git").args(["rev-parse", "HEAD"]).current_dir(at).output();
        assert!(!git.expect("git").status.success(), "{at:?}");
    }
}
