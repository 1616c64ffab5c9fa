use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn config(entries: &[(&str, &str)]) -> String {
    let entries: Vec<_> = entries
        .iter()
        .map(|(host, login)| format!(r#""{host}":{{"auth":"{}"}}"#, STANDARD.encode(login)))
        .collect();
    format!(r#"{{"auths":{{{}}}}}"#, entries.join(","))
}

fn collect(variables: &[(&str, &str)]) -> Result<Credentials, Error> {
    let map: BTreeMap<_, _> = variables.iter().copied().collect();
    Credentials::collect("image-promote", Duration::from_secs(5), |name| {
        map.get(name).map(|value| (*value).to_owned())
    })
}

#[test]
fn the_tools_own_variables_win_then_the_jobs_login_then_file_then_variables() {
    let folder = tempfile::tempdir().unwrap();
    let folder_name = folder.path().to_str().unwrap();
    let file = folder.path().join("auth.json");
    let job = config(&[("zero.example", "job:z"), ("one.example", "job:a")]);
    std::fs::write(folder.path().join("config.json"), job).unwrap();
    std::fs::write(&file, config(&[("one.example", "file:b"), ("two.example", "file:b:c")])).unwrap();
    let inline = config(&[("two.example", "inline:d"), ("https://index.docker.io/v1/", "hub:e")]);
    let credentials = collect(&[
        ("IMAGE_PROMOTE_REGISTRY", "zero.example"),
        ("IMAGE_PROMOTE_REGISTRY_USER", "own"),
        ("IMAGE_PROMOTE_REGISTRY_PASSWORD", "0"),
        ("DOCKER_CONFIG", folder_name),
        ("REGISTRY_AUTH_FILE", file.to_str().unwrap()),
        ("DOCKER_AUTH_CONFIG", &inline),
        ("CI_REGISTRY", "registry.example:5050"),
        ("CI_REGISTRY_USER", "gitlab-ci-token"),
        ("CI_REGISTRY_PASSWORD", "f"),
        ("ARTIFACTORY_HOST", "art.example"),
        ("ARTIFACTORY_USER", "robot"),
        ("ARTIFACTORY_PASSWORD", ""),
    ])
    .unwrap();
    let table = [
        ("zero.example", Some(("own", "0"))),
        ("one.example", Some(("job", "a"))),
        ("two.example", Some(("file", "b:c"))),
        ("docker.io", Some(("hub", "e"))),
        ("registry.example:5050", Some(("gitlab-ci-token", "f"))),
        ("registry.example", None),
        ("art.example", None),
    ];
    for (host, expected) in table {
        let found = credentials.find(host, "team/app");
        let found =
            found.as_ref().map(|login| (login.user.as_str(), login.password.as_ref().unwrap().expose()));
        assert_eq!(found, expected, "{host}");
    }
}

#[test]
fn the_longest_path_wins() {
    let inline =
        config(&[("h.example", "all:a"), ("h.example/team", "team:b"), ("h.example/team/app", "app:c")]);
    let credentials = collect(&[("DOCKER_AUTH_CONFIG", &inline)]).unwrap();
    for (path, user) in
        [("team/app", "app"), ("team/app/ci", "app"), ("team/application", "team"), ("other", "all")]
    {
        assert_eq!(credentials.find("h.example", path).unwrap().user, user, "{path}");
    }
}

#[test]
fn a_broken_config_is_an_error_that_shows_no_secret() {
    for text in ["{\"auths\": {\"h\": \"s3cret\"}}", "s3cret", r#"{"auths":{"h":{"auth":"s3cret!!"}}}"#] {
        let error = collect(&[("DOCKER_AUTH_CONFIG", text)]).unwrap_err().to_string();
        assert!(error.contains("DOCKER_AUTH_CONFIG") && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn no_file_and_empty_entries_are_no_credentials() {
    let credentials =
        collect(&[("HOME", "/nonexistent"), ("DOCKER_AUTH_CONFIG", r#"{"auths":{"h":{}}}"#)]).unwrap();
    assert_eq!(credentials.find("h", "a"), None);
}

#[test]
fn a_helper_that_is_not_there_hides_no_other_place() {
    let first = r#"{"auths":{"b.example":{"username":"own","password":"x"}},
        "credHelpers":{"a.example":"no-such-helper"},"credsStore":"no-such-store"}"#;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), first).unwrap();
    let inline = config(&[("a.example", "inline:a"), ("c.example", "inline:c")]);
    let credentials =
        collect(&[("DOCKER_CONFIG", folder.path().to_str().unwrap()), ("DOCKER_AUTH_CONFIG", &inline)])
            .unwrap();
    for (host, user) in [("a.example", "inline"), ("b.example", "own"), ("c.example", "inline")] {
        assert_eq!(credentials.find(host, "app").unwrap().user, user, "{host}");
    }
    assert_eq!(credentials.find("d.example", "app"), None);
}
