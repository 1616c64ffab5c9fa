use super::*;
use std::fs;

use crate::cli::Selection;

fn folder_of(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        write(folder.path(), file, "x\n");
    }
    folder
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn wanted(exclude: &[&str], no_gitignore: bool) -> Wanted {
    let selection = Selection {
        paths: Vec::new(),
        count: Default::default(),
        suffix: Vec::new(),
        language: Vec::new(),
        exclude: exclude.iter().map(ToString::to_string).collect(),
        no_gitignore,
    };
    crate::select::wanted(&selection).unwrap()
}

fn names_of(folder: &Path, roots: &[&str], wanted: &Wanted) -> Vec<String> {
    let roots: Vec<_> = roots.iter().map(|root| folder.join(root)).collect();
    let found = find(&roots, wanted).unwrap();
    let relative = |file: &SourceFile| file.path.strip_prefix(folder).unwrap().display().to_string();
    found.files.iter().map(relative).collect()
}

fn names(folder: &Path, roots: &[&str]) -> Vec<String> {
    names_of(folder, roots, &wanted(&[], false))
}

#[test]
fn hidden_and_foreign_folders_copies_and_links_are_passed_over() {
    let folder = folder_of(&[
        "b.py",
        "a/b.py",
        "a-b.py",
        "a/deep/c.rs",
        ".hidden.py",
        ".git/x.py",
        "_svn/x.py",
        "__pycache__/x.py",
        "old.py~",
        "notes.md",
        "venv/x.py",
        "..dots/x.py",
    ]);
    std::os::unix::fs::symlink("b.py", folder.path().join("link.py")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    assert_eq!(names(folder.path(), &[""]), ["a-b.py", "a/b.py", "a/deep/c.rs", "b.py", "venv/x.py"]);
    assert_eq!(find(&[folder.path().to_owned()], &wanted(&[], false)).unwrap().other, 1, "notes.md");
    assert_eq!(names(folder.path(), &["a", "a/b.py"]), ["a/b.py", "a/deep/c.rs"], "each file once");
    assert_eq!(names(folder.path(), &["a/../a", "a"]).len(), 2, "by whatever name");
    assert_eq!(
        names(folder.path(), &[".git", "b.py", "link.py"]),
        [".git/x.py", "b.py"],
        "what is named counts"
    );
    assert_eq!(names(folder.path(), &["link.py"]), ["link.py"]);
    assert_eq!(names(folder.path(), &["loop"]).len(), 5, "a link that is named is followed");
}

#[test]
fn patterns_hold_where_their_file_is_and_the_innermost_decides() {
    let folder = folder_of(&[
        "build/a.py",
        "src/build/a.py",
        "src/gen_a.py",
        "src/keep/gen_b.py",
        "src/keep/c.py",
        "src/only/d.py",
        "docs/conf.py",
        "docs/sub/conf.py",
        "local.py",
        "space .py",
        "#a.py",
        "é.py",
    ]);
    for (file, text) in [
        (".gitignore", "\u{feff}# made by tools\r\n/build/\ngen_*.py  \n\n*.pyc\n\\#a.py\n"),
        ("src/.gitignore", "only/*\n!only/d.py\n"),
        ("src/keep/.gitignore", "!gen_b.py\nc.py\n"),
        ("docs/.gitignore", "/conf.py\n"),
        (".git/info/exclude", "local.py\nspace\\ .py\n"),
    ] {
        write(folder.path(), file, text);
    }
    let all = names(folder.path(), &[""]);
    assert_eq!(all, ["docs/sub/conf.py", "src/build/a.py", "src/keep/gen_b.py", "src/only/d.py", "é.py"]);
    assert_eq!(
        names(folder.path(), &["src"]),
        ["src/build/a.py", "src/keep/gen_b.py", "src/only/d.py"],
        "what is above holds too"
    );
    assert_eq!(
        names(folder.path(), &["src/gen_a.py", "build"]),
        ["build/a.py", "src/gen_a.py"],
        "what is named counts"
    );
    assert_eq!(names_of(folder.path(), &[""], &wanted(&[], true)).len(), 12, "--no-gitignore");
}

/// The answers are git's own, for patterns in which people and tools differ.
#[test]
fn git_agrees() {
    let files = [
        "a.py",
        "a/a.py",
        "a/b/a.py",
        "a/b/c/a.py",
        "b/a.py",
        "ab.py",
        "lib/x.py",
        "src/lib/x.py",
        "out/1.py",
        "src/out/1.py",
        "x[1].py",
        "x1.py",
        "!bang.py",
        "tail.py",
        "deep/er/est/z.py",
        "deep/z.py",
    ];
    for patterns in [
        "a.py",
        "/a.py",
        "a/",
        "a/*",
        "a/**",
        "**/a.py",
        "a/**/a.py",
        "*.py\n!a.py",
        "a\n!a/a.py",
        "/*\n!/lib/",
        "lib",
        "/lib",
        "lib/",
        "src/lib",
        "src/*/1.py",
        "x[1].py",
        "x\\[1].py",
        "x[!1].py",
        "\\!bang.py",
        "!bang.py",
        "tail.py ",
        "tail.py\\ ",
        "deep/**/z.py",
        "**/er",
        "**",
        "*",
        "a?.py",
        "[ab]*.py",
        "[[:alpha:]].py",
        "b/a.py/",
        "/deep/*/est",
        "deep/*",
        "*/z.py",
        "",
        "#a.py",
        "/",
        "a//a.py",
        "./a.py",
    ] {
        let folder = folder_of(&files);
        let git = |args: &[&str]| {
            let run =
                std::process::Command::new("git").args(args).current_dir(folder.path()).output().unwrap();
            assert!(run.status.success(), "{run:?}");
            String::from_utf8(run.stdout).unwrap()
        };
        git(&["init", "--quiet"]);
        write(folder.path(), ".gitignore", patterns);
        let listed =
            git(&["-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"]);
        let mut listed: Vec<_> = listed.split('\0').filter(|name| name.ends_with(".py")).collect();
        listed.sort_unstable();
        assert_eq!(names(folder.path(), &[""]), listed, "{patterns:?}");
    }
}

#[test]
fn a_repository_in_another_has_its_own_patterns() {
    let folder = folder_of(&["a.py", "sub/a.py", "sub/b.py", "tree/a.py", "tree/b.py"]);
    write(folder.path(), ".git/info/exclude", "a.py\n");
    write(folder.path(), ".git/modules/sub/info/exclude", "b.py\n");
    write(folder.path(), "sub/.git", "gitdir: ../.git/modules/sub\n");
    write(folder.path(), ".git/worktrees/tree/commondir", "../..\n");
    write(folder.path(), "tree/.git", &format!("gitdir: {}/.git/worktrees/tree\n", folder.path().display()));
    assert_eq!(names(folder.path(), &[""]), ["sub/a.py", "tree/b.py"]);
    assert_eq!(names(folder.path(), &["sub"]), ["sub/a.py"]);
    assert_eq!(
        names(folder.path(), &["tree"]),
        ["tree/b.py"],
        "a worktree has the patterns of its repository"
    );
}

#[test]
fn without_a_repository_the_patterns_of_the_folder_hold() {
    let folder = folder_of(&["app/a.py", "app/b.py"]);
    write(folder.path(), ".gitignore", "a.py\n");
    write(folder.path(), "app/.gitignore", "b.py\n");
    assert_eq!(names(folder.path(), &["app"]), ["app/a.py"]);
    assert_eq!(names(folder.path(), &[""]), [""; 0]);
}

#[test]
fn what_is_excluded_is_seen_from_the_root_or_the_current_folder() {
    let folder = folder_of(&["app/gen/a.py", "app/b.py", "gen/c.py", "d.py"]);
    let top = folder.path().display().to_string();
    for (globs, left) in [
        (&["gen"][..], &["app/b.py", "d.py"][..]),
        (&["gen/"], &["app/b.py", "d.py"]),
        (&["/gen"], &["app/b.py", "app/gen/a.py", "d.py"]),
        (&["./gen"], &["app/b.py", "app/gen/a.py", "d.py"]),
        (&["app/gen"], &["app/b.py", "d.py", "gen/c.py"]),
        (&["app/**", "d.*"], &["gen/c.py"]),
        (&[&format!("{top}/app")], &["d.py", "gen/c.py"]),
        (&["!gen", " "], &["app/b.py", "app/gen/a.py", "d.py", "gen/c.py"]),
    ] {
        assert_eq!(names_of(folder.path(), &[""], &wanted(globs, true)), left, "{globs:?}");
    }
    assert_eq!(
        names_of(folder.path(), &["d.py", "app"], &wanted(&["d.py"], true)),
        ["app/b.py", "app/gen/a.py"]
    );
}

#[test]
fn a_path_through_a_file_is_not_there() {
    let folder = folder_of(&["a.py"]);
    let error = find(&[folder.path().join("a.py/b.py")], &Wanted::default()).unwrap_err();
    assert!(matches!(error, CountError::Missing { path, .. } if path.ends_with("b.py")));
}

#[test]
fn a_device_is_no_path_to_count() {
    let folder = folder_of(&["a.py"]);
    let error = find(&[folder.path().to_owned(), "/dev/null".into()], &Wanted::default()).unwrap_err();
    assert!(matches!(error, CountError::Special { path } if path.ends_with("null")));
}

#[test]
fn a_missing_path_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = find(&[folder.path().to_owned(), folder.path().join("src")], &Wanted::default()).unwrap_err();
    assert!(matches!(error, CountError::Missing { path, .. } if path.ends_with("src")));
}
