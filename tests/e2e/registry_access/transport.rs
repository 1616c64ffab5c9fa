//! The way to a registry: certificates, proxies, IPv6, where uploads go, what servers say besides.

use std::fs;
use std::net::TcpListener;

use testkit::{Answer, Fault, HeaderValue, Proxy, Registry, Rule, Tokens, Tunnel, tool};

use super::{digest, image, layout, login};
use crate::skopeo::{push, raw, skopeo};

#[test]
fn a_registry_that_asks_for_a_certificate_gets_it() {
    let registry = Registry::builder().client_certificates().start();
    let stranger = Registry::builder().client_certificates().start();
    let folder = tempfile::tempdir().expect("a folder");
    let (source, expected) = layout(folder.path());
    let to = format!("{}/app:1", registry.address());
    let authority = registry.authority().display().to_string();
    let copy = |arguments: &[&str]| {
        tool("image-promote").args(["copy", &source, &to, "--ca-cert", &authority]).args(arguments)
    };
    let files = |registry: &Registry| {
        let files = registry.client_certificate();
        (files.certificate.display().to_string(), files.key.display().to_string())
    };
    let ((certificate, key), (other, other_key)) = (files(&registry), files(&stranger));
    let nobody = copy(&[]).fails(1);
    assert!(nobody.error()[1].contains("--client-cert"), "{nobody:?}");
    let unknown = copy(&["--client-cert", &other, "--client-key", &other_key]).fails(1);
    assert!(unknown.error()[1].contains("--client-cert"), "{unknown:?}");
    let known = copy(&["--client-cert", &certificate, "--client-key", &key]).succeeds();
    assert_eq!(known.stdout().trim_end(), expected);
    // One file with both, and by the environment.
    let both = folder.path().join("both.pem");
    let text = [&certificate, &key].map(|file| fs::read_to_string(file).expect("a file")).concat();
    fs::write(&both, text).expect("a file");
    let read = || digest(&to).env("IMAGE_PROMOTE_CA_CERT", &authority);
    assert_eq!(read().env("IMAGE_PROMOTE_CLIENT_CERT", &both).succeeds().stdout().trim_end(), expected);
    let two = read().env("IMAGE_PROMOTE_CLIENT_CERT", &certificate).env("IMAGE_PROMOTE_CLIENT_KEY", &key);
    assert_eq!(two.succeeds().stdout().trim_end(), expected);
    // skopeo gets in the same way, and reads what we wrote.
    let certificates = folder.path().join("certificates");
    fs::create_dir(&certificates).expect("a folder");
    for (file, name) in [(&authority, "ca.crt"), (&certificate, "client.cert"), (&key, "client.key")] {
        fs::copy(file, certificates.join(name)).expect("a file");
    }
    let certificates = certificates.display().to_string();
    skopeo(&["inspect", "--raw", "--cert-dir", &certificates, &format!("docker://{to}")]);
    let rows: [(&[&str], &str); 5] = [
        (&["--client-cert", &certificate], "no private key"),
        (&["--client-cert", &key], "no certificate"),
        (&["--client-cert", &certificate, "--client-key", &other_key], "client certificate"),
        (&["--client-cert", "no/such/file"], "no/such/file"),
        (&["--client-key", &key], "--client-cert"),
    ];
    for (arguments, reason) in rows {
        let output = copy(arguments).fails(2);
        assert!(output.error()[0].contains(reason), "{arguments:?}: {output:?}");
    }
}

#[test]
fn proxies_are_used_but_not_for_the_hosts_of_no_proxy() {
    let secure = Registry::builder().tls().start();
    let tunnel = Tunnel::start(secure.address());
    let authority = secure.authority().display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let (source, _) = layout(folder.path());
    let run = |host: &str, variable: &str, without: &str| {
        let copy = tool("image-promote").args(["copy", &source, &format!("{host}/app:1")]);
        let copy = copy.args(["--ca-cert", &authority, "--timeout", "1"]);
        let output = copy.env(variable, tunnel.url()).env("NO_PROXY", without).run();
        (output.code, !tunnel.take_hosts().is_empty())
    };
    let name = "registry.example";
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        assert_eq!(run(name, variable, "localhost,127.0.0.1,.example.com"), (Some(0), true), "{variable}");
    }
    // Nobody has this name but the proxy, and nobody at all this address (RFC 5737).
    let address = "192.0.2.7";
    for (host, without) in [
        (name, "registry.example"),
        (name, ".example"),
        (name, "*"),
        (name, "localhost, registry.example"),
        (address, "192.0.2.0/24"),
        (address, "*"),
    ] {
        assert_eq!(run(host, "HTTPS_PROXY", without), (Some(1), false), "{host} {without}");
    }
    // This machine needs none.
    let near = Registry::start();
    let expected = push(&image(), near.address(), "app:1");
    let reference = format!("{}/app:1", near.address());
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let job = digest(&reference).env(variable, "http://proxy.invalid:3128");
        assert_eq!(job.succeeds().stdout().trim_end(), expected, "{variable}");
    }
    let wrong = digest(&reference).env("HTTPS_PROXY", "http://bob:s3cret@:x").fails(2);
    assert!(wrong.error()[0].contains("HTTPS_PROXY") && !wrong.stderr.contains("s3cret"), "{wrong:?}");
    // Nobody listens at port 1, which is the proxy's fault and not the registry's.
    let dead = digest("registry.example/app:1").args(["--timeout", "1"]);
    let dead = dead.env("HTTPS_PROXY", "http://bob:s3cret@127.0.0.1:1").fails(1);
    for part in ["through the proxy http://127.0.0.1:1 (HTTPS_PROXY)", "NO_PROXY=registry.example"] {
        assert!(dead.stderr.contains(part) && !dead.stderr.contains("s3cret"), "{dead:?}");
    }
}

