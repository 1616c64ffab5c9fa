//! `release` with GitHub.

use serde_json::json;
use testkit::{Answer, Fault, Github, Proxy, Rule, Tool, tool};

const REPOSITORY: &str = "team/app";
const SHA: &str = "1111111111111111111111111111111111111111";

fn github() -> Github {
    Github::start(REPOSITORY, "the-token", &[("1.2.0", SHA)])
}

fn in_workflow(address: &str) -> Tool {
    tool("release")
        .env("GITHUB_REPOSITORY", REPOSITORY)
        .env("GITHUB_API_URL", format!("http://{address}"))
        .env("GITHUB_SERVER_URL", "https://github.example.com")
        .env("GITHUB_TOKEN", "the-token")
        .env("RELEASE_TIMEOUT", "10")
}

#[test]
fn a_release_with_notes_links_and_files_is_made_once() {
    let github = github();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.whl"), "wheel").unwrap();
    std::fs::write(folder.path().join("notes.md"), "# Notes\n").unwrap();
    let run = || {
        let run = in_workflow(&github.address()).current_dir(folder.path()).args(["create", "1.2.0"]);
        let run =
            run.args(["--notes", "notes.md", "--image", "app:1.2.0", "--upload", "app.whl", "--ref", SHA]);
        run.args(["--asset", "Docs=https://example.com/docs,type=runbook"])
    };
    let page = "https://github.example.com/team/app/releases/tag/1.2.0";
    let first = run().succeeds();
    assert!(
        first.stdout().starts_with(&format!("release 1.2.0 created: {page}\nfile app.whl created: ")),
        "{first:?}"
    );
    let state = github.state();
    let body = "# Notes\n\n<!-- release: what belongs to it -->\n\n**Image:** `app:1.2.0`\n\n**Assets:**\n\n- [Docs](<https://example.com/docs>) (runbook)\n\n<!-- release: end -->\n";
    assert_eq!(
        state["releases"],
        json!([{"tag": "1.2.0", "name": "1.2.0", "body": body, "prerelease": false, "assets": {"app.whl": "wheel"}}])
    );
    let second = run().succeeds();
    assert!(!second.stdout().contains("created") && !second.stdout().contains("updated"), "{second:?}");
    assert_eq!(github.state(), state);
    std::fs::write(folder.path().join("app.whl"), "other").unwrap();
    let third = run().args(["--name", "Spring"]).succeeds();
    assert!(
        third.stdout().contains("release 1.2.0 updated") && third.stdout().contains("file app.whl updated"),
        "{third:?}"
    );
    assert_eq!(github.state()["releases"][0]["assets"]["app.whl"], "other");
    github.add_broken_file("1.2.0", "half.whl");
    std::fs::write(folder.path().join("half.whl"), "whole").unwrap();
    in_workflow(&github.address())
        .current_dir(folder.path())
        .args(["create", "1.2.0", "--upload", "half.whl"])
        .succeeds();
    assert_eq!(github.state()["releases"][0]["assets"]["half.whl"], "whole");
    let shown = in_workflow(&github.address()).args(["show", "1.2.0"]).succeeds();
    assert!(shown.stdout().contains("runbook Docs: https://example.com/docs\n\n# Notes"), "{shown:?}");
}

#[test]
fn what_github_has_not_and_what_is_wrong_is_told() {
    let github = github();
    let run = || in_workflow(&github.address());
    let before = github.state();
    let table: &[(&[&str], i32, &[&str])] = &[
        (&["create", "2.0.0"], 2, &["the tag '2.0.0' is not in team/app", "--ref"]),
        (&["create", "2.0.0", "--ref", "nowhere"], 2, &["target_commitish invalid"]),
        (&["create", "1.2.0", "--ref", "2222222222222222222222222222222222222222"], 2, &["stands on 1111"]),
        (&["create", "1.2.0", "--milestone", "x"], 2, &["milestones", "GitHub has no such thing"]),
        (&["create", "1.2.0", "--released-at", "2026-01-01T00:00:00Z"], 2, &["time of a release"]),
        (&["env", "prod", "1.2.0"], 2, &["record what runs where", "dir:PATH"]),
        (&["badge", "x", "--image-url", "https://h/x", "--link-url", "https://h"], 2, &["show a badge"]),
    ];
    for (args, code, words) in table {
        let output = run().args(*args).fails(*code);
        for word in *words {
            assert!(output.stderr.contains(word), "{word} is missing in {output:?}");
        }
    }
    let wrong = run().args(["create", "1.2.0"]).env("GITHUB_TOKEN", "wrong").fails(1);
    assert!(wrong.stderr.contains("401") && wrong.stderr.contains("GITHUB_TOKEN is not valid"), "{wrong:?}");
    let without = run().args(["create", "1.2.0"]).env("GITHUB_TOKEN", "").fails(1);
    assert!(without.stderr.contains("set GITHUB_TOKEN"), "{without:?}");
    let elsewhere = run().args(["create", "1.2.0"]).env("GITHUB_REPOSITORY", "team/none").fails(1);
    assert!(elsewhere.stderr.contains("team/none is not there, or GITHUB_TOKEN may not"), "{elsewhere:?}");
    let shown = run().args(["show", "1.2.0"]).env("GITHUB_REPOSITORY", "team/none").fails(1);
    assert!(shown.stderr.contains("team/none is not there"), "{shown:?}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.md"), "x".repeat(125_001)).unwrap();
    let long = run().current_dir(folder.path()).args(["create", "1.2.0", "--notes", "notes.md"]).fails(2);
    assert!(
        long.stderr.contains("too long for GitHub") && long.stderr.contains("125000 are allowed"),
        "{long:?}"
    );
    let html = Answer { body: "<html><title>Proxy login</title></html>".into(), ..Answer::status(200) };
    let rule = Rule::matching("*", Fault::Answer(html));
    let proxy = Proxy::builder(&github.address()).fault(rule).start();
    let page = in_workflow(&proxy.address()).args(["create", "1.2.0"]).fails(1);
    assert!(
        page.stderr.contains("instead of the API of GitHub there answered a page of HTML, \"Proxy login\"")
    );
    assert_eq!(github.state(), before);
}

