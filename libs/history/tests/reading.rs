//! Repositories made by git, read without it, and compared with what git says of them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use pypelines_history::{CommitId, Error, Repository};
use testkit::Repository as Made;

fn open(made: &Made) -> Repository {
    Repository::discover(made.path()).expect("a repository")
}

fn id(text: &str) -> CommitId {
    text.parse().expect("an id")
}

fn reachable(repository: &Repository, from: CommitId) -> Result<Vec<String>, Error> {
    let mut seen = Vec::new();
    repository.walk(from, |commit| {
        seen.push(commit.to_string());
        ControlFlow::Continue(())
    })?;
    Ok(seen)
}

fn since(repository: &Repository, from: CommitId, released: &[CommitId]) -> BTreeSet<String> {
    let commits = repository.commits_since(from, released).expect("a whole history");
    commits.iter().map(|commit| commit.id.to_string()).collect()
}

fn git_lists(made: &Made, args: &[&str]) -> BTreeSet<String> {
    made.git(["rev-list"].iter().chain(args)).lines().map(str::to_owned).collect()
}

/// A history of `size` commits that branch and merge at random, all with one tree, written without a working tree.
fn tangle(seed: u64, size: usize, step: u64) -> (Made, Vec<String>) {
    let mut made = Made::new();
    let mut random = seed;
    let mut below = |limit: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).expect("31 bits") % limit
    };
    let mut ids: Vec<String> = vec![made.commit("first")];
    let tree = made.git(["rev-parse", "HEAD^{tree}"]);
    for number in 1..size {
        made.set_clock(1_704_067_200 + u64::try_from(number).expect("a small number") * step);
        let near = ids.len().saturating_sub(6);
        let parents: BTreeSet<&String> =
            (0..=below(3)).map(|_| &ids[near + below(ids.len() - near)]).collect();
        let message = format!("commit {number}");
        let mut args = vec!["commit-tree", &tree, "-m", &message];
        for parent in parents {
            args.extend(["-p", parent]);
        }
        let made_id = made.git(args);
        ids.push(made_id);
    }
    (made, ids)
}

#[test]
fn what_is_reachable_and_what_is_new_is_what_git_says() {
    // With a minute between commits, and with all of them in one second.
    for (seed, step) in [(1, 60), (2, 60), (3, 0)] {
        let (made, ids) = tangle(seed, 40, step);
        let repository = open(&made);
        let last = &ids[39];
        let walked = reachable(&repository, id(last)).unwrap();
        assert_eq!(walked.len(), walked.iter().collect::<BTreeSet<_>>().len(), "each commit once");
        assert_eq!(walked.into_iter().collect::<BTreeSet<_>>(), git_lists(&made, &[last]));
        for released in [[0, 0], [5, 9], [20, 33], [37, 38], [39, 2]] {
            let [a, b] = released.map(|at| &ids[at]);
            let expected = git_lists(&made, &[last, &format!("^{a}"), &format!("^{b}")]);
            assert_eq!(since(&repository, id(last), &[id(a), id(b)]), expected, "{seed} {released:?}");
        }
    }
}

#[test]
fn a_commit_graph_changes_nothing() {
    let (made, ids) = tangle(4, 40, 60);
    made.git(["update-ref", "refs/heads/main", &ids[39]]);
    let last = id(&ids[39]);
    let before = (reachable(&open(&made), last).unwrap(), since(&open(&made), last, &[id(&ids[20])]));
    made.git(["commit-graph", "write", "--reachable"]);
    let after = (reachable(&open(&made), last).unwrap(), since(&open(&made), last, &[id(&ids[20])]));
    assert_eq!(before, after);
    made.write(".git/objects/info/commit-graph", "damaged");
    assert_eq!(reachable(&open(&made), last).unwrap(), before.0);
}

#[test]
fn a_clock_that_was_wrong_does_not_make_released_commits_new() {
    let mut made = Made::new();
    made.commit("first");
    made.commit("shared");
    made.branch("release");
    // The release was made on a machine that lives in 2001.
    made.set_clock(1_000_000_000);
    let released = made.commit("released");
    made.switch("main");
    made.set_clock(1_704_070_000);
    let new = made.commit("new");
    let head = made.merge("release", "Merge branch 'release'");
    let found = since(&open(&made), id(&head), &[id(&released)]);
    assert_eq!(found, BTreeSet::from([new, head]));
}

#[test]
fn nothing_is_new_since_the_commit_itself() {
    let mut made = Made::new();
    let head = id(&made.commit("first"));
    assert!(open(&made).commits_since(head, &[head]).unwrap().is_empty());
    assert_eq!(open(&made).commits_since(head, &[]).unwrap().len(), 1);
}

#[test]
fn a_cut_history_is_an_error_after_everything_that_is_there() {
    let mut made = Made::new();
    for message in ["one", "two", "three"] {
        made.commit(message);
    }
    let clone = made.clone_at_depth(2);
    let repository = open(&clone);
    assert!(repository.is_shallow().unwrap());
    assert!(!open(&made).is_shallow().unwrap());
    let head = repository.head().unwrap();
    let mut seen = 0;
    let result = repository.walk(head, |_| {
        seen += 1;
        ControlFlow::Continue(())
    });
    assert!(matches!(result, Err(Error::Shallow { .. })), "{result:?}");
    assert_eq!(seen, 2);
    assert!(matches!(repository.commits_since(head, &[]), Err(Error::Shallow { .. })));
    // Who has seen enough before that is not bothered.
    repository.walk(head, |_| ControlFlow::Break(())).unwrap();
}

