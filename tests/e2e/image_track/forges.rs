//! Requests, triggers and notices, with doubles of GitLab and GitHub.

use serde_json::{Value, json};
use testkit::{FileServer, Github, Gitlab, Registry, Role, Tool};

use super::{Place, registry};

pub(super) const PROJECT: &str = "team/profile";
const SHA: &str = "1111111111111111111111111111111111111111";
const BEFORE: &str = "# ours\napp:\n  tag: 1.0.0   # followed\n";

/// A checkout with something to follow.
pub(super) fn place(registry: &Registry) -> Place {
    let place = Place::new();
    place.write("env/values.yaml", BEFORE).write(".git/HEAD", "ref: refs/heads/main\n");
    place.follow("app", &format!("{}/team/app", registry.address()), "^1", "env/values.yaml", "$.app.tag");
    place
}

pub(super) fn gitlab() -> Gitlab {
    let builder = Gitlab::builder().project(PROJECT).commit(PROJECT, SHA, "Begin");
    let gitlab = builder
        .token("developer", Role::Developer)
        .token("reporter", Role::Reporter)
        .job_token("job")
        .start();
    gitlab.add_file(PROJECT, "env/values.yaml", BEFORE);
    gitlab
}

pub(super) fn in_job(run: Tool, gitlab: &Gitlab, api: &str) -> Tool {
    run.env("GITLAB_CI", "true")
        .env("CI_API_V4_URL", api)
        .env("CI_SERVER_URL", gitlab.url())
        .env("CI_PROJECT_PATH", PROJECT)
        .env("CI_PROJECT_ID", "1")
        .env("CI_COMMIT_BRANCH", "main")
        .env("CI_JOB_TOKEN", "job")
        .env("GITLAB_TOKEN", "developer")
}

pub(super) fn github() -> Github {
    let github = Github::start(PROJECT, "the-token", &[]);
    github.add_file("main", "env/values.yaml", "100755", BEFORE);
    github.add_file("main", "other", "100644", "stays");
    github
}

pub(super) fn in_workflow(run: Tool, address: &str) -> Tool {
    run.env("GITHUB_REPOSITORY", PROJECT)
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_API_URL", format!("http://{address}"))
        .env("GITHUB_SERVER_URL", "https://github.example.com")
        .env("GITHUB_REF_NAME", "main")
        .env("GITHUB_TOKEN", "the-token")
}

fn request(gitlab: &Gitlab) -> Value {
    let all = gitlab.state(PROJECT)["merge_requests"].clone();
    assert_eq!(all.as_array().expect("requests").len(), 1, "{all}");
    all[0].clone()
}

#[test]
fn gitlab_gets_one_merge_request_that_is_updated_in_its_place() {
    let registry = registry("team/app", &["1.0.0", "1.2.0"]);
    let (gitlab, place) = (gitlab(), place(&registry));
    let run = |command: &str| in_job(place.run(command), &gitlab, &gitlab.api());
    let nothing = run("publish").succeeds();
    assert!(nothing.stdout().is_empty() && nothing.stderr.contains("nothing to propose"), "{nothing:?}");
    place.run("apply").succeeds();
    let args = ["--auto-merge", "--label", "images,bot"];
    let before = gitlab.state(PROJECT);
    let dry = run("publish").args(args).arg("--dry-run").succeeds();
    assert!(dry.stderr.contains("dry run: would send POST"), "{dry:?}");
    assert_eq!(gitlab.state(PROJECT), before);
    let first = run("publish").args(args).succeeds();
    assert_eq!(first.stdout(), format!("{}/{PROJECT}/-/merge_requests/1 created\n", gitlab.url()));
    let opened = request(&gitlab);
    assert_eq!(opened["title"], "Update app to 1.2.0");
    assert_eq!((&opened["labels"], &opened["auto_merge"]), (&json!("images,bot"), &json!(true)));
    let row =
        format!("| `{}/team/app` | `env/values.yaml` | `app.tag` | `1.0.0` | `1.2.0` |", registry.address());
    assert!(opened["description"].as_str().expect("text").contains(&row), "{opened}");
    let tree = gitlab.state(PROJECT)["tree"].clone();
    assert_eq!(tree["image-track/main:env/values.yaml"], BEFORE.replace("1.0.0", "1.2.0"));
    assert_eq!(tree["main:env/values.yaml"], BEFORE);
    let state = gitlab.state(PROJECT);
    let second = run("publish").args(args).succeeds();
    assert!(second.stdout().ends_with(" unchanged\n"), "{second:?}");
    assert_eq!(gitlab.state(PROJECT), state, "a second time changes nothing");
    // Something newer comes while the request is open, and somebody else changes the base.
    registry.push(&testkit::Image::new(), "team/app", &["1.3.0"]);
    gitlab.add_file(PROJECT, "env/values.yaml", &format!("{BEFORE}others: stay\n"));
    let third = run("run").args(args).args(["--format", "json"]).succeeds();
    let document: Value = serde_json::from_str(third.stdout()).expect("JSON");
    assert_eq!((&document["change"], &document["merge"]), (&json!("updated"), &json!("scheduled")));
    assert_eq!(request(&gitlab)["title"], "Update app to 1.3.0");
    let tree = gitlab.state(PROJECT)["tree"].clone();
    let expected = format!("{}others: stay\n", BEFORE.replace("1.0.0", "1.3.0"));
    assert_eq!(tree["image-track/main:env/values.yaml"], expected.as_str());
    gitlab.merge(PROJECT, 1);
    let merged = run("publish").args(args).succeeds();
    assert!(merged.stdout().is_empty() && merged.stderr.contains("nothing to propose"), "{merged:?}");
}

