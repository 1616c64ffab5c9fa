//! Marks as properties of Artifactory, against the double.

use serde_json::Value;
use testkit::{Artifactory, ArtifactoryBuilder, Tool, Unannotated};

use super::stand::{CREATED, KEY, Layout, NAME, artifactory, props};

fn stand(set_up: impl Fn(ArtifactoryBuilder) -> ArtifactoryBuilder) -> (Layout, Artifactory, String) {
    let layout = Layout::with(&["1", "2"]);
    let server = artifactory(&layout, &["1", "2"], set_up);
    let repository = format!("{}/{KEY}/{NAME}", server.address());
    (layout, server, repository)
}

fn plain() -> (Layout, Artifactory, String) {
    stand(|builder| builder)
}

const MANIFEST: &str = "docker-local/team/app/1/list.manifest.json";

fn value(server: &Artifactory, path: &str, key: &str) -> Option<Vec<String>> {
    server.properties(path).expect("the file").get(key).cloned()
}

#[test]
fn a_mark_is_a_property_of_the_manifest_and_of_nothing_else() {
    let (_layout, server, repository) = plain();
    let image = format!("{repository}:1");
    let digest = props(["set", &image, "tested"]).succeeds().stdout().trim_end().to_owned();
    let requests = server.take_log();
    assert_eq!(requests.len(), 4, "look up, locate, write, read back: {requests:#?}");
    assert_eq!(value(&server, MANIFEST, "tested"), Some(vec!["true".into()]));
    let note = value(&server, MANIFEST, "pypelines.mark.tested").expect("a note");
    let note: Value = serde_json::from_str(&note[0]).expect("JSON");
    assert_eq!(note["digest"], digest.as_str());
    assert_eq!(note["created"], CREATED);
    props(["get", &image]).succeeds();
    assert_eq!(server.take_log().len(), 2, "look up, read");
    props(["unset", &image, "tested"]).succeeds();
    let left = server.properties(MANIFEST).expect("the file");
    let note = left.get("pypelines.mark.tested").expect("who has unset it");
    assert!(note[0].contains(r#""unset":true"#), "{note:?}");
    assert!(!left.contains_key("tested"), "{left:?}");
}

#[test]
fn a_property_that_stayed_behind_on_a_tag_pushed_anew_opens_no_gate() {
    let (layout, server, repository) = plain();
    let image = format!("{repository}:1");
    props(["set", &image, "tested"]).succeeds();
    layout.image("1", "something else");
    server.push(&layout.path(), "1", KEY, NAME, "1");
    assert!(value(&server, MANIFEST, "tested").is_some(), "the double leaves properties where they are");
    props(["verify", &image, "tested"]).fails(3);
    props(["find", &repository, "tested"]).fails(3);
    assert_eq!(props(["get", &image]).succeeds().stdout(), "");
    props(["move", "tested", &format!("{repository}:2")]).succeeds();
    assert_eq!(value(&server, MANIFEST, "tested"), None, "it is gone for everybody who reads properties");
}

#[test]
fn of_two_tags_that_say_different_things_the_later_counts_for_get_and_for_find() {
    let (layout, server, repository) = plain();
    server.push(&layout.path(), "1", KEY, NAME, "latest");
    let image = format!("{repository}:1");
    props(["set", &image, "scanned=yes"]).succeeds();
    server.fail("PATCH", "/app/latest/", 403, None, 1);
    let later = props(["set", &image, "scanned=no"]).env("SOURCE_DATE_EPOCH", "1767323046").fails(1);
    assert!(later.error()[0].contains("403"), "{later:?}");
    assert_eq!(props(["get", &image, "scanned"]).succeeds().stdout(), "no\n");
    props(["find", &repository, "scanned=yes"]).fails(3);
    assert_eq!(props(["find", &repository, "scanned=no", "--count"]).succeeds().stdout(), "2\n");
}

#[test]
fn who_wrote_a_mark_cannot_write_to_a_terminal() {
    let (_layout, server, repository) = plain();
    let image = format!("{repository}:1");
    let digest = props(["set", &image, "tested"]).succeeds().stdout().trim_end().to_owned();
    let note = format!(
        r#"{{"digest":"{digest}","created":"\u001b[2J","job":"https://ci.example/\u0007","actor":"eve\n\u202e"}}"#
    );
    server.set_property(MANIFEST, "pypelines.mark.tested", &[&note]);
    let history = props(["history", &image]).succeeds();
    let expected = "\\u{1b}[2J\tset tested=true\teve\\n\\u{202e} https://ci.example/\\u{7}\n";
    assert_eq!(history.stdout(), expected);
}

#[test]
fn all_tags_of_a_digest_have_its_marks_and_later_ones_inherit_them() {
    let (layout, server, repository) = plain();
    server.push(&layout.path(), "1", KEY, NAME, "latest");
    let first = format!("{repository}:1");
    props(["set", &first, "tested"]).succeeds();
    assert!(value(&server, "docker-local/team/app/latest/list.manifest.json", "tested").is_some());
    server.push(&layout.path(), "1", KEY, NAME, "1.4");
    props(["verify", &format!("{repository}:1.4"), "tested"]).succeeds();
    let found = props(["find", &repository, "tested"]).succeeds();
    let tags: Vec<_> = found.stdout().lines().filter_map(|line| line.split('\t').next()).collect();
    assert_eq!(tags, ["1", "1.4", "latest"]);
    props(["unset", &format!("{repository}:1.4"), "tested"]).succeeds();
    props(["find", &repository, "tested"]).fails(3);
}

#[test]
fn what_other_tools_have_set_counts_and_contradictions_close_the_gate() {
    let (layout, server, repository) = plain();
    let image = format!("{repository}:1");
    server.set_property(MANIFEST, "tested", &["true"]);
    props(["verify", &image, "tested"]).succeeds();
    server.set_property(MANIFEST, "scanned", &["true", "false"]);
    let several = props(["verify", &image, "scanned"]).fails(3);
    assert!(several.error()[0].contains("'true,false'"), "{several:?}");
    server.push(&layout.path(), "1", KEY, NAME, "1.4");
    server.set_property("docker-local/team/app/1.4/list.manifest.json", "tested", &["false"]);
    let contradiction = props(["verify", &image, "tested"]).fails(1);
    assert!(contradiction.error()[0].contains("'false'"), "{contradiction:?}");
    props(["set", &image, "tested"]).succeeds();
    props(["verify", &image, "tested"]).succeeds();
}

#[test]
fn images_are_found_by_repository_path_subdomain_port_and_virtual_repository() {
    let (layout, server, _) = stand(|builder| {
        builder
            .virtual_over("docker", &[KEY], KEY)
            .host("docker-local.art.example", KEY)
            .host("art.example:5001", KEY)
    });
    drop(layout);
    let own = server.address();
    let by_url = ["--artifactory-url", "http://art.example/artifactory"];
    let table: [(String, &[&str]); 6] = [
        (format!("{own}/{KEY}/{NAME}"), &[]),
        (format!("{own}/docker/{NAME}"), &[]),
        (format!("{own}/docker/{NAME}"), &["--repo-key", "docker"]),
        (format!("docker-local.art.example/{NAME}"), &[]),
        (format!("art.example:5001/{NAME}"), &by_url),
        (format!("art.example:5001/{NAME}"), &["--repo-key", KEY]),
    ];
    for (number, (repository, more)) in table.iter().enumerate() {
        let through =
            |tool: Tool| tool.args(*more).arg("--plain-http").env("HTTP_PROXY", format!("http://{own}"));
        let (image, mark) = (format!("{repository}:1"), format!("way-{number}"));
        through(props(["set", &image, &mark])).succeeds();
        assert!(value(&server, MANIFEST, &mark).is_some(), "{repository} {more:?}");
        let found = through(props(["find", repository, &mark, "--count"])).succeeds();
        assert_eq!(found.stdout(), "1\n", "{repository} {more:?}");
    }
}

#[test]
fn a_missing_right_to_annotate_is_seen_whether_the_server_says_so_or_not() {
    for (what, part) in [
        (Unannotated::Refused, "403 Forbidden: Not enough permissions to annotate"),
        (Unannotated::Dropped, "may lack the right to annotate"),
    ] {
        let (_layout, _server, repository) = stand(|builder| builder.unannotated(what));
        let set = props(["set", &format!("{repository}:1"), "tested", "scanned"]).fails(1);
        assert!(set.error()[0].contains(part), "{set:?}");
        assert!(set.error()[0].contains("2 of 2 marks"), "{set:?}");
        props(["verify", &format!("{repository}:1"), "tested"]).fails(3);
    }
}

#[test]
fn an_old_artifactory_is_written_to_the_old_way_and_what_that_cannot_carry_is_refused() {
    let (_layout, server, repository) = stand(ArtifactoryBuilder::without_metadata);
    let image = format!("{repository}:1");
    let text = "ticket=ABC-1 | x, y z=1\\ é%+";
    let set = props(["set", &image, "tested", text]).env("CI_JOB_URL", "https://ci.example/j?a=1;b=2,3");
    set.succeeds();
    assert_eq!(props(["get", &image, "ticket"]).succeeds().stdout(), "ABC-1 | x, y z=1\\ é%+\n");
    let history = props(["history", &image]).succeeds();
    assert!(history.stdout().contains("https://ci.example/j?a=1;b=2,3"), "{history:?}");
    props(["unset", &image, "tested"]).succeeds();
    assert_eq!(value(&server, MANIFEST, "tested"), None);
    assert!(props(["history", &image]).succeeds().stdout().contains("\tunset tested"));
    let half = props(["set", &image, "scanned", "note=a;b"]).fails(1);
    assert!(half.error()[0].contains("1 of 2 marks") && half.error()[0].contains("';'"), "{half:?}");
    props(["verify", &image, "scanned"]).succeeds();
}

#[test]
fn trimmed_results_are_an_error_and_never_half_an_answer() {
    let (_layout, server, repository) = stand(|builder| builder.aql_limit(1));
    for path in [MANIFEST, "docker-local/team/app/2/list.manifest.json"] {
        server.set_property(path, "release-prod", &["true"]);
    }
    let commands: [&[&str]; 2] =
        [&["find", &repository, "release-prod"], &["move", "release-prod", &format!("{repository}:1")]];
    for command in commands {
        let output = props(command.iter().copied()).fails(1);
        assert!(output.stderr.contains("results are trimmed"), "{output:?}");
    }
}

#[test]
fn a_move_that_cannot_unset_another_says_which_and_running_it_again_heals() {
    let (_layout, server, repository) = plain();
    let (one, two) = (format!("{repository}:1"), format!("{repository}:2"));
    let first = props(["move", "release-prod", &one]).succeeds().stdout().trim_end().to_owned();
    server.fail("PATCH", "/app/1/", 403, None, 1);
    let half = props(["move", "release-prod", &two]).fails(1);
    assert!(half.error()[0].contains(&first) && half.error()[0].contains("403"), "{half:?}");
    let both = props(["find", &repository, "release-prod", "--count"]).succeeds();
    assert_eq!(both.stdout(), "2\n", "two, and never none");
    props(["move", "release-prod", &two]).succeeds();
    let found = props(["find", &repository, "release-prod"]).succeeds();
    assert!(found.stdout().starts_with("2\t") && found.stdout().lines().count() == 1, "{found:?}");
}

#[test]
fn a_move_within_another_repository_leaves_its_own_alone() {
    let (layout, server, repository) = plain();
    server.push(&layout.path(), "1", KEY, "team/release", "1");
    let release = format!("{}/{KEY}/team/release", server.address());
    props(["set", &format!("{release}:1"), "live"]).succeeds();
    props(["set", &format!("{repository}:2"), "live"]).succeeds();
    props(["move", "live", &format!("{repository}:1"), "--within", &release]).succeeds();
    props(["find", &release, "live"]).fails(3);
    assert_eq!(props(["find", &repository, "live", "--count"]).succeeds().stdout(), "2\n");
}

#[test]
fn every_way_to_log_in_works_and_only_a_named_server_gets_the_token() {
    let set_up = |builder: ArtifactoryBuilder| builder.account("ci", "s3cret").token("t0ken").api_key("k3y");
    let (_layout, server, repository) = stand(set_up);
    let image = format!("{repository}:1");
    let host = server.address();
    let registry = |tool: Tool| tool.env("ARTIFACTORY_USER", "ci").env("ARTIFACTORY_PASSWORD", "s3cret");
    let ways: [&[(&str, &str)]; 3] =
        [&[], &[("ARTIFACTORY_TOKEN", "t0ken")], &[("ARTIFACTORY_API_KEY", "k3y")]];
    for way in ways {
        let tool = registry(props(["set", &image, "tested", "-v"])).env("ARTIFACTORY_HOST", &host);
        let tool = way.iter().fold(tool, |tool, (name, value)| tool.env(name, value));
        let output = tool.succeeds();
        for secret in ["s3cret", "t0ken", "k3y"] {
            assert!(!output.stderr.contains(secret), "{output:?}");
        }
    }
    let config = tempfile::tempdir().expect("a folder");
    let login = format!(r#"{{"auths":{{"{host}":{{"username":"ci","password":"s3cret"}}}}}}"#);
    std::fs::write(config.path().join("config.json"), login).expect("a login");
    let named_elsewhere = props(["get", &image, "-v"])
        .env("DOCKER_CONFIG", config.path())
        .env("ARTIFACTORY_HOST", "other.example")
        .env("ARTIFACTORY_TOKEN", "for another server")
        .succeeds();
    assert!(named_elsewhere.stderr.contains("the login of the registry"), "{named_elsewhere:?}");
    let wrong = props(["get", &image])
        .env("DOCKER_CONFIG", config.path())
        .env("ARTIFACTORY_URL", server.url())
        .env("ARTIFACTORY_TOKEN", "wrong")
        .fails(1);
    assert!(wrong.stderr.contains("401") && wrong.stderr.contains("ARTIFACTORY_TOKEN"), "{wrong:?}");
}

#[test]
fn errors_say_what_was_attempted_and_what_to_do_next() {
    let (_layout, server, repository) = plain();
    let image = format!("{repository}:1");
    type Answer = (&'static str, &'static str, u16, Option<&'static str>, &'static [&'static str]);
    let table: [Answer; 4] = [
        ("POST", "search/aql", 403, None, &["403 Forbidden", "the right to read"]),
        ("POST", "search/aql", 404, Some("<html>no"), &["is not Artifactory's API", "--artifactory-url"]),
        ("POST", "search/aql", 200, Some("<html>hi"), &["is not Artifactory's API", "--artifactory-url"]),
        ("HEAD", "manifests", 403, None, &["403 Forbidden", "which account is used"]),
    ];
    for (method, part, status, body, expected) in table {
        server.fail(method, part, status, body, 1);
        let output = props(["get", &image]).fails(1);
        for part in expected {
            assert!(output.stderr.contains(part), "{method} {status}: {output:?}");
        }
    }
    for status in [408, 429, 503] {
        server.fail("POST", "search/aql", status, None, 1);
        props(["get", &image]).succeeds();
    }
    let none = format!("{}/{KEY}/team/none", server.address());
    let by_key = ["--backend", "artifactory", "--repo-key", KEY];
    let table: [(&[&str], i32, &str); 9] = [
        (&["set", &image, "docker.manifest"], 2, "Artifactory keeps properties"),
        (&["set", &image, "tested", "--backend", "layout"], 2, "--backend"),
        (&["get", &image, "--backend", "oci"], 0, ""),
        (&["find", &image, "tested"], 2, "one image and no repository"),
        (&["get", &format!("{none}:1")], 1, "there is no"),
        (&["find", &none, "tested"], 1, "there is no"),
        (&["find", &none, "tested", "--backend", "artifactory"], 1, "there is no"),
        (&[&["find", none.as_str(), "tested"][..], &by_key].concat(), 1, "there is no"),
        (&["set", &image, "tested", "--oci-scheme", "tags"], 2, "in Artifactory's properties"),
    ];
    for (arguments, code, part) in table {
        let output = props(arguments.iter().copied()).run();
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(part), "{output:?}");
    }
}

#[test]
fn a_tag_that_moves_between_look_up_and_writing_is_not_marked_in_silence() {
    let (layout, server, repository) = plain();
    let digest = props(["get", &format!("{repository}:1"), "--format", "json"]).succeeds();
    let json: Value = serde_json::from_str(digest.stdout()).expect("JSON");
    let digest = json["digest"].as_str().expect("a digest").to_owned();
    layout.image("1", "something else");
    server.push(&layout.path(), "1", KEY, NAME, "1");
    let gone = props(["set", &format!("{repository}@{digest}"), "tested"]).fails(1);
    assert!(gone.error()[0].contains("there is no"), "{gone:?}");
    props(["verify", &format!("{repository}:1"), "tested"]).fails(3);
}
