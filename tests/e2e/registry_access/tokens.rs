//! How registries want to be asked: challenges, token servers, identity tokens, passwords.

use std::fs;
use std::time::Duration;

use testkit::{Fault, Passed, Proxy, Registry, Rule, Tokens, tool};

use super::{digest, image, layout, login};
use crate::skopeo::{push, skopeo};

fn count(log: &[Passed], is: impl Fn(&Passed) -> bool) -> usize {
    log.iter().filter(|passed| is(passed)).count()
}

/// The entry that `az acr login` and others leave behind.
fn identity(host: &str, user: &str, token: &str) -> String {
    format!(r#"{{"auths":{{"{host}":{{"username":"{user}","identitytoken":"{token}"}}}}}}"#)
}

#[test]
fn an_identity_token_opens_what_skopeo_opens_with_it() {
    let registry = Registry::start();
    let expected = push(&image(), registry.address(), "app:1");
    let proxy = Proxy::builder(registry.address()).tokens(Tokens::new().identity("s3cret")).start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.json");
    // skopeo wants an auth field, however empty the password in it is: "0000:".
    let text =
        format!(r#"{{"auths":{{"{}":{{"auth":"MDAwMDo=","identitytoken":"s3cret"}}}}}}"#, proxy.address());
    fs::write(&file, text).expect("a file");
    let reference = format!("{}/app:1", proxy.address());
    let (name, from) = (file.display().to_string(), format!("docker://{reference}"));
    skopeo(&["inspect", "--raw", "--tls-verify=false", "--authfile", &name, &from]);
    let theirs = proxy.take_log();
    let ours = digest(&reference).env("REGISTRY_AUTH_FILE", &file).succeeds();
    assert_eq!(ours.stdout().trim_end(), expected);
    for log in [theirs, proxy.take_log()] {
        assert_eq!(count(&log, |passed| passed.method == "POST" && passed.is_token_call()), 1, "{log:?}");
        assert_eq!(count(&log, |passed| passed.method == "GET" && passed.is_token_call()), 0, "{log:?}");
    }
    // Also a token for two repositories at once, which mounting needs.
    let to = format!("{}/copy:1", proxy.address());
    tool("image-promote").args(["copy", &reference, &to]).env("REGISTRY_AUTH_FILE", &file).succeeds();
    assert_eq!(count(&proxy.take_log(), Passed::is_token_call), 1);
    let wrong =
        digest(&reference).env("DOCKER_AUTH_CONFIG", identity(&proxy.address(), "", "wr0ng")).fails(1);
    assert!(wrong.error()[0].contains("the token server answers 401"), "{wrong:?}");
    assert!(wrong.error()[1].contains("DOCKER_AUTH_CONFIG") && !wrong.stderr.contains("wr0ng"), "{wrong:?}");
}

#[test]
fn a_token_server_without_oauth_is_asked_the_old_way() {
    let registry = Registry::start();
    let expected = push(&image(), registry.address(), "app:1");
    let tokens = Tokens::new().account("robot", "s3cret").identity("unused").without_post();
    let proxy = Proxy::builder(registry.address()).tokens(tokens).start();
    let address = proxy.address();
    let both = identity(&address, "robot", "unused").replace("}}}", r#","password":"s3cret"}}}"#);
    // Some take the identity token for a password.
    let one = identity(&address, "robot", "s3cret");
    for (config, fault) in [(&both, 404), (&both, 405), (&one, 404), (&one, 405)] {
        proxy.fault(Rule::matching("POST /token", Fault::status(fault)));
        let output = digest(&format!("{address}/app:1")).env("DOCKER_AUTH_CONFIG", config).succeeds();
        assert_eq!(output.stdout().trim_end(), expected);
        let calls: Vec<_> =
            proxy.take_log().into_iter().filter(Passed::is_token_call).map(|call| call.status).collect();
        assert_eq!(calls, [fault, 200]);
        proxy.heal();
    }
}

#[test]
fn challenges_come_in_many_forms() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app:1");
    let proxy = Proxy::builder(registry.address()).tokens(Tokens::new().account("robot", "s3cret")).start();
    let address = proxy.address();
    let bearer = format!(r#"Bearer realm="http://{address}/token",service="testkit""#);
    let run = |rules: &[Fault]| {
        rules.iter().for_each(|fault| proxy.fault(Rule::matching("HEAD /v2/*", fault.clone()).times(1)));
        let output = digest(&format!("{address}/app:1")).env("DOCKER_AUTH_CONFIG", login(&address)).run();
        proxy.heal();
        output
    };
    let challenge = |value: String| Fault::ReplaceHeader("www-authenticate", value);
    let good = [
        vec![challenge(format!("Basic realm=\"x\", {bearer}"))],
        vec![challenge(format!("{bearer}, Basic realm=\"x\""))],
        vec![challenge(format!("Negotiate YII/+a==, {bearer}"))],
        vec![
            challenge("Basic realm=\"a \\\"b\\\", c\"".into()),
            Fault::AddHeader("www-authenticate", bearer.clone()),
        ],
        vec![challenge(format!("{bearer},scope=\"repository:app:pull repository:other:pull\""))],
        vec![challenge(bearer.replace("Bearer", "BEARER").replace("service", " Service "))],
    ];
    for rules in good {
        let output = run(&rules);
        assert_eq!(output.code, Some(0), "{rules:?}: {output:?}");
    }
    let bad = [
        ("Bearer realm=\"http://auth.example/token\"", "without TLS (auth.example)"),
        ("Bearer realm=\"token\"", "names no token server"),
        ("Bearer service=\"x\"", "names no token server"),
        ("Negotiate", "without a usable challenge"),
        ("", "without a usable challenge"),
    ];
    for (value, reason) in bad {
        let output = run(&[challenge(value.into())]);
        assert_eq!(output.code, Some(1), "{value}: {output:?}");
        assert!(output.error()[0].contains(reason), "{value}: {output:?}");
    }
}

#[test]
fn a_token_is_replaced_before_it_expires() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app:1");
    let tokens = Tokens::new().account("robot", "s3cret").lifetime(1);
    let proxy = Proxy::builder(registry.address()).tokens(tokens).delay(Duration::from_millis(300)).start();
    let address = proxy.address();
    let (from, to) = (format!("{address}/app:1"), format!("{address}/copy:1"));
    let copy = tool("image-promote").args(["copy", &from, &to]);
    copy.env("DOCKER_AUTH_CONFIG", login(&address)).succeeds();
    let log = proxy.take_log();
    assert!(count(&log, Passed::is_token_call) >= 2, "{log:?}");
    assert_eq!(count(&log, |passed| passed.status == 401), 1, "{log:?}");
}

#[test]
fn a_registry_that_takes_passwords_refuses_one_request_of_a_whole_run() {
    let registry = Registry::builder().account("robot", "s3cret").account("other", "s3cret").start();
    let proxy = Proxy::builder(registry.address()).start();
    let address = proxy.address();
    let folder = tempfile::tempdir().expect("a folder");
    let (source, expected) = layout(folder.path());
    let names = ["one/app:1", "two/app:1", "three/app:1"].map(|name| format!("{address}/{name}"));
    let copy = tool("image-promote").args(["copy", &source]).args(&names).args(["--tag", "latest"]);
    copy.env("DOCKER_AUTH_CONFIG", login(&address)).succeeds();
    let log = proxy.take_log();
    assert_eq!(count(&log, |passed| passed.status == 401), 1, "{log:?}");
    // An account of its own for each repository, so a line for each, and still one registry.
    let entry =
        |name: &str, user: &str| format!(r#""{address}/{name}":{{"username":"{user}","password":"s3cret"}}"#);
    let config = format!(r#"{{"auths":{{{},{}}}}}"#, entry("one", "robot"), entry("four", "other"));
    let to = format!("{address}/four/app:1");
    let copy = tool("image-promote").args(["copy", &names[0], &to]).env("DOCKER_AUTH_CONFIG", &config);
    assert_eq!(copy.succeeds().stdout().trim_end(), expected);
    let log = proxy.take_log();
    assert_eq!(count(&log, |passed| passed.status == 401), 1, "{log:?}");
}

#[test]
fn where_anybody_may_read_one_write_finds_out_that_it_takes_a_login() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app:1");
    let proxy = Proxy::builder(registry.address()).start();
    let address = proxy.address();
    let answer = testkit::Answer::error(401, "UNAUTHORIZED", "log in")
        .header("www-authenticate", testkit::HeaderValue::Text("Basic realm=\"x\"".into()));
    proxy.fault(Rule::matching("POST *", Fault::Answer(answer)).times(1));
    let (from, to) = (format!("{address}/app:1"), format!("{address}/copy:1"));
    let copy = tool("image-promote").args(["copy", &from, &to]);
    copy.env("DOCKER_AUTH_CONFIG", login(&address)).succeeds();
    let log = proxy.take_log();
    let bare = |passed: &Passed| ["POST", "PUT"].contains(&passed.method.as_str()) && !passed.authorized;
    assert_eq!(count(&log, bare), 1, "{log:?}");
    assert!(count(&log, |passed| passed.method == "POST" && passed.authorized) >= 4, "{log:?}");
}