#[test]
fn gitlab_says_what_is_missing() {
    let registry = registry("team/app", &["1.2.0"]);
    let place = place(&registry);
    place.run("apply").succeeds();
    let gitlab = gitlab();
    let run = || in_job(place.run("publish"), &gitlab, &gitlab.api());
    let before = gitlab.state(PROJECT);
    let rights = run().env("GITLAB_TOKEN", "reporter").fails(1);
    assert!(rights.stderr.contains("commit to the branch image-track/main of team/profile"), "{rights:?}");
    assert!(rights.stderr.contains("the Developer role or more"), "{rights:?}");
    let none = run().env("GITLAB_TOKEN", "").fails(1);
    assert!(none.stderr.contains("a job's own token is not allowed to"), "{none:?}");
    let base = run().args(["--base", "next"]).fails(1);
    assert!(base.error()[0].contains("there is no branch next in team/profile"), "{base:?}");
    let same = run().args(["--branch", "main"]).fails(2);
    assert!(same.error()[0].contains("the base itself"), "{same:?}");
    gitlab.protect(PROJECT, "image-track/main");
    let protected = run().fails(1);
    assert!(protected.stderr.contains("the branch is protected"), "{protected:?}");
    place.write("env/new.yaml", "app: {tag: 1.2.0}\n");
    place.follow("new", &format!("{}/team/app", registry.address()), "^1", "env/new.yaml", "$.app.tag");
    let absent = run().fails(2);
    assert!(absent.error()[0].contains("env/new.yaml is not in the branch"), "{absent:?}");
    assert_eq!(gitlab.state(PROJECT), before);
    let nowhere = place.run("publish").fails(2);
    assert!(nowhere.error()[0].contains("it is not known where"), "{nowhere:?}");
}

#[test]
fn github_gets_one_pull_request_that_is_updated_in_its_place() {
    let registry = registry("team/app", &["1.0.0", "1.2.0"]);
    let (github, place) = (github(), place(&registry));
    let run = |command: &str| {
        in_workflow(place.run(command), &github.address()).args(["--auto-merge", "--label", "images"])
    };
    let first = run("run").succeeds();
    assert!(first.stdout().ends_with("/team/profile/pull/1 created\n"), "{first:?}");
    let after = BEFORE.replace("1.0.0", "1.2.0");
    let branch = github.branch("image-track/main").expect("the branch");
    assert_eq!(
        branch["files"],
        json!({ "env/values.yaml": format!("100755 {after}"), "other": "100644 stays" })
    );
    assert_eq!(branch["message"], "Update app to 1.2.0\n\n- app: 1.0.0 -> 1.2.0 (env/values.yaml)");
    let pulls = github.pulls();
    assert_eq!((&pulls[0]["auto_merge"], &pulls[0]["labels"]), (&json!("SQUASH"), &json!(["images"])));
    let second = run("run").succeeds();
    assert!(second.stdout().ends_with(" unchanged\n"), "{second:?}");
    assert_eq!(github.pulls(), pulls);
    registry.push(&testkit::Image::new(), "team/app", &["1.3.0"]);
    let third = run("run").succeeds();
    assert!(third.stdout().ends_with("/pull/1 updated\n"), "{third:?}");
    assert_eq!(github.pulls()[0]["title"], "Update app to 1.3.0");
    github.merge(1);
    assert!(run("run").succeeds().stderr.contains("nothing to propose"));
    let main = github.branch("main").expect("the base");
    assert_eq!(main["files"]["env/values.yaml"], format!("100755 {}", BEFORE.replace("1.0.0", "1.3.0")));
}

