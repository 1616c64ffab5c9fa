//! `tag --push --via gitlab` and `--history api`, against a server that answers out of a real repository as GitLab's API
//! does, and is strict about what it is sent.

mod double;

use std::net::SocketAddr;

use serde_json::{Value, json};
use testkit::{Repository, Tool};

use super::tagging::Server;
use super::{play, versioner};
use double::{GitLab, TOKEN};

/// In a pipeline of GitLab's, where its API is the default.
fn push(repository: &Repository, address: SocketAddr) -> Tool {
    versioner(repository)
        .args(["tag", "--push"])
        .env("CI_API_V4_URL", format!("http://{address}/api/v4"))
        .env("CI_PROJECT_ID", "17")
        .env("GENERIC_GITLAB_TOKEN", TOKEN)
}

#[test]
fn a_tag_is_made_once_through_the_api() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let gitlab = GitLab::of(server.bare());
    let address = gitlab.clone().start();
    let dry = push(&repository, address).arg("--dry-run").succeeds();
    assert!(dry.stderr.contains("would be made") && gitlab.asked().is_empty(), "{dry:?}");
    let made = push(&repository, address).succeeds();
    assert_eq!(made.stdout(), "v1.1.0\n");
    assert!(made.stderr.contains("was made on commit"), "{made:?}");
    // The clone knows nothing of it.
    let again = push(&repository, address).env("CI_PROJECT_ID", "team/app").succeeds();
    assert_eq!(again.stdout(), "v1.1.0\n");
    assert!(again.stderr.contains("already, made by another run"), "{again:?}");
    // Nor does a run that would call it otherwise make a second tag.
    let other_name = push(&repository, address).args(["--bump", "major", "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(other_name.stdout()).expect("JSON");
    let expected = json!({
        "schema": 1, "tag": "v1.1.0", "version": "1.1.0", "commit": repository.head(), "created": false,
    });
    assert_eq!(report, expected);
    assert_eq!(server.tags(), format!("v1.0.0 commit \nv1.1.0 tag {}", repository.head()));
    let posts = gitlab.asked().iter().filter(|asked| asked.starts_with("POST")).count();
    assert_eq!(posts, 1);
}

/// What the server has more than the clone, whose HEAD is `feat: b` on v1.0.0 | the tag that is printed, or an error |
/// what is said of it.
const ON_THE_SERVER: [(&str, Result<&str, &str>, &str); 9] = [
    ("", Ok("v1.1.0"), "the tag v1.1.0 was made on commit"),
    ("tag v3.0.0", Ok("v3.0.0"), "has the tag v3.0.0 already, made by another run"),
    ("tag v3.0.0; tag v3.1.0; tag v4.0.0-rc.1", Ok("v3.1.0"), "has the tag v3.1.0 already"),
    ("tag other/v3.0.0; tag nightly; tag v1.1.0-rc.1", Ok("v1.1.0"), "was made on commit"),
    ("commit fix: c; tag v1.1.0", Ok("v1.1.0"), "is released with v1.1.0 already: it stands on"),
    ("commit fix: c; tag 1.1.0", Ok("1.1.0"), "is released with 1.1.0 already: it stands on"),
    ("commit feat!: c; tag v2.0.0", Ok("v1.1.0"), "was made on commit"),
    (
        "switch early; tag v1.1.0",
        Err("the tag v1.1.0 was made meanwhile, on commit"),
        "run this job again: it fetches v1.1.0",
    ),
    (
        "switch early; branch side; commit feat: d; tag v1.1.0",
        Err("the tag v1.1.0 stands on commit"),
        "merge what was released there",
    ),
];

#[test]
fn what_the_server_has_and_the_clone_has_not_decides() {
    for (more, expected, said) in ON_THE_SERVER {
        let script = "commit a; tag v1.0.0; commit early; branch early; switch main; commit feat: b";
        let mut origin = play(script);
        let clone = origin.clone_at_depth(100);
        super::play_on(&mut origin, more);
        for via in ["gitlab", "git"] {
            let server = Server::of(&origin);
            clone.git(["remote", "set-url", "origin", &server.bare().to_string_lossy()]);
            let address = GitLab::of(server.bare()).start();
            let run = push(&clone, address).args(["--via", via]);
            let run = run.env("GITLAB_USER_NAME", "Test").env("GITLAB_USER_EMAIL", "test@example.com");
            let before = server.tags();
            match expected {
                Ok(tag) => {
                    let output = run.succeeds();
                    assert_eq!(output.stdout(), format!("{tag}\n"), "{via} {more}");
                    assert!(output.stderr.contains(said), "{via} {more}: {output:?}");
                }
                Err(message) => {
                    let output = run.fails(3);
                    assert!(output.error()[0].contains(message), "{via} {more}: {output:?}");
                    assert!(output.error()[1].contains(said), "{via} {more}: {output:?}");
                }
            }
            let made = usize::from(said.contains("was made on commit"));
            assert_eq!(server.tags().lines().count(), before.lines().count() + made, "{via} {more}");
        }
    }
}

#[test]
fn of_two_that_make_one_tag_through_the_api_one_learns_of_the_other() {
    let table: [(&[&'static str], i32, &str); 3] = [
        (&["tag", "v1.1.0", "main"], 0, "has the tag v1.1.0 already, made by another run"),
        (&["tag", "v1.1.0", "main~1"], 3, "was made meanwhile, on commit"),
        (&["tag", "v1.1.0", "later"], 0, "is released with v1.1.0 already"),
    ];
    for (meanwhile, code, said) in table {
        let script = "commit a; tag v1.0.0; commit b; commit feat: c; branch later; commit d; switch main";
        let repository = play(script);
        let server = Server::of(&repository);
        let gitlab = GitLab::of(server.bare()).with_meanwhile(meanwhile);
        let output = push(&repository, gitlab.start()).run();
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(said), "{output:?}");
    }
}

#[test]
fn a_tag_behind_a_prefix_is_made_through_the_api() {
    let repository = play("commit a; tag x/1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let run = push(&repository, GitLab::of(server.bare()).start()).args(["--tag-prefix", "x/"]);
    assert_eq!(run.succeeds().stdout(), "x/1.1.0\n");
    assert!(server.tags().contains("x/1.1.0 tag "));
}

#[test]
fn an_answer_that_got_lost_is_asked_for() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let gitlab = GitLab::of(server.bare()).dropping_answers();
    let output = push(&repository, gitlab.start()).succeeds();
    assert_eq!(output.stdout(), "v1.1.0\n");
    assert!(output.stderr.contains("has the tag v1.1.0 already"), "{output:?}");
}

#[test]
fn what_gitlab_refuses_is_told_with_a_next_step_and_no_token() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let protected = play("commit a; tag v8.0.0; commit feat!: b");
    let mut unpushed = play("commit a; tag v1.0.0; commit feat: b");
    let servers = [Server::of(&repository), Server::of(&protected), Server::of(&unpushed)];
    unpushed.commit("feat: c");
    let [address, of_protected, of_unpushed] =
        servers.each_ref().map(|server| GitLab::of(server.bare()).start());
    let table = [
        (&repository, address, "GENERIC_GITLAB_TOKEN", "other-token", 1, "401", "is wrong or has expired"),
        (&protected, of_protected, "CI_PROJECT_ID", "17", 1, "403", "protected tags"),
        (
            &repository,
            address,
            "CI_PROJECT_ID",
            "18",
            1,
            "no such project or commit",
            "CI_PROJECT_ID is wrong",
        ),
        (&unpushed, of_unpushed, "CI_PROJECT_ID", "17", 1, "no such project or commit", "was not pushed"),
        (&repository, address, "GENERIC_GITLAB_TOKEN", "", 2, "GENERIC_GITLAB_TOKEN is not set", "--via git"),
        (&repository, address, "CI_API_V4_URL", "nowhere", 2, "CI_API_V4_URL is 'nowhere'", ""),
    ];
    for (repository, address, name, value, code, message, hint) in table {
        let output = push(repository, address).env(name, value).fails(code);
        assert!(output.error()[0].contains(message), "{output:?}");
        assert!(output.error().get(1).copied().unwrap_or_default().contains(hint), "{output:?}");
        assert!(!output.stderr.contains("token\"") && !output.stderr.contains("other-token"), "{output:?}");
    }
    let output = versioner(&repository).args(["tag", "--push", "--via", "gitlab"]).fails(2);
    assert!(output.error()[0].contains("CI_API_V4_URL is not set"), "{output:?}");
}

/// Histories of the origin, which a clone of depth 1 cannot know | version | next.
const LEFT_OUT: [(&str, &str, &str); 5] = [
    ("commit a; annotate v3.0.0; commit feat: b; commit fix: c; commit d; commit e", "3.0.0", "3.1.0"),
    (
        "commit a; tag v1.0.0; branch x; commit feat!: b; tag v2.0.0; switch main; commit fix: c; commit d",
        "1.0.0",
        "1.0.1",
    ),
    ("commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.2; commit c; commit d", "1.0.0", "1.1.0"),
    ("commit a; tag v1.2.0; tag v1.3.0-rc.1; commit fix: b; commit c", "1.2.0", "1.2.1"),
    ("commit feat: a; commit b; commit c", "0.0.0", "0.1.0"),
];

#[test]
fn gitlab_tells_what_a_shallow_clone_left_out() {
    for (script, version, next) in LEFT_OUT {
        let origin = play(script);
        let clone = origin.clone_at_depth(1);
        let address = GitLab::of(origin.path()).start();
        let run = |command: &str| {
            versioner(&clone)
                .args([command, "--history", "api"])
                .env("CI_API_V4_URL", format!("http://{address}/api/v4/"))
                .env("CI_PROJECT_ID", "17")
                .env("GENERIC_GITLAB_TOKEN", TOKEN)
        };
        let short = &origin.head()[..8];
        assert_eq!(run("current").succeeds().stdout(), format!("{version}+g{short}\n"), "{script}");
        let output = run("next").succeeds();
        assert_eq!(output.stdout(), format!("{next}\n"), "{script}");
        assert!(output.stderr.contains("asking GitLab for the missing history"), "{output:?}");
        // What the whole clone says.
        assert_eq!(versioner(&origin).arg("next").succeeds().stdout(), output.stdout());
        run("next").env("GENERIC_GITLAB_TOKEN", "").fails(2);
        let output = run("next").env("CI_PROJECT_ID", "18").fails(1);
        assert!(output.error()[0].contains("GitLab knows no such project or commit"), "{output:?}");
    }
}

#[test]
fn gitlab_is_not_asked_what_the_clone_knows() {
    let repository = play("commit a; tag v1.0.0; commit fix: b");
    let gitlab = GitLab::of(repository.path());
    let output = push(&repository, gitlab.clone().start()).args(["--dry-run", "--history", "api"]).succeeds();
    assert_eq!(output.stdout(), "v1.0.1\n");
    assert!(gitlab.asked().is_empty());
}

#[test]
fn tags_that_move_are_checked_against_gitlabs() {
    let origin = play("commit a; commit b; tag v1.3.9; branch next; commit feat: c; tag v1.4.3; switch main");
    let clone = origin.clone_at_depth(1);
    let gitlab = GitLab::of(origin.path());
    let run = versioner(&clone)
        .args(["tags", "--history", "api"])
        .env("CI_API_V4_URL", format!("http://{}/api/v4", gitlab.start()))
        .env("CI_PROJECT_ID", "17")
        .env("GENERIC_GITLAB_TOKEN", TOKEN);
    assert_eq!(run.succeeds().stdout(), format!("{}\n1.3.9\n1.3\n", &origin.head()[..8]));
}

#[test]
fn several_products_in_a_shallow_clone_want_a_prefix_too() {
    let origin = play("commit a; tag a/v1.0.0; tag b/v5.0.0; commit feat: b; commit c");
    let address = GitLab::of(origin.path()).start();
    for how in [["--history", "api"], ["--deepen", "--remote=origin"]] {
        let run = |args: &[&str]| {
            versioner(&origin.clone_at_depth(1))
                .arg("next")
                .args(args)
                .args(how)
                .env("CI_API_V4_URL", format!("http://{address}/api/v4"))
                .env("CI_PROJECT_ID", "17")
                .env("GENERIC_GITLAB_TOKEN", TOKEN)
                .run()
        };
        let ambiguous = run(&[]);
        assert_eq!((ambiguous.code, ambiguous.stdout()), (Some(2), ""), "{ambiguous:?}");
        assert!(ambiguous.error()[0].contains("a/ or b/"), "{ambiguous:?}");
        assert_eq!(run(&["--tag-prefix", "b/"]).stdout(), "5.1.0\n");
    }
}
