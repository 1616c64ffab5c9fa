//! The launched registries, with skopeo as the client.

use std::fs;
use std::process::Command;

use testkit::{File, Image, Registry, Tunnel};

/// Runs skopeo, and says what it complains of.
fn skopeo(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("skopeo").args(arguments).output().expect("skopeo is installed");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn push(address: &str, more: &[&str]) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    Image::new().layer(vec![File::new("a", "b")]).write(folder.path(), "1").expect("a layout");
    let (from, to) = (format!("oci:{}:1", folder.path().display()), format!("docker://{address}/app:1"));
    skopeo(&[&["copy", "--all", "--quiet", &from, &to], more].concat())
}

#[test]
fn tls_is_trusted_by_who_knows_the_authority() {
    let registry = Registry::builder().tls().start();
    let (trusting, empty) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    fs::copy(registry.authority(), trusting.path().join("ca.crt")).expect("a copy");
    let folder = |folder: &tempfile::TempDir| format!("--dest-cert-dir={}", folder.path().display());
    for address in [registry.address().to_owned(), format!("localhost:{}", registry.port())] {
        assert_eq!(push(&address, &[&folder(&trusting)]), Ok(()));
        let refused = push(&address, &[&folder(&empty)]).unwrap_err();
        assert!(refused.contains("certificate"), "{refused}");
    }
}

#[test]
fn a_client_certificate_opens_what_nothing_else_does() {
    let registry = Registry::builder().client_certificates().start();
    let folder = tempfile::tempdir().expect("a folder");
    let option = format!("--dest-cert-dir={}", folder.path().display());
    fs::copy(registry.authority(), folder.path().join("ca.crt")).expect("a copy");
    assert!(push(registry.address(), &[&option]).is_err());
    let client = registry.client_certificate();
    fs::copy(&client.certificate, folder.path().join("client.cert")).expect("a copy");
    fs::copy(&client.key, folder.path().join("client.key")).expect("a copy");
    assert_eq!(push(registry.address(), &[&option]), Ok(()));
}

#[test]
fn accounts_are_asked_for() {
    let registry = Registry::builder().account("robot", "testing").account("other", "secret").start();
    let plain = "--dest-tls-verify=false";
    for (user, works) in [("robot:testing", true), ("other:secret", true), ("robot:secret", false)] {
        let user = format!("--dest-creds={user}");
        assert_eq!(push(registry.address(), &[plain, &user]).is_ok(), works, "{user}");
    }
    assert!(push(registry.address(), &[plain]).is_err());
}

#[test]
fn what_a_registry_does_not_allow() {
    let plain = "--dest-tls-verify=false";
    assert!(push(Registry::builder().read_only().start().address(), &[plain]).is_err());
    for (registry, works) in
        [(Registry::start(), true), (Registry::builder().without_deletion().start(), false)]
    {
        push(registry.address(), &[plain]).expect("an image");
        let image = format!("docker://{}/app:1", registry.address());
        assert_eq!(skopeo(&["delete", "--tls-verify=false", &image]).is_ok(), works);
        assert_eq!(registry.audit("app", "1").map(|digest| digest.is_none()), Ok(works));
    }
}

#[test]
fn the_audit_misses_what_is_not_in_the_repository() {
    let registry = Registry::builder().relative_locations().start();
    push(registry.address(), &["--dest-tls-verify=false"]).expect("an image");
    assert_eq!(registry.audit("app", "2"), Ok(None));
    assert!(registry.audit("app", "1").is_ok_and(|digest| digest.is_some()));
    let raw = Command::new("skopeo")
        .args(["inspect", "--raw", "--tls-verify=false", &format!("docker://{}/app:1", registry.address())])
        .output()
        .expect("skopeo is installed");
    let index = String::from_utf8(raw.stdout).expect("an index");
    let child = index.split("sha256:").nth(1).map(|rest| format!("sha256:{}", &rest[..64])).expect("a child");
    let image = format!("docker://{}/app@{child}", registry.address());
    skopeo(&["delete", "--tls-verify=false", &image]).expect("the child is gone");
    let missing = registry.audit("app", "1").unwrap_err();
    assert!(missing.contains(&child) && missing.contains("missing"), "{missing}");
}

#[test]
fn a_tunnel_gives_a_registry_a_name_of_its_own() {
    let registry = Registry::builder().tls().start();
    let tunnel = Tunnel::start(registry.address());
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(registry.authority(), folder.path().join("ca.crt")).expect("a copy");
    let option = format!("cert-dir={}", folder.path().display());
    assert_eq!(push(registry.address(), &[&format!("--dest-{option}")]), Ok(()));
    let output = Command::new("skopeo")
        .args(["list-tags", &format!("--{option}"), "docker://registry.example/app"])
        .env("HTTPS_PROXY", tunnel.url())
        .output()
        .expect("skopeo is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let hosts = tunnel.take_hosts();
    assert!(!hosts.is_empty() && hosts.iter().all(|host| host == "registry.example:443"), "{hosts:?}");
}