#[test]
fn github_merges_by_itself_as_its_settings_allow() {
    let registry = registry("team/app", &["1.2.0"]);
    type Set = fn(&Github);
    // The settings | the exit code | what is said | the state of the request.
    let table: [(Set, i32, &str, &str); 4] = [
        (|_| {}, 0, "once its checks have passed", "open"),
        (|github| github.checks_pending(false), 0, "it is merged", "closed"),
        (
            |github| {
                github.checks_pending(false);
                github.use_merge_queue();
            },
            0,
            "it waits in the merge queue",
            "open",
        ),
        (|github| github.allow_auto_merge(false), 1, "Allow auto-merge", "open"),
    ];
    for (set, code, said, state) in table {
        let (github, place) = (github(), place(&registry));
        set(&github);
        let output = in_workflow(place.run("run").arg("--auto-merge"), &github.address()).run();
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(said), "{output:?}");
        assert_eq!(github.pulls()[0]["state"], state, "{said}");
    }
    let (github, place) = (github(), place(&registry));
    let wrong = in_workflow(place.run("run"), &github.address()).env("GITHUB_TOKEN", "").fails(1);
    assert!(wrong.stderr.contains("there is no token"), "{wrong:?}");
    in_workflow(place.run("run"), &github.address()).succeeds();
    github.protect("image-track/main");
    registry.push(&testkit::Image::new(), "team/app", &["1.3.0"]);
    let protected = in_workflow(place.run("run"), &github.address()).fails(1);
    assert!(protected.stderr.contains("Protected branch update failed"), "{protected:?}");
}

#[test]
fn a_manifest_says_where_and_how() {
    let registry = registry("team/app", &["1.2.0"]);
    let (gitlab, place) = (gitlab(), place(&registry));
    let manifest =
        place.read("updatecli.d/app.yaml").replace("    kind: yaml\n", "    kind: yaml\n    scmid: here\n");
    let scm = format!(
        "scms:\n  none: {{disabled: true}}\n  here:\n    kind: gitlab\n    spec: {{url: '{}', owner: team, repository: profile, branch: main, token: '{{{{ requiredEnv \"TRACK_TOKEN\" }}}}', user: bot, email: bot@example.com}}\nactions:\n  open:\n    kind: gitlab/mergerequest\n    scmid: here\n    spec: {{title: 'App {{{{ source \"version\" }}}}', body: Said., labels: [deploy], automerge: true, squash: true}}\n",
        gitlab.url()
    );
    place.write("updatecli.d/app.yaml", &format!("{manifest}{scm}"));
    place.run("run").env("TRACK_TOKEN", "developer").succeeds();
    let opened = request(&gitlab);
    assert_eq!((&opened["title"], &opened["labels"]), (&json!("App 1.2.0"), &json!("deploy")));
    assert!(opened["description"].as_str().expect("text").starts_with("Said.\n\n| follows"), "{opened}");
    assert_eq!(opened["auto_merge"], true);
    // The name of the same section in old manifests.
    let text = place.read("updatecli.d/app.yaml");
    place.write(
        "updatecli.d/app.yaml",
        &text.replace("actions:", "pullrequests:").replace("gitlab/mergerequest", "gitlab"),
    );
    let again = place.run("run").env("TRACK_TOKEN", "developer").succeeds();
    assert!(again.stdout().ends_with(" unchanged\n"), "{again:?}");
}

