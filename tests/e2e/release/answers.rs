//! `release` and answers that are not GitLab's: pages for people, documents of others, redirects, servers and proxies that
//! are down.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use serde_json::Value;
use testkit::{Answer, Fault, HeaderValue, Proxy, Rule, Tunnel};

use super::gitlab::{PROJECT, gitlab, in_job};

const ENVIRONMENTS: &str = "*/release-data/1/environments.json";

fn page() -> Fault {
    let html = "<!DOCTYPE html><html><head><title>Sign in · GitLab</title></head><body>…</body></html>";
    let answer = Answer { body: html.into(), ..Answer::status(200) };
    Fault::Answer(answer.header("content-type", HeaderValue::Text("text/html; charset=utf-8".into())))
}

#[test]
fn a_page_for_people_is_no_answer_of_the_api() {
    let gitlab = gitlab();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.whl"), "wheel").unwrap();
    let badge =
        ["badge", "b", "--image-url", "https://example.com/a.svg", "--link-url", "https://example.com"];
    let table: &[(&str, &[&str])] = &[
        ("*", &["create", "1.2.0", "--upload", "app.whl"]),
        ("POST */releases", &["create", "1.2.0"]),
        ("PUT *", &["create", "1.2.0", "--upload", "app.whl"]),
        ("*", &["env", "prod", "1.2.0"]),
        ("PUT *", &["env", "prod", "1.2.0"]),
        ("*/badges*", &["env", "prod", "1.2.0"]),
        ("*", &badge),
        ("POST *", &badge),
        ("*", &["page", "--wiki"]),
        ("*/wikis*", &["page", "--wiki"]),
        ("*", &["page"]),
        (ENVIRONMENTS, &["page"]),
        ("*", &["show"]),
        ("*", &["show", "1.2.0"]),
    ];
    for (pattern, args) in table {
        let proxy = Proxy::builder(&gitlab.address()).fault(Rule::matching(pattern, page())).start();
        let output = in_job(&proxy.address()).current_dir(folder.path()).args(*args).fails(1);
        for word in
            ["instead of the API of GitLab there answered a page of HTML, \"Sign in · GitLab\"", "login page"]
        {
            assert!(output.stderr.contains(word), "{pattern} {args:?}: {word} is missing in {output:?}");
        }
        assert!(!output.stderr.contains("delete"), "{pattern} {args:?}: {output:?}");
    }
}

#[test]
fn a_document_that_is_not_ours_is_never_written_over() {
    let long = "x".repeat(8 * 1024 * 1024 + 1);
    let table = [
        (long, 1, "is longer than 8388608 bytes", "see what is in that package file"),
        ("{\"schema\": 1".into(), 1, "is damaged: EOF", "delete that package file"),
        ("{\"schema\": 2, \"environments\": {}}".into(), 1, "its schema is 2", "nothing was written"),
    ];
    for (body, code, word, hint) in table {
        let gitlab = gitlab();
        let fault = Fault::Answer(Answer { body, ..Answer::status(200) });
        let rule = Rule::matching(&format!("GET {ENVIRONMENTS}"), fault);
        let proxy = Proxy::builder(&gitlab.address()).fault(rule).start();
        let output = in_job(&proxy.address()).args(["env", "prod", "1.2.0"]).fails(code);
        assert!(output.stderr.contains(word) && output.stderr.contains(hint), "{output:?}");
        assert!(proxy.take_log().iter().all(|passed| passed.method == "GET"));
    }
}

#[test]
fn what_another_run_has_written_over_is_written_again() {
    let gitlab = gitlab();
    // An answer for a write that does not happen: as if another run had put its own in its place at once.
    let lost = |times| {
        let rule = Rule::matching(&format!("PUT {ENVIRONMENTS}"), Fault::Answer(Answer::status(201)));
        Proxy::builder(&gitlab.address()).fault(rule.times(times)).start()
    };
    let env = |proxy: &Proxy| in_job(&proxy.address()).args(["env", "prod", "1.2.0", "-v"]);
    let always = lost(usize::MAX);
    let output = env(&always).fails(1);
    for word in ["record what runs in production", "5 times in a row", "resource_group"] {
        assert!(output.stderr.contains(word), "{word} is missing in {output:?}");
    }
    let writes: Vec<_> = always.take_log().into_iter().filter(|passed| passed.method == "PUT").collect();
    let waits: Vec<_> = writes.windows(2).map(|two| (two[1].arrived - two[0].arrived).as_millis()).collect();
    assert_eq!(writes.len(), 5, "{writes:?}");
    assert!(waits.iter().zip([125, 250, 500, 1000]).all(|(wait, least)| *wait >= least), "{waits:?}");
    let once = lost(1);
    let output = env(&once).succeeds();
    assert!(
        output.stdout().contains("production 1.2.0 created")
            && output.stderr.contains("merging it once more")
    );
    assert!(gitlab.state(PROJECT)["files"]["release-data/1/environments.json"].is_string());
}

/// A server of somebody else's: it answers one request with this, and tells what it was asked.
fn elsewhere(body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let told = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let asked = head(&mut stream);
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        asked
    });
    (address, told)
}

