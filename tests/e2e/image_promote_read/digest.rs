//! `digest`.

use std::time::Duration;

use testkit::{Fault, Proxy, Registry, Rule};

use super::{assert_only_read, assert_refused, image, json_of, run};
use crate::skopeo::{push, skopeo};

#[test]
fn a_tag_costs_one_request() {
    let registry = Registry::start();
    let digest = push(&image(), registry.address(), "app/ci:1");
    let judged = skopeo(&[
        "inspect",
        "--format={{.Digest}}",
        "--tls-verify=false",
        &format!("docker://{}/app/ci:1", registry.address()),
    ]);
    assert_eq!(judged.trim_end(), digest);
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let name = format!("{}/app/ci:1", proxy.address());
    for name in [name.clone(), format!("{name}@{digest}"), name.replace(":1", &format!("@{digest}"))] {
        assert_eq!(run("digest", &[&name]).succeeds().stdout(), format!("{digest}\n"), "{name}");
        let log = proxy.take_log();
        assert_eq!(log.len(), 1, "{name}: {log:?}");
        assert_eq!(log[0].method, "HEAD", "{name}");
    }
    let report = json_of(&run("digest", &[&name, "--format", "json"]).succeeds());
    assert_eq!((&report["image"], &report["digest"]), (&name.into(), &digest.into()));
}

#[test]
fn a_registry_that_sends_no_digest_is_asked_for_the_manifest() {
    let registry = Registry::start();
    let digest = push(&image(), registry.address(), "app/ci:1");
    let rule = Rule::matching("*", Fault::RemoveHeader("docker-content-digest"));
    let proxy = Proxy::builder(registry.address()).fault(rule).start();
    let output = run("digest", &[&format!("{}/app/ci:1", proxy.address())]).succeeds();
    assert_eq!(output.stdout(), format!("{digest}\n"));
    let log = proxy.take_log();
    assert_eq!(log.len(), 2, "{log:?}");
    assert_only_read(&log);
}

#[test]
fn a_layout_has_digests_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let digest = image().write(folder.path(), "1").expect("a layout");
    let name = format!("oci:{}", folder.path().display());
    for name in [format!("{name}:1"), format!("{name}@{digest}")] {
        assert_eq!(run("digest", &[&name]).succeeds().stdout(), format!("{digest}\n"));
    }
}

#[test]
fn what_is_not_there_is_exit_code_1_and_bad_input_2() {
    let registry = Registry::start();
    let address = registry.address();
    push(&image(), address, "app/ci:1");
    let folder = tempfile::tempdir().expect("a folder");
    image().write(&folder.path().join("layout"), "1").expect("a layout");
    let layout = format!("oci:{}", folder.path().join("layout").display());
    let zeros = format!("sha256:{}", "0".repeat(64));
    assert_refused(
        "digest",
        &[
            (&[&format!("{address}/app/ci:2")], 1, &format!("there is no {address}/app/ci:2")),
            (&[&format!("{address}/nobody:1")], 1, "there is no"),
            (&[&format!("{address}/app/ci@{zeros}")], 1, &zeros),
            (&[&format!("{layout}:2")], 1, "there is no"),
            (&[&format!("{layout}@{zeros}")], 1, "there is no"),
            (&[&format!("{layout}-none:1")], 2, "no such directory"),
            (&[&format!("{address}/app/ci")], 2, "neither a tag nor a digest"),
            (&[&format!("{address}/App:1")], 2, "upper-case"),
            (&[], 2, "<REF>"),
        ],
    );
}

#[test]
fn a_registry_that_refuses_is_not_a_missing_image() {
    let registry = Registry::start();
    let fault = Fault::error(403, "DENIED", "requested access to the resource is denied");
    let proxy = Proxy::builder(registry.address()).fault(Rule::matching("*", fault)).start();
    let output = run("digest", &[&format!("{}/app/ci:1", proxy.address())]).fails(1);
    assert!(output.error()[0].contains("403") && !output.stderr.contains("there is no"), "{output:?}");
}