#[test]
fn pipelines_are_started_with_variables_and_nothing_is_hidden() {
    let builder = Gitlab::builder().project("env/dev").commit("env/dev", SHA, "Begin");
    let gitlab =
        builder.project("env/prod").commit("env/prod", SHA, "Begin").job_token("trigger-secret").start();
    let projects = |url: &str| {
        let dev = json!({ "name": "dev", "url": format!("{}/env/dev", gitlab.url()), "secret": "DEV" });
        json!([dev, { "name": "prod", "url": url, "ref": "main", "secret": "PROD" }]).to_string()
    };
    let by_api = format!("{}/projects/2/trigger/pipeline", gitlab.api());
    let place = Place::new();
    let run = |projects: String| {
        let args = ["--variable", "CD_UPDATE_PROFILE=true", "--message", "Update app\nto $1"];
        place.run("trigger").args(args).env("PROJECTS", projects).env("DEV", "trigger-secret")
    };
    let output = run(projects(&by_api)).env("PROD", "trigger-secret").succeeds();
    let lines: Vec<&str> = output.stdout().lines().collect();
    assert!(lines[0].starts_with(&format!("dev {}/env/dev/-/pipelines/", gitlab.url())), "{output:?}");
    let started = json!([{ "ref": "main", "variables": [["CD_UPDATE_PROFILE", "true"], ["CD_MESSAGE", "Update app\nto $1"]] }]);
    for project in ["env/dev", "env/prod"] {
        let mut pipelines = gitlab.state(project)["pipelines"].clone();
        let variables = pipelines[0]["variables"].as_array_mut().expect("variables");
        variables.sort_by_key(|pair| std::cmp::Reverse(pair[0].as_str().map(str::to_owned)));
        assert_eq!(pipelines, started, "{project}");
    }
    // One that fails is named; the others are started, and nothing is told of a token.
    let output = run(projects(&by_api)).env("PROD", "another-secret").fails(1);
    assert!(
        output.stdout().starts_with("dev ")
            && output.error()[0].contains("prod: cannot start a pipeline of main"),
        "{output:?}"
    );
    assert!(!output.stderr.contains("-secret"), "{output:?}");
    assert_eq!(gitlab.state("env/dev")["pipelines"].as_array().expect("pipelines").len(), 2);
    let unset = run(projects(&by_api)).fails(2);
    assert!(unset.error()[0].contains("the variable PROD is not set"), "{unset:?}");
    // Every entry that is wrong is told, and none of the others is started.
    let good = json!({ "name": "dev", "url": format!("{}/env/dev", gitlab.url()), "secret": "DEV" });
    let table = [
        ("[{\"name\": 1}]".to_owned(), "is not understood"),
        ("[]".to_owned(), "is empty"),
        (String::new(), "no projects are named"),
        ("{}".to_owned(), "the list of projects is not understood"),
        (
            json!([good, { "name": "x", "url": "ftp://h/x", "secret": "DEV" }]).to_string(),
            "project 2 of the list: the url of x",
        ),
        (
            json!([good, { "name": "x", "url": "http://u:word@h/x", "secret": "DEV" }]).to_string(),
            "there are credentials in the url of x",
        ),
        (json!([good, { "name": "x", "url": "http://h/x" }]).to_string(), "missing field `secret`"),
        (
            json!([good, { "name": "x", "url": "http://h/x", "secret": "DEV", "branch": "b" }]).to_string(),
            "unknown field `branch`",
        ),
        (
            json!([good, { "name": "x", "url": "http://h/x", "secret": "glptt-word" }]).to_string(),
            "the variable that the secret of x names",
        ),
        (
            json!([good, { "name": "", "url": "http://h/x", "secret": "DEV" }]).to_string(),
            "its name or its ref is empty",
        ),
    ];
    for (wrong, said) in table {
        let output = run(wrong).fails(2);
        assert!(output.error()[0].contains(said), "{said}: {output:?}");
        assert!(!output.stderr.contains("word"), "{output:?}");
    }
    let both = json!([{ "name": "x", "url": "y", "secret": "DEV" }, good, { "name": "z", "url": "http://h/x", "secret": "NO" }]);
    let output = run(both.to_string()).fails(2);
    assert!(output.stderr.contains("project 1 of the list: the url of x"), "{output:?}");
    assert!(output.stderr.contains("project 3 of the list: the variable NO is not set"), "{output:?}");
    assert_eq!(gitlab.state("env/dev")["pipelines"].as_array().expect("pipelines").len(), 2);
}