#[test]
fn a_registry_may_be_an_ipv6_address() {
    if TcpListener::bind("[::1]:0").is_err() {
        testkit::skipped("this machine has no IPv6 loopback");
        return;
    }
    let registry = Registry::builder().ipv6().account("robot", "s3cret").start();
    assert!(registry.address().starts_with("[::1]:"));
    let folder = tempfile::tempdir().expect("a folder");
    let (source, expected) = layout(folder.path());
    let to = format!("{}/team/app:1", registry.address());
    let config = login(registry.address());
    let copy = tool("image-promote").args(["copy", &source, &to]).env("DOCKER_AUTH_CONFIG", &config);
    assert_eq!(copy.succeeds().stdout().trim_end(), expected);
    let read = digest(&to).env("DOCKER_AUTH_CONFIG", &config).succeeds();
    assert_eq!(read.stdout().trim_end(), expected);
}

#[test]
fn an_upload_may_go_to_another_server_but_our_authorization_does_not() {
    let registry = Registry::start();
    let tokens = Tokens::new().account("robot", "s3cret");
    let proxy = Proxy::builder(registry.address()).tokens(tokens).start();
    let storage = Proxy::builder(registry.address()).start();
    let folder = tempfile::tempdir().expect("a folder");
    let (source, expected) = layout(folder.path());
    let to = format!("{}/app:1", proxy.address());
    let copy = || {
        tool("image-promote").args(["copy", &source, &to]).env("DOCKER_AUTH_CONFIG", login(&proxy.address()))
    };
    for address in ["10.0.0.7", "169.254.169.254:80", "[fd00::7]:5000"] {
        proxy.fault(Rule::matching("POST /v2/*", Fault::LocationAt(address.into())));
        let refused = copy().fails(1);
        assert!(refused.error()[0].contains("a private address of another host"), "{refused:?}");
        proxy.heal();
    }
    proxy.fault(Rule::matching("POST /v2/*", Fault::LocationAt(storage.address())));
    copy().succeeds();
    let log = storage.take_log();
    assert!(
        !log.is_empty() && log.iter().all(|passed| passed.method == "PUT" && !passed.authorized),
        "{log:?}"
    );
    assert_eq!(registry.audit("app", "1"), Ok(Some(expected)));
}

#[test]
fn who_follows_a_redirect_leaves_the_authorization_behind() {
    let registry = Registry::start();
    let expected = push(&image(), registry.address(), "app:1");
    let tokens = Tokens::new().account("robot", "s3cret");
    let proxy = Proxy::builder(registry.address()).tokens(tokens).start();
    let mirror = Proxy::builder(registry.address()).start();
    for status in [301, 302, 307, 308] {
        let location = format!("http://{}/v2/app/manifests/1", mirror.address());
        let answer = Answer::status(status).header("location", HeaderValue::Text(location));
        // The one behind the 401.
        proxy.fault(Rule::matching("HEAD *", Fault::Answer(answer)).from(2));
        let read = digest(&format!("{}/app:1", proxy.address()));
        let read = read.env("DOCKER_AUTH_CONFIG", login(&proxy.address())).succeeds();
        assert_eq!(read.stdout().trim_end(), expected, "{status}");
        let (sent, log) = (proxy.take_log(), mirror.take_log());
        assert!(sent.iter().any(|passed| passed.authorized && passed.status == status), "{sent:?}");
        assert!(log.len() == 1 && !log[0].authorized, "{status}: {log:?}");
        proxy.heal();
    }
}

#[test]
fn what_a_registry_warns_of_is_shown_once() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app:1");
    let proxy = Proxy::builder(registry.address()).start();
    let warning = |text: &str| Fault::AddHeader("warning", text.into());
    proxy.fault(Rule::matching("*", warning("299 - \"app moves to team/app\"")));
    proxy.fault(Rule::matching("*", warning("110 - \"stale\"")));
    let (from, to) = (format!("{}/app:1", proxy.address()), format!("{}/copy:1", proxy.address()));
    let output = tool("image-promote").args(["copy", &from, &to]).succeeds();
    let text = format!("{} warns: app moves to team/app", proxy.address());
    assert_eq!(output.stderr.matches(&text).count(), 1, "{output:?}");
    assert!(!output.stderr.contains("stale"), "{output:?}");
    raw(&format!("docker://{}/copy:1", registry.address()));
}

#[test]
fn a_403_says_what_it_may_mean() {
    let registry = Registry::start();
    let proxy = Proxy::builder(registry.address()).start();
    let expired = "Your authorization token has expired. Reauthenticate and try again.";
    for (message, hint) in [(expired, "has expired; log in again"), ("", "that the tag exists")] {
        proxy.heal();
        proxy.fault(Rule::matching("*", Fault::error(403, "DENIED", message)));
        let output = tool("image-promote").args(["inspect", &format!("{}/app:1", proxy.address())]).fails(1);
        assert!(output.error()[1].contains(hint), "{output:?}");
    }
}

#[test]
fn a_certificate_that_nobody_trusts_is_looked_at_once() {
    let (registry, stranger) = (Registry::builder().tls().start(), Registry::builder().tls().start());
    let job = digest(&format!("{}/app:1", registry.address()));
    let refused = job.arg("--ca-cert").arg(stranger.authority()).fails(1);
    assert!(refused.stderr.contains("got no answer: invalid peer certificate"), "{refused:?}");
    assert!(refused.error()[1].contains("--ca-cert"), "{refused:?}");
}
