//! `release` against a GitLab server.

use serde_json::{Value, json};
use testkit::{Gitlab, Proxy, Registry, Role, Tool, Tunnel, tool};

pub(super) const PROJECT: &str = "team/app";
pub(super) const SHA: &str = "1111111111111111111111111111111111111111";

/// A GitLab with a project that has a commit and the tag 1.2.0.
pub(super) fn gitlab() -> Gitlab {
    Gitlab::builder()
        .under("/gitlab")
        .project(PROJECT)
        .group_badge("production", "https://example.com/of-the-group.svg")
        .commit(PROJECT, SHA, "feat: begin")
        .tag(PROJECT, "1.2.0", SHA)
        .milestone(PROJECT, "Spring")
        .token("maintainer-token", Role::Maintainer)
        .token("developer-token", Role::Developer)
        .job_token("job-token")
        .start()
}

/// `release` as in a job of the project, whose server is at this address.
pub(super) fn in_job(address: &str) -> Tool {
    tool("release")
        .env("GITLAB_CI", "true")
        .env("CI_API_V4_URL", format!("http://{address}/gitlab/api/v4"))
        .env("CI_SERVER_URL", format!("http://{address}/gitlab"))
        .env("CI_PROJECT_ID", "1")
        .env("CI_PROJECT_PATH", PROJECT)
        .env("CI_PROJECT_NAME", "app")
        .env("CI_PROJECT_URL", format!("http://{address}/gitlab/{PROJECT}"))
        .env("CI_JOB_TOKEN", "job-token")
        .env("GENERIC_GITLAB_TOKEN", "maintainer-token")
        .env("RELEASE_TIMEOUT", "10")
}

pub(super) fn release<'a>(state: &'a Value, tag: &str) -> &'a Value {
    let all = state["releases"].as_array().expect("a list");
    all.iter().find(|release| release["tag"] == tag).unwrap_or_else(|| panic!("no release {tag} in {state}"))
}

fn words(output: &testkit::Output, expected: &[&str]) {
    for word in expected {
        assert!(output.stderr.contains(word), "{word:?} is missing in {output:?}");
    }
    for secret in ["job-token", "maintainer-token", "developer-token"] {
        assert!(
            !output.stderr.contains(secret) && !output.stdout().contains(secret),
            "{secret} in {output:?}"
        );
    }
}

#[test]
fn a_release_is_made_with_links_files_image_and_milestone() {
    let gitlab = gitlab();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app-1.2.0.whl"), "wheel").unwrap();
    std::fs::write(folder.path().join("notes.md"), "## Fixes\n\n- one\n").unwrap();
    let image = format!("registry.example.com/app/release:1.2.0@sha256:{}", "ab".repeat(32));
    let run = || {
        let run = in_job(&gitlab.address())
            .current_dir(folder.path())
            .args(["create", "1.2.0", "--name", "Spring"]);
        let run = run.args(["--notes", "notes.md", "--image", &image, "--upload", "app-1.2.0.whl"]);
        let run = run.args(["--asset", "Docs=https://example.com/docs,type=runbook,path=/docs"]);
        run.args(["--milestone", "Spring", "--ref", SHA])
    };
    let web = format!("http://{}/gitlab/{PROJECT}", gitlab.address());
    let file = format!(
        "http://{}/gitlab/api/v4/projects/1/packages/generic/release/1.2.0/app-1.2.0.whl",
        gitlab.address()
    );
    let first = run().succeeds();
    let expected =
        format!("file app-1.2.0.whl created: {file}\nrelease 1.2.0 created: {web}/-/releases/1.2.0\n");
    assert_eq!((first.stdout(), first.stderr.as_str()), (expected.as_str(), ""));
    let state = gitlab.state(PROJECT);
    let made = json!({
        "tag": "1.2.0", "name": "Spring", "milestones": ["Spring"],
        "description": format!(
            "## Fixes\n\n- one\n\n<!-- release: what belongs to it -->\n\n**Image:** `{image}`\n\n<!-- release: end -->\n"
        ),
        "links": [
            {"name": "Docs", "url": "https://example.com/docs", "path": "/docs", "type": "runbook"},
            {"name": "app-1.2.0.whl", "url": file, "path": "/app-1.2.0.whl", "type": "package"},
        ],
    });
    assert_eq!(release(&state, "1.2.0"), &made);
    assert_eq!(state["files"]["release/1.2.0/app-1.2.0.whl"], "wheel");
    let second = run().succeeds();
    assert_eq!(second.stdout(), expected.replace("created", "unchanged"));
    assert_eq!(gitlab.state(PROJECT), state);
    let shown = in_job(&gitlab.address()).args(["show", "1.2.0", "--format", "json"]).succeeds();
    let shown: Value = serde_json::from_str(shown.stdout()).unwrap();
    assert_eq!(shown["release"]["image"]["digest"], format!("sha256:{}", "ab".repeat(32)));
    assert_eq!(shown["release"]["description"], "## Fixes\n\n- one\n");
    assert_eq!(shown["release"]["ref"], SHA);
}