#[test]
fn a_run_starts_the_environments_when_something_was_proposed() {
    let registry = registry("team/app", &["1.2.0"]);
    let (gitlab, place) = (gitlab(), place(&registry));
    let projects = json!([{ "name": "dev", "url": format!("{}/{PROJECT}", gitlab.url()), "secret": "DEV" }]);
    let run = |projects: &Value| {
        in_job(place.run("run"), &gitlab, &gitlab.api())
            .args(["--trigger", "--variable", "CD_UPDATE_PROFILE=true", "--message", "New images"])
            .env("PROJECTS", projects.to_string())
            .env("DEV", "job")
    };
    let before = (gitlab.state(PROJECT), place.files());
    // What it would end with is wrong: nothing is written, here or there.
    let wrong = run(&json!([{ "name": "dev", "url": "y", "secret": "DEV" }])).fails(2);
    assert!(wrong.error()[0].contains("project 1 of the list"), "{wrong:?}");
    let dry = run(&projects).arg("--dry-run").succeeds();
    assert!(dry.stderr.contains("dry run: dev: would start a pipeline of main"), "{dry:?}");
    assert_eq!((gitlab.state(PROJECT), place.files()), before);
    let first = run(&projects).succeeds();
    assert!(first.stdout().ends_with("/-/merge_requests/1 created\n"), "{first:?}");
    assert!(first.stderr.contains("dev: a pipeline of main is started: "), "{first:?}");
    let started = gitlab.state(PROJECT)["pipelines"].clone();
    let variables = json!([["CD_MESSAGE", "New images"], ["CD_UPDATE_PROFILE", "true"]]);
    assert_eq!(started, json!([{ "ref": "main", "variables": variables }]));
    // Nothing new is proposed, and nothing is started.
    run(&projects).succeeds();
    assert_eq!(gitlab.state(PROJECT)["pipelines"], started);
    // The request is open, whatever becomes of the environments.
    registry.push(&testkit::Image::new(), "team/app", &["1.3.0"]);
    let refused = run(&projects).env("DEV", "another").fails(1);
    assert!(refused.error()[0].contains("dev: cannot start a pipeline of main"), "{refused:?}");
    assert!(refused.error()[1].contains("image-track trigger"), "{refused:?}");
    assert_eq!(request(&gitlab)["title"], "Update app to 1.3.0");
}

#[test]
fn manifests_of_several_repositories_are_refused_before_anything_is_written() {
    let registry = registry("team/app", &["1.2.0"]);
    let (gitlab, place) = (gitlab(), place(&registry));
    let manifest = place.read("updatecli.d/app.yaml");
    let with = |repository: &str, branch: &str| {
        let scm = format!(
            "scms:\n  here:\n    kind: gitlab\n    spec: {{url: '{}', owner: team, repository: {repository}, branch: {branch}, token: developer}}\n",
            gitlab.url()
        );
        manifest.replace("    kind: yaml\n", "    kind: yaml\n    scmid: here\n") + &scm
    };
    place.write("updatecli.d/app.yaml", &with("profile", "main"));
    for (repository, branch, said) in [
        ("other", "main", "team/profile (main) and team/other (main)"),
        ("profile", "next", "team/profile (main) and team/profile (next)"),
    ] {
        place.write("updatecli.d/b.yaml", &with(repository, branch));
        let before = (gitlab.state(PROJECT), place.files());
        let output = place.run("run").fails(2);
        let expected = format!("the manifests name more than one repository or branch: {said}");
        assert!(output.error()[0].contains(&expected), "{output:?}");
        assert_eq!((gitlab.state(PROJECT), place.files()), before);
    }
    // Each with the manifests that belong there.
    place.run("run").arg("updatecli.d/app.yaml").succeeds();
    assert_eq!(request(&gitlab)["title"], "Update app to 1.2.0");
}