#[test]
fn tags_are_followed_to_their_commits() {
    let mut made = Made::new();
    let commit = id(&made.commit("first"));
    made.tag("light");
    made.annotated_tag("annotated", "for the test");
    made.git(["tag", "--annotate", "twice", "annotated", "-m", "a tag of a tag"]);
    made.tag("group/nested");
    made.git(["tag", "tree", "HEAD^{tree}"]);
    for packed in [false, true] {
        if packed {
            made.git(["pack-refs", "--all"]);
        }
        let mut tags = open(&made).tags(|name| name != "light").unwrap();
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = tags.iter().map(|tag| (tag.name.as_str(), tag.target == commit)).collect();
        assert_eq!(names, [("annotated", true), ("group/nested", true), ("tree", false), ("twice", true)]);
        let on_commit = open(&made).tags_on(commit, |name| name != "light").unwrap().expect("few tags");
        let mut names: Vec<_> = on_commit.iter().map(|tag| tag.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["annotated", "group/nested", "twice"]);
        let named = ["light", "annotated", "twice", "group/nested", "tree", "group", "none", "no such", ""]
            .map(|name| open(&made).tag(name).unwrap().map(|tag| tag.target == commit));
        let [there, other] = [Some(true), Some(false)];
        assert_eq!(named, [there, there, there, there, other, None, None, None, None]);
    }
    // A tag that was moved is in a file of its own, beside the packed one that it replaces.
    made.commit("second");
    made.git(["tag", "--force", "light"]);
    let on = |commit| open(&made).tags_on(commit, |name| name == "light").unwrap().expect("few tags").len();
    assert_eq!((on(commit), on(open(&made).head().unwrap())), (0, 1));
    for number in 0..33 {
        made.tag(&format!("many/{number}"));
    }
    assert_eq!(open(&made).tags_on(commit, |_| true).unwrap(), None, "all of them would have to be read");
}

#[test]
fn messages_come_whole_even_when_they_are_no_utf_8() {
    let mut made = Made::new();
    made.write("message", b"feat: caf\xe9\n\nBody \"quoted\"\n");
    made.git([
        "-c",
        "i18n.commitEncoding=ISO-8859-1",
        "commit",
        "--quiet",
        "--allow-empty",
        "--file",
        "message",
    ]);
    let head = open(&made).head().unwrap();
    let commits = open(&made).commits_since(head, &[]).unwrap();
    assert_eq!(commits[0].message, "feat: caf\u{fffd}\n\nBody \"quoted\"\n");
    assert!(!commits[0].is_merge);
    made.branch("side");
    made.commit("side");
    made.switch("main");
    let merge = id(&made.merge("side", "Merge branch 'side'"));
    assert!(open(&made).commits_since(merge, &[head]).unwrap().iter().any(|commit| commit.is_merge));
}

#[test]
fn a_clone_of_another_user_is_refused() {
    let mut made = Made::new();
    made.commit("first");
    // Only root can give files away; CI containers run as root, which is the case that matters.
    if std::os::unix::fs::chown(made.path().join(".git"), Some(65534), None).is_err() {
        testkit::skipped("only root can give files away");
        return;
    }
    let error = Repository::discover(made.path()).err().expect("it is another user's");
    assert!(matches!(error, pypelines_history::Error::NotOurs { .. }), "{error:?}");
}

#[test]
fn a_commit_changes_what_is_below_a_path() {
    let mut made = Made::new();
    made.write("a/one", "1").write("b/one", "1").write("top", "1");
    let first = made.commit("all");
    made.write("a/one", "2");
    let in_a = made.commit("a");
    made.branch("side");
    made.write("b/deep/er", "1");
    made.commit("b");
    made.switch("main");
    made.write("top", "2");
    let in_none = made.commit("top");
    let merge = made.merge("side", "Merge branch 'side'");
    let repository = open(&made);
    let table = [(&first, true, true), (&in_a, true, false), (&in_none, false, false), (&merge, false, true)];
    for (commit, a, b) in table {
        assert_eq!(repository.changes(id(commit), &[Path::new("a")]).unwrap(), a, "{commit}");
        assert_eq!(repository.changes(id(commit), &[Path::new("b")]).unwrap(), b, "{commit}");
        assert_eq!(repository.changes(id(commit), &[Path::new("a"), Path::new("b")]).unwrap(), a || b);
    }
    assert!(repository.contains(id(&merge), Path::new("b/deep/er")).unwrap());
    assert!(!repository.contains(id(&in_a), Path::new("b/deep")).unwrap());
    let clone = made.clone_at_depth(1);
    let result = open(&clone).changes(id(&merge), &[Path::new("a")]);
    assert!(matches!(result, Err(Error::Shallow { .. })), "{result:?}");
}

#[test]
fn a_clone_without_trees_says_so() {
    let mut made = Made::new();
    made.write("a/one", "1");
    made.commit("one");
    let head = made.commit("two");
    made.git(["config", "uploadpack.allowFilter", "true"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clone = folder.path().join("clone");
    let source = format!("file://{}", made.path().display());
    made.git(["clone", "--quiet", "--bare", "--filter=tree:0", &source, &clone.to_string_lossy()]);
    let repository = Repository::discover(&clone).expect("a repository");
    assert_eq!(reachable(&repository, id(&head)).unwrap().len(), 2);
    let result = repository.changes(id(&head), &[Path::new("a")]);
    assert!(matches!(result, Err(Error::NoTree { .. })), "{result:?}");
}

#[test]
fn a_branch_and_a_commits_time_are_what_git_says() {
    let mut made = Made::new();
    let head = made.commit("one");
    assert_eq!(open(&made).branch().unwrap().as_deref(), Some("main"));
    assert_eq!(open(&made).committed_at(id(&head)).unwrap(), 1_704_067_260);
    made.branch("feature/x").detach();
    assert_eq!(open(&made).branch().unwrap(), None);
}