#[test]
fn what_options_leave_out_stays_and_replace_takes_it_away() {
    let gitlab = gitlab();
    let create = |args: &[&str]| in_job(&gitlab.address()).args(["create", "1.2.0"]).args(args).succeeds();
    let links = || {
        let state = gitlab.state(PROJECT);
        let links = release(&state, "1.2.0")["links"].as_array().unwrap().clone();
        links
            .iter()
            .map(|link| format!("{}={}", link["name"].as_str().unwrap(), link["url"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    create(&[
        "--asset",
        "A=https://example.com/a,path=/a",
        "--asset",
        "B=https://example.com/b",
        "--name",
        "Spring",
    ]);
    // A new link, a new address, a new name for an address, and two that swap theirs.
    let table: &[(&[&str], &[&str])] = &[
        (
            &["--asset", "C=https://example.com/c"],
            &["A=https://example.com/a", "B=https://example.com/b", "C=https://example.com/c"],
        ),
        (
            &["--asset", "C=https://example.com/d"],
            &["A=https://example.com/a", "B=https://example.com/b", "C=https://example.com/d"],
        ),
        (
            &["--asset", "D=https://example.com/d"],
            &["A=https://example.com/a", "B=https://example.com/b", "D=https://example.com/d"],
        ),
        (
            &["--asset", "A=https://example.com/b", "--asset", "B=https://example.com/a"],
            &["A=https://example.com/b", "B=https://example.com/a", "D=https://example.com/d"],
        ),
        (&["--replace", "--asset", "A=https://example.com/b"], &["A=https://example.com/b"]),
        (&["--replace"], &[]),
    ];
    for (args, expected) in table {
        let output = create(args);
        assert!(output.stdout().contains("release 1.2.0 updated"), "{args:?}: {output:?}");
        assert_eq!(links(), *expected, "{args:?}");
        let again = create(args);
        assert!(again.stdout().contains("release 1.2.0 unchanged"), "{args:?}: {again:?}");
    }
    assert_eq!(release(&gitlab.state(PROJECT), "1.2.0")["name"], "1.2.0");
}

#[test]
fn what_others_have_made_is_kept_even_what_we_could_not_make() {
    let gitlab = gitlab();
    in_job(&gitlab.address()).args(["create", "1.2.0"]).succeeds();
    gitlab.add_link(PROJECT, "1.2.0", "old", "ftp://example.com/old");
    in_job(&gitlab.address()).args(["create", "1.2.0", "--asset", "A=https://example.com/a"]).succeeds();
    let state = gitlab.state(PROJECT);
    let names: Vec<_> =
        release(&state, "1.2.0")["links"].as_array().unwrap().iter().map(|link| &link["name"]).collect();
    assert_eq!(names, ["A", "old"]);
}

#[test]
fn a_tag_that_is_not_there_is_made_at_the_ref_or_asked_for() {
    let gitlab = gitlab();
    let create = |tag: &str| in_job(&gitlab.address()).args(["create", tag]);
    let before = gitlab.state(PROJECT);
    words(&create("2.0.0").fails(2), &["the tag '2.0.0' is not in team/app", "--ref SHA"]);
    words(
        &create("2.0.0").args(["--ref", "nowhere"]).fails(2),
        &["invalid reference 'nowhere'", "was pushed"],
    );
    words(&create("1.2.0").args(["--ref", &"2".repeat(40)]).fails(2), &["stands on 1111", "another one"]);
    words(
        &create("1.2.0").args(["--milestone", "Autumn"]).fails(2),
        &["Milestone(s) not found: Autumn", "make that milestone first"],
    );
    assert_eq!(gitlab.state(PROJECT), before);
    create("2.0.0").args(["--ref", "main"]).succeeds();
    assert_eq!(gitlab.state(PROJECT)["tags"]["2.0.0"], SHA);
    words(&create("2.0.0").args(["--ref", &"2".repeat(40)]).fails(2), &["stands on 1111"]);
    create("2.0.0").args(["--ref", SHA]).succeeds();
}

#[test]
fn a_dry_run_shows_each_request_and_sends_none() {
    let gitlab = gitlab();
    let proxy = Proxy::builder(&gitlab.address()).start();
    let run =
        in_job(&proxy.address()).args(["create", "1.2.0", "--asset", "A=https://example.com/a?token=abc"]);
    let output = run.arg("--dry-run").succeeds();
    assert!(output.stdout().contains("release 1.2.0 would be created"), "{output:?}");
    assert!(
        output.stdout().contains("would send POST http://") && output.stdout().contains("/releases {"),
        "{output:?}"
    );
    let run =
        in_job(&proxy.address()).args(["env", "prod", "1.2.0", "--dry-run", "--format", "json"]).succeeds();
    let told: Value = serde_json::from_str(run.stdout()).unwrap();
    let requests: Vec<_> =
        told["requests"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(requests.len(), 3, "{requests:?}");
    for secret in ["job-token", "maintainer-token", "abc"] {
        assert!(!output.stdout().contains(secret) && !run.stdout().contains(secret), "{output:?} {run:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = in_job(&proxy.address()).current_dir(folder.path());
    let pages = pages.args(["env", "prod", "1.2.0", "--dry-run", "--page", "site", "--wiki"]).succeeds();
    for part in
        ["page would be created: site/index.html", "wiki page would be created", "| production | 1.2.0 |"]
    {
        assert!(pages.stdout().contains(part), "{part} is missing in {pages:?}");
    }
    assert_eq!(pages.stdout().matches("would send ").count(), 4, "{pages:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(proxy.take_log().iter().all(|passed| passed.method == "GET"));
}

#[test]
fn an_environment_is_recorded_with_picture_and_badge() {
    let gitlab = gitlab();
    let env = |args: &[&str]| {
        in_job(&gitlab.address()).env("SOURCE_DATE_EPOCH", "1795248000").arg("env").args(args)
    };
    let first = env(&["prod", "1.2.0", "--url", "https://app.example.com/"]).succeeds();
    for line in ["production 1.2.0 created", "picture created", "badge production created"] {
        assert!(first.stdout().contains(line), "{line} is missing in {first:?}");
    }
    env(&["prev", "1.3.0-rc.1"]).succeeds();
    let state = gitlab.state(PROJECT);
    let document: Value =
        serde_json::from_str(state["files"]["release-data/1/environments.json"].as_str().unwrap()).unwrap();
    assert_eq!(
        document,
        json!({"schema": 1, "environments": {
            "preview": {"version": "1.3.0-rc.1", "since": "2026-11-21T08:00:00Z", "url": null},
            "production": {"version": "1.2.0", "since": "2026-11-21T08:00:00Z", "url": "https://app.example.com/"},
        }})
    );
    assert!(state["files"]["release-data/1/production.svg"].as_str().unwrap().contains("production: 1.2.0"));
    let base = format!("http://{}/gitlab", gitlab.address());
    let badge = |name: &str| {
        json!({
            "name": name, "link_url": format!("{base}/{PROJECT}/-/releases"),
            "image_url": format!("{base}/api/v4/projects/%{{project_id}}/packages/generic/release-data/1/{name}.svg"),
        })
    };
    assert_eq!(state["badges"], json!([badge("production"), badge("preview")]));
    let again = env(&["prod", "1.2.0", "--url", "https://app.example.com/"])
        .env("SOURCE_DATE_EPOCH", "1800000000")
        .succeeds();
    assert!(!again.stdout().contains("created") && !again.stdout().contains("updated"), "{again:?}");
    assert_eq!(gitlab.state(PROJECT), state);
    let shown = in_job(&gitlab.address()).arg("show").succeeds();
    assert!(
        shown.stdout().starts_with("production: 1.2.0 since 2026-11-21T08:00:00Z\npreview: "),
        "{shown:?}"
    );
}

#[test]
fn the_environment_may_come_from_variables() {
    let gitlab = gitlab();
    let run = in_job(&gitlab.address())
        .arg("env")
        .env("RELEASE_SERVER", "production")
        .env("CI_COMMIT_TAG", "1.2.0");
    assert!(run.succeeds().stdout().contains("production 1.2.0 created"));
    let one = in_job(&gitlab.address()).args(["env", "8b1735cf"]).env("RELEASE_SERVER", "prev").succeeds();
    assert!(one.stdout().contains("preview 8b1735cf created"), "{one:?}");
    let either = in_job(&gitlab.address()).args(["env", "dev"]).env("RELEASE_SERVER", "prev");
    words(
        &either.env("CI_COMMIT_TAG", "1.2.0").fails(2),
        &["environment or the version", "release env ENV VERSION"],
    );
}

#[test]
fn a_picture_may_be_an_artifact_of_the_job() {
    let gitlab = gitlab();
    let folder = tempfile::tempdir().unwrap();
    let env = || {
        in_job(&gitlab.address()).current_dir(folder.path()).args([
            "env",
            "prod",
            "1.2.0",
            "--picture",
            "artifact",
        ])
    };
    words(&env().fails(2), &["CI_JOB_ID is not set", "--picture package"]);
    env().env("CI_JOB_ID", "77").succeeds();
    assert!(std::fs::read_to_string(folder.path().join("production.svg")).unwrap().contains("1.2.0"));
    let url = format!(
        "http://{}/gitlab/%{{project_path}}/-/jobs/77/artifacts/raw/production.svg",
        gitlab.address()
    );
    assert_eq!(gitlab.state(PROJECT)["badges"][0]["image_url"], url);
}

#[test]
fn one_badge_a_name_and_doubles_are_healed() {
    let gitlab = gitlab();
    let badge = |image: &str| {
        in_job(&gitlab.address()).args([
            "badge",
            "coverage",
            "--image-url",
            image,
            "--link-url",
            "https://example.com/%{project_path}",
        ])
    };
    gitlab.add_badge(PROJECT, "other", "https://example.com/o.svg", "https://example.com/");
    for _ in 0..3 {
        gitlab.add_badge(PROJECT, "coverage", "https://example.com/old.svg", "https://example.com/");
    }
    assert!(badge("https://example.com/c.svg").succeeds().stdout().contains("badge coverage updated"));
    let state = gitlab.state(PROJECT);
    let names: Vec<_> = state["badges"].as_array().unwrap().iter().map(|badge| &badge["name"]).collect();
    assert_eq!(names, ["other", "coverage"]);
    assert_eq!(state["badges"][1]["image_url"], "https://example.com/c.svg");
    assert!(badge("https://example.com/c.svg").succeeds().stdout().contains("badge coverage unchanged"));
    words(&badge("ftp://example.com/c.svg").fails(2), &["only http and https"]);
    words(&badge("https://example.com/%{nonsense}").fails(2), &["placeholder"]);
}

#[test]
fn a_missing_right_is_named_and_the_rest_is_done() {
    let gitlab = gitlab();
    let env = || in_job(&gitlab.address()).args(["env", "prod", "1.2.0"]);
    let without = env().env("GENERIC_GITLAB_TOKEN", "").fails(1);
    words(&without, &["badges of team/app", "job's own token", "GENERIC_GITLAB_TOKEN", "Maintainer"]);
    assert!(without.stdout().contains("production 1.2.0 created"), "{without:?}");
    let developer = env().env("GENERIC_GITLAB_TOKEN", "developer-token").fails(1);
    words(&developer, &["badge 'production' of team/app", "403", "Maintainer", "GENERIC_GITLAB_TOKEN"]);
    let expired = env().env("GENERIC_GITLAB_TOKEN", "expired").fails(1);
    words(&expired, &["401", "not valid here, or has expired"]);
    assert!(gitlab.state(PROJECT)["files"]["release-data/1/environments.json"].is_string());
    assert_eq!(gitlab.state(PROJECT)["badges"], json!([]));
    let wiki = in_job(&gitlab.address())
        .args(["create", "1.2.0", "--wiki"])
        .env("GENERIC_GITLAB_TOKEN", "")
        .fails(1);
    words(&wiki, &["wiki page 'Releases'", "GENERIC_GITLAB_TOKEN"]);
    assert!(wiki.stdout().contains("release 1.2.0 created"), "{wiki:?}");
    // A person's token does all of it.
    let person = in_job(&gitlab.address()).args(["create", "1.2.0", "--name", "x"]).env("CI_JOB_TOKEN", "");
    person.succeeds();
    let nobody = in_job(&gitlab.address())
        .args(["create", "1.2.0"])
        .env("CI_JOB_TOKEN", "")
        .env("GENERIC_GITLAB_TOKEN", "");
    words(&nobody.fails(1), &["there is no token", "CI_JOB_TOKEN", "GITLAB_TOKEN"]);
}

#[test]
fn a_project_that_is_not_there_and_a_wrong_address_are_told_apart() {
    let gitlab = gitlab();
    let create = || in_job(&gitlab.address()).args(["create", "1.2.0"]);
    words(
        &create().env("CI_PROJECT_ID", "9").fails(1),
        &["Project Not Found", "is not there, or CI_JOB_TOKEN may not see it"],
    );
    let wrong = format!("http://{}/api/v4", gitlab.address());
    words(&create().env("CI_API_V4_URL", wrong).fails(1), &["no such API address", "CI_API_V4_URL"]);
    words(
        &create().env("CI_PROJECT_ID", "").env("CI_PROJECT_PATH", "").fails(2),
        &["CI_PROJECT_ID", "gitlab:https://"],
    );
    words(&create().env("CI_API_V4_URL", "nonsense").fails(2), &["CI_API_V4_URL is no http(s) address"]);
    let elsewhere = tool("release").args(["create", "1.2.0"]).fails(2);
    words(&elsewhere, &["neither GitLab's CI variables nor GitHub's", "--forge"]);
}

#[test]
fn a_proxy_that_decodes_slashes_needs_the_projects_number() {
    let gitlab = Gitlab::builder()
        .project(PROJECT)
        .commit(PROJECT, SHA, "feat: begin")
        .tag(PROJECT, "1.2.0", SHA)
        .job_token("job-token")
        .decodes_slashes()
        .start();
    let create = || in_job(&gitlab.address()).args(["create", "1.2.0"]).env("CI_API_V4_URL", gitlab.api());
    words(&create().env("CI_PROJECT_ID", "").fails(1), &["decodes %2F", "CI_PROJECT_ID", "number"]);
    create().succeeds();
}

#[test]
fn at_a_shell_the_projects_address_and_a_token_suffice() {
    let gitlab = gitlab();
    let forge = format!("gitlab:http://{}/gitlab/{PROJECT}", gitlab.address());
    let server = format!("http://{}/gitlab", gitlab.address());
    let run = tool("release").args(["create", "1.2.0", "--forge", &forge]).env("CI_SERVER_URL", server);
    run.env("GITLAB_TOKEN", "maintainer-token").succeeds();
    assert_eq!(release(&gitlab.state(PROJECT), "1.2.0")["name"], "1.2.0");
}

#[test]
fn all_releases_are_read_whatever_the_number_of_pages() {
    let gitlab = (0..105).fold(
        Gitlab::builder().project(PROJECT).commit(PROJECT, SHA, "feat: begin").job_token("job-token"),
        |gitlab, minor| gitlab.release(PROJECT, &format!("0.{minor}.0"), SHA),
    );
    let gitlab = gitlab.start();
    let run = in_job(&gitlab.address())
        .env("CI_API_V4_URL", gitlab.api())
        .args(["show", "--format", "json"])
        .succeeds();
    let shown: Value = serde_json::from_str(run.stdout()).unwrap();
    let tags: Vec<_> =
        shown["releases"].as_array().unwrap().iter().map(|release| &release["tag_name"]).collect();
    assert_eq!((tags.len(), tags[0], tags[104]), (105, &json!("0.104.0"), &json!("0.0.0")));
}

#[test]
fn the_page_is_written_or_kept_in_the_wiki() {
    let gitlab = gitlab();
    let folder = tempfile::tempdir().unwrap();
    let run = || in_job(&gitlab.address()).current_dir(folder.path());
    run().args(["env", "prod", "1.2.0"]).succeeds();
    let create = run().args(["create", "1.2.0", "--page", "public", "--wiki"]).succeeds();
    assert!(
        create.stdout().contains("page created: public/index.html")
            && create.stdout().contains("wiki page created"),
        "{create:?}"
    );
    let again = run().args(["page", "--format", "json"]).succeeds();
    assert_eq!(serde_json::from_str::<Value>(again.stdout()).unwrap()["page"]["change"], "unchanged");
    let html = std::fs::read_to_string(folder.path().join("public/index.html")).unwrap();
    assert!(html.contains("<span class=\"label runs\">on production</span>"), "{html}");
    let feed = std::fs::read_to_string(folder.path().join("public/feed.xml")).unwrap();
    assert!(
        feed.contains(&format!(
            "<link href=\"http://{}/gitlab/{PROJECT}/-/releases/1.2.0\"/>",
            gitlab.address()
        )),
        "{feed}"
    );
    let wiki = gitlab.state(PROJECT)["wikis"]["Releases"].as_str().unwrap().to_owned();
    assert!(wiki.contains("| production | [1.2.0](<http://"), "{wiki}");
    assert!(run().args(["page", "--wiki"]).succeeds().stdout().contains("wiki page unchanged"));
    run().args(["create", "1.2.0", "--name", "Spring", "--wiki"]).succeeds();
    assert!(gitlab.state(PROJECT)["wikis"]["Releases"].as_str().unwrap().contains("## [Spring]"));
}

#[test]
fn the_runners_certificate_file_is_trusted_and_proxies_are_used() {
    // A server with TLS, though none that knows what is asked for: that it answers is what counts here.
    let secure = Registry::builder().tls().start();
    let tunnel = Tunnel::start(secure.address());
    let run = || {
        let run = in_job("unused").args(["show", "1.2.0"]).env("HTTPS_PROXY", tunnel.url());
        run.env("CI_API_V4_URL", "https://registry.example/api/v4").env("RELEASE_TIMEOUT", "1")
    };
    let stranger = run().fails(1);
    words(&stranger, &["certificate", "--ca-cert"]);
    assert_eq!(tunnel.take_hosts(), ["registry.example:443"]);
    let known = run().env("CI_SERVER_TLS_CA_FILE", secure.authority()).fails(1);
    words(&known, &["404", "no such API address"]);
    let spoiled = tempfile::NamedTempFile::new().unwrap();
    let spoiled = run().env("CI_SERVER_TLS_CA_FILE", spoiled.path()).fails(2);
    words(&spoiled, &["cannot read certificates from", "CERTIFICATE"]);
}