/// A manifest comes by a merge request, and may name any server.
#[test]
fn a_jobs_token_does_not_go_to_another_server_that_a_manifest_names() {
    let registry = registry("team/app", &["1.2.0"]);
    let place = place(&registry);
    let manifest = place.read("updatecli.d/app.yaml");
    let manifest = manifest.replace("    kind: yaml\n", "    kind: yaml\n    scmid: here\n");
    let elsewhere = FileServer::start();
    for (kind, home, token) in [
        ("gitlab", "CI_SERVER_URL", "GENERIC_GITLAB_TOKEN"),
        ("gitlab", "CI_SERVER_URL", "GITLAB_TOKEN"),
        ("github", "GITHUB_SERVER_URL", "GITHUB_TOKEN"),
    ] {
        let scm = format!(
            "scms:\n  here:\n    kind: {kind}\n    spec: {{url: '{}', owner: team, repository: profile, branch: main}}\n",
            elsewhere.url()
        );
        place.write("updatecli.d/app.yaml", &format!("{manifest}{scm}"));
        let run = place.run("run").env(home, "https://forge.example.com").env(token, "of-the-job");
        let refused = run.fails(2);
        let said = refused.error();
        assert!(said[0].contains("the scm 'here' is on http://127.0.0.1:"), "{kind}: {said:?}");
        assert!(said[0].contains("those of this job are for https://forge.example.com/"), "{kind}: {said:?}");
        assert!(said[1].contains("requiredEnv"), "{kind}: {said:?}");
        assert_eq!(elsewhere.take_log(), Vec::new(), "{kind}");
        // With a token of its own it is asked, and by nobody else's.
        let named = scm.replace("branch: main", "branch: main, token: '{{ requiredEnv \"TRACK_TOKEN\" }}'");
        place.write("updatecli.d/app.yaml", &format!("{manifest}{named}"));
        let run = place.run("run").env(home, "https://forge.example.com").env(token, "of-the-job");
        run.env("TRACK_TOKEN", "of-the-manifest").fails(1);
        assert!(!elsewhere.take_log().is_empty(), "{kind}");
        let sent = elsewhere.take_headers();
        assert!(sent.iter().any(|(_, value)| value.contains("of-the-manifest")), "{kind}: {sent:?}");
        assert!(!sent.iter().any(|(_, value)| value.contains("of-the-job")), "{kind}: {sent:?}");
    }
}

#[test]
fn repositories_of_manifests_are_told() {
    let github = github();
    github.add_workflow("image-track.yml");
    let gitlab =
        Gitlab::builder().project(PROJECT).commit(PROJECT, SHA, "Begin").job_token("trigger").start();
    let place = Place::new();
    let run = || {
        place
            .run("notify")
            .env("GITHUB_API_URL", format!("http://{}", github.address()))
            .env("CI_SERVER_URL", gitlab.url())
            .env("HUB", "the-token")
            .env("LAB", "trigger")
            .args(["--variable", "image=team/app", "--variable", "tag=1.2.0"])
    };
    run().args(["team/profile:HUB", "gitlab:team/profile:LAB"]).succeeds();
    assert_eq!(
        github.started("image-track.yml"),
        [json!({ "ref": "main", "inputs": { "image": "team/app", "tag": "1.2.0" } })]
    );
    assert_eq!(
        gitlab.state(PROJECT)["pipelines"][0]["variables"],
        json!([["image", "team/app"], ["tag", "1.2.0"]])
    );
    let wrong = run().args(["team/profile:HUB", "--workflow", "other.yml"]).fails(1);
    assert!(wrong.error()[1].contains("check the repository and the workflow's file"), "{wrong:?}");
    // What stands behind the colon by mistake is not told.
    for argument in ["team/profile:glpat-word", "team/profile:hexword"] {
        let output = run().arg(argument).fails(2);
        assert!(!output.stderr.contains("word"), "{output:?}");
    }
    let unset = run().args(["team/profile:HUB", "team/profile:NONE"]).fails(2);
    assert!(unset.error()[0].contains("the variable NONE is not set"), "{unset:?}");
    assert_eq!(github.started("image-track.yml").len(), 1, "nobody is told before everything is known");
}