fn head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_token_stays_with_its_server_when_that_redirects_to_another() {
    let document = "{\"schema\": 1, \"environments\": {\"production\": {\"version\": \"1.2.0\", \"since\": \"2026-11-21T08:00:00Z\", \"url\": null}}}";
    for (variable, secret) in [("CI_JOB_TOKEN", "job-token"), ("GITLAB_TOKEN", "maintainer-token")] {
        let gitlab = gitlab();
        let (store, told) = elsewhere(document);
        // As GitLab does where object storage serves its files.
        let location = HeaderValue::Text(format!("http://{store}/bucket/file?signature=abc"));
        let fault = Fault::Answer(Answer::status(302).header("location", location));
        let rule = Rule::matching(&format!("GET {ENVIRONMENTS}"), fault);
        let proxy = Proxy::builder(&gitlab.address()).fault(rule).start();
        let run = in_job(&proxy.address()).env("CI_JOB_TOKEN", "").env("GENERIC_GITLAB_TOKEN", "");
        let shown = run.env(variable, secret).arg("show").succeeds();
        assert!(shown.stdout().starts_with("production: 1.2.0"), "{shown:?}");
        let asked = told.join().unwrap();
        assert!(asked.starts_with("GET /bucket/file?signature=abc HTTP/1.1\r\n"), "{asked}");
        assert!(!asked.contains(secret) && !asked.to_lowercase().contains("-token"), "{asked}");
    }
}

#[test]
fn a_server_or_proxy_that_is_down_and_one_without_tls_are_told_apart() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let run = |api: &str| {
        in_job("unused").args(["show", "1.2.0"]).env("CI_API_V4_URL", api).env("RELEASE_TIMEOUT", "1")
    };
    let down = run(&format!("http://{nobody}/api/v4")).fails(1);
    assert!(down.stderr.contains(&format!("check that {nobody} is up")), "{down:?}");
    let proxied =
        run("https://gitlab.example/api/v4").env("HTTPS_PROXY", format!("http://bob:s3cret@{nobody}"));
    let proxied = proxied.fails(1);
    for word in ["way to gitlab.example is by the proxy that HTTPS_PROXY names", "NO_PROXY"] {
        assert!(proxied.stderr.contains(word), "{word} is missing in {proxied:?}");
    }
    assert!(!proxied.stderr.contains("s3cret"), "{proxied:?}");
    let plain = gitlab();
    let tunnel = Tunnel::start(&plain.address());
    let plain = run("https://gitlab.example/api/v4").env("HTTPS_PROXY", tunnel.url()).fails(1);
    assert!(plain.stderr.contains("does not speak TLS there; if that is meant"), "{plain:?}");
    assert!(!plain.stderr.contains("--plain-http"), "{plain:?}");
}

#[test]
fn an_address_with_a_password_is_refused_and_not_shown() {
    let gitlab = gitlab();
    let spoiled = "https://bob:s3cret@gitlab.example.com/team/app";
    let table: &[(&str, &[&str], &[(&str, &str)])] = &[
        ("CI_API_V4_URL", &["show"], &[]),
        ("CI_PROJECT_URL", &["create", "1.2.0"], &[]),
        ("CI_SERVER_URL", &["env", "prod", "1.2.0"], &[("CI_PROJECT_URL", "")]),
        ("CI_SERVER_URL", &["env", "prod", "1.2.0", "--picture", "artifact"], &[("CI_JOB_ID", "7")]),
        ("CI_PROJECT_URL", &["notes", "HEAD", "--repository", "."], &[]),
        ("CI_PAGES_URL", &["page"], &[]),
        (
            "GITHUB_SERVER_URL",
            &["create", "1.2.0"],
            &[("RELEASE_FORGE", "github"), ("GITHUB_REPOSITORY", "a/b")],
        ),
        ("GITHUB_API_URL", &["show"], &[("RELEASE_FORGE", "github"), ("GITHUB_REPOSITORY", "a/b")]),
        ("RELEASE_FORGE", &["show"], &[]),
    ];
    let mut git = testkit::Repository::new();
    git.commit("feat: begin");
    let before = gitlab.state(PROJECT);
    for (variable, args, others) in table {
        let run = in_job(&gitlab.address()).current_dir(git.path()).args(*args);
        let run = others.iter().fold(run, |run, (name, value)| run.env(name, value));
        let value =
            if *variable == "RELEASE_FORGE" { format!("gitlab:{spoiled}") } else { spoiled.to_owned() };
        let output = run.env(variable, value).fails(2);
        assert!(output.stderr.contains("user or password"), "{variable}: {output:?}");
        assert!(!output.stderr.contains("s3cret") && output.stdout().is_empty(), "{variable}: {output:?}");
    }
    assert_eq!(gitlab.state(PROJECT), before);
}

#[test]
fn everything_that_lacks_a_right_is_named() {
    let gitlab = gitlab();
    let run =
        || in_job(&gitlab.address()).args(["env", "prod", "1.2.0", "--wiki"]).env("GENERIC_GITLAB_TOKEN", "");
    let output = run().fails(1);
    for word in ["badges of team/app", "wiki page 'Releases'", "Developer"] {
        assert!(output.stderr.contains(word), "{word} is missing in {output:?}");
    }
    let told: Value = serde_json::from_str(run().args(["--format", "json"]).fails(1).stdout()).unwrap();
    assert_eq!(told["failed"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!(told["environment"]["change"], "unchanged");
}