#[test]
fn a_workflow_for_a_tag_needs_no_argument() {
    let github = github();
    let run = |tag: &str| {
        let run = in_workflow(&github.address()).arg("create").env("GITHUB_REF_TYPE", "tag");
        run.env("GITHUB_REF_NAME", tag).env("GITHUB_SHA", SHA)
    };
    assert!(run("1.2.0").succeeds().stdout().contains("release 1.2.0 created"));
    let slip = run("1.2.0").arg("1.2.1").fails(2);
    assert!(slip.stderr.contains("this pipeline is for the tag '1.2.0'"), "{slip:?}");
    let branch = run("main").env("GITHUB_REF_TYPE", "branch").arg("2.0.0").succeeds();
    assert!(
        branch.stderr.contains(&format!("the tag 2.0.0 is not in team/app yet; it is made on {SHA}")),
        "{branch:?}"
    );
    assert_eq!(github.state()["tags"]["2.0.0"], SHA);
}

#[test]
fn a_dry_run_shows_each_request_and_sends_none() {
    let github = github();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.whl"), "wheel").unwrap();
    let run = || {
        let run = in_workflow(&github.address()).current_dir(folder.path());
        run.args(["create", "1.2.0", "--upload", "app.whl", "--dry-run"])
    };
    let before = github.state();
    let output = run().succeeds();
    let api = format!("http://{}/repos/team/app/releases", github.address());
    for part in [
        "release 1.2.0 would be created",
        "file app.whl would be created: https://github.example.com/team/app/releases/download/1.2.0/app.whl\n",
        &format!("would send POST {api} {{"),
        &format!("would send POST {api}/ID/assets?name=*** (5 bytes, app.whl)\n"),
    ] {
        assert!(output.stdout().contains(part), "{part} is missing in {output:?}");
    }
    assert_eq!(github.state(), before);
    in_workflow(&github.address())
        .current_dir(folder.path())
        .args(["create", "1.2.0", "--upload", "app.whl"])
        .succeeds();
    assert!(!run().succeeds().stdout().contains("would send"));
    std::fs::write(folder.path().join("app.whl"), "other").unwrap();
    let output = run().succeeds();
    let lines: Vec<_> = output.stdout().lines().filter(|line| line.starts_with("would send")).collect();
    assert_eq!(lines.len(), 2, "{output:?}");
    assert!(lines[0].contains("DELETE") && lines[1].contains("(5 bytes, app.whl)"), "{output:?}");
    assert!(!output.stdout().contains("the-token"), "{output:?}");
}

#[test]
fn answers_that_get_lost_make_no_second_release_or_file() {
    let expected = {
        let (github, folder) = (github(), tempfile::tempdir().unwrap());
        std::fs::write(folder.path().join("app.whl"), "wheel").unwrap();
        in_workflow(&github.address())
            .current_dir(folder.path())
            .args(["create", "1.2.0", "--upload", "app.whl"])
            .succeeds();
        github.state()
    };
    for request in 1..=7 {
        for fault in [Fault::LoseAnswer, Fault::ResetRequest, Fault::status(502)] {
            let (github, folder) = (github(), tempfile::tempdir().unwrap());
            std::fs::write(folder.path().join("app.whl"), "wheel").unwrap();
            let proxy = Proxy::builder(&github.address()).fault(Rule::nth(request, fault.clone())).start();
            github.known_at(&proxy.address());
            let run = in_workflow(&proxy.address()).current_dir(folder.path());
            run.args(["create", "1.2.0", "--upload", "app.whl"]).succeeds();
            assert_eq!(github.state(), expected, "{request} {fault:?}");
        }
    }
}
