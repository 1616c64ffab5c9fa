//! Notes made from commits, with real git.

use serde_json::{Value, json};
use testkit::{Repository, Tool, tool};

use super::gitlab::{PROJECT, SHA, gitlab, in_job, release};

fn history() -> Repository {
    let mut git = Repository::new();
    git.commit("chore: begin");
    git.tag("v1.0.0");
    git.commit("feat(api): first thing");
    git.commit("fix!: second thing\n\nBREAKING CHANGE: the old way is gone");
    git.tag("v1.1.0-rc.1");
    git.commit("Tidy up");
    git.branch("topic");
    git.commit("fix: on a branch");
    git.switch("main");
    git.commit("docs: on main");
    git.merge("topic", "Merge branch 'topic' into 'main'");
    git.tag("v1.1.0");
    git
}

fn notes(git: &Repository, args: &[&str]) -> Tool {
    tool("release").arg("notes").args(args).current_dir(git.path())
}

fn subjects(git: &Repository, args: &[&str]) -> Vec<String> {
    let output = notes(git, args).args(["--format", "json"]).succeeds();
    let told: Value = serde_json::from_str(output.stdout()).expect("notes as JSON");
    let groups = told["groups"].as_array().expect("notes as JSON").iter();
    let changes = groups.flat_map(|group| group["changes"].as_array().expect("notes as JSON"));
    changes.map(|change| change["description"].as_str().expect("notes as JSON").to_owned()).collect()
}

#[test]
fn ranges_begin_at_the_release_before() {
    let git = history();
    let all = ["second thing", "first thing", "on a branch", "on main", "Tidy up"];
    let table: &[(&[&str], &[&str])] = &[
        (&["v1.1.0"], &all),
        (&[], &[]),
        (&["v1.0.0..v1.1.0"], &all),
        (&["v1.0.0.."], &all),
        (&["v1.1.0-rc.1.."], &["on a branch", "on main", "Tidy up"]),
        (&["v1.1.0-rc.1"], &["second thing", "first thing"]),
        (&["v1.0.0"], &["begin"]),
    ];
    for (args, expected) in table {
        let expected: &[&str] = if args.is_empty() { &all } else { expected };
        assert_eq!(subjects(&git, args), expected, "{args:?}");
    }
}

#[test]
fn notes_have_links_a_comparison_and_the_names_of_authors() {
    let git = history();
    let output = notes(&git, &["v1.1.0", "--forge", "gitlab:https://gitlab.example.com/team/app"]).succeeds();
    let text = output.stdout();
    assert!(text.starts_with("### Breaking changes\n\n- second thing (["), "{text}");
    let expected = [
        "\\\n  the old way is gone\n",
        "- **api:** first thing ([",
        "](https://gitlab.example.com/team/app/-/commit/",
        "**Contributors:** ",
        "**All changes:** [v1.0.0...v1.1.0](https://gitlab.example.com/team/app/-/compare/v1.0.0...v1.1.0)\n",
    ];
    for part in expected {
        assert!(text.contains(part), "{part:?} is missing in {text}");
    }
    assert!(!text.contains("Merge branch"), "{text}");
    let plain = notes(&git, &["v1.1.0"]).succeeds();
    assert!(!plain.stdout().contains("]("), "{plain:?}");
}

#[test]
fn what_cannot_be_found_is_told() {
    let git = history();
    let table: &[(&[&str], i32, &str)] = &[
        (&["v9.9.9"], 1, "neither a tag nor a commit"),
        (&["nothing..v1.1.0"], 1, "'nothing' is neither"),
        (&["v1.0.0...v1.1.0"], 2, "two dots"),
        (&["--repository", "/nonexistent"], 2, "/nonexistent"),
    ];
    for (args, code, word) in table {
        let output = notes(&git, args).fails(*code);
        assert!(output.stderr.contains(word), "{word} is missing in {output:?}");
    }
    let shallow = notes(&git.clone_at_depth(1), &["HEAD"]).fails(1);
    assert!(shallow.stderr.contains("shallow") && shallow.stderr.contains("GIT_DEPTH"), "{shallow:?}");
}

#[test]
fn a_release_takes_its_notes_from_commits() {
    let git = history();
    let gitlab = gitlab();
    let create = |tag: &str| {
        in_job(&gitlab.address()).current_dir(git.path()).args(["create", tag, "--notes-from", "commits"])
    };
    // The tag is on the server and not in the clone: what HEAD is says the job.
    let head = git.head();
    create("1.2.0").env("CI_COMMIT_SHA", &head).fails(2);
    let output = create("2.0.0").args(["--ref", "main"]).env("CI_COMMIT_SHA", "").fails(1);
    assert!(output.stderr.contains("'main' is neither"), "{output:?}");
    git.tag("2.0.0");
    create("2.0.0").args(["--ref", SHA]).succeeds();
    let state = gitlab.state(PROJECT);
    let text = release(&state, "2.0.0")["description"].as_str().unwrap();
    assert!(text.contains("- on main (") || text.contains("No changes."), "{text}");
    assert!(create("2.0.0").succeeds().stdout().contains("unchanged"));
    let both = create("2.0.0").args(["--notes", "x"]).fails(2);
    assert!(both.stderr.contains("cannot be used with"), "{both:?}");
    assert_eq!(release(&state, "2.0.0")["links"], json!([]));
}
