//! `index`.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Fault, Image, Proxy, Registry, Rule};

use super::crafted::{Crafted, of_platform};
use super::{assert_only_read, assert_refused, json_of, run};
use crate::skopeo::{push, push_layout, raw, skopeo};

/// A layout with an image for each of two platforms, each under a tag of its own.
fn singles() -> Crafted {
    let mut crafted = Crafted::new();
    for architecture in ["amd64", "arm64"] {
        let image = crafted.image(architecture, &json!({ "Cmd": [architecture] }), &["base", architecture]);
        crafted.tag(&image, architecture);
    }
    crafted
}

fn push_singles(crafted: &Crafted, registry: &str) {
    for architecture in ["amd64", "arm64"] {
        push_layout(crafted.path(), architecture, registry, &format!("app/ci:1-{architecture}"));
    }
}

fn index_at(reference: &str) -> Value {
    serde_json::from_str(&raw(reference)).expect("an index")
}

fn platforms(index: &Value) -> Vec<String> {
    let name = |entry: &Value| format!("{}/{}", entry["platform"]["os"], entry["platform"]["architecture"]);
    index["manifests"]
        .as_array()
        .expect("manifests")
        .iter()
        .map(|entry| name(entry).replace('"', ""))
        .collect()
}

/// skopeo finds every blob and manifest of it.
fn assert_complete(reference: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let to = format!("oci:{}:x", folder.path().display());
    skopeo(&["copy", "--all", "--quiet", "--preserve-digests", "--src-tls-verify=false", reference, &to]);
}

#[test]
fn images_of_one_registry_become_an_index_without_moving_a_layer() {
    let registry = Registry::start();
    push_singles(&singles(), registry.address());
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let at = |name: &str| format!("{}/app/{name}", proxy.address());
    let (amd, arm, to) = (at("ci:1-amd64"), at("ci:1-arm64"), at("release:1"));
    let output = run("index", &[&to, &amd, &arm, "--annotation", "b=2", "--annotation", "a=x=y"]).succeeds();
    let log = proxy.take_log();
    let read: Vec<_> =
        log.iter().filter(|passed| passed.method == "GET" && passed.target.contains("/blobs/")).collect();
    assert_eq!(read.len(), 2, "the configurations, for their platforms: {log:?}");
    let last = log.last().expect("a request");
    assert_eq!((last.method.as_str(), last.target.as_str()), ("PUT", "/v2/app/release/manifests/1"));
    let index = index_at(&format!("docker://{to}"));
    assert_eq!(platforms(&index), ["linux/amd64", "linux/arm64"]);
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(index["annotations"], json!({ "a": "x=y", "b": "2" }));
    assert_complete(&format!("docker://{to}"));
    let config = skopeo(&[
        "--override-arch",
        "arm64",
        "inspect",
        "--config",
        "--tls-verify=false",
        &format!("docker://{to}"),
    ]);
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["config"]["Cmd"], json!(["arm64"]));
    let digest = output.stdout().trim_end().to_owned();
    assert_eq!(run("digest", &[&to]).succeeds().stdout().trim_end(), digest);
}

#[test]
fn the_same_images_are_the_same_bytes_and_nothing_is_written_twice() {
    let crafted = singles();
    let registry = Registry::start();
    push_singles(&crafted, registry.address());
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let at = |name: &str| format!("{}/app/{name}", proxy.address());
    let once = run("index", &[&at("ci:1"), &at("ci:1-amd64"), &at("ci:1-arm64")]).succeeds();
    let written: Vec<_> = proxy.take_log().into_iter().filter(|passed| passed.method != "GET").collect();
    // Within one repository everything is there: the tag is asked for, each child, and one thing is written.
    assert_eq!(written.iter().filter(|passed| passed.method == "PUT").count(), 1, "{written:?}");
    let again =
        run("index", &[&at("ci:1"), &at("ci:1-amd64"), &at("ci:1-arm64"), "--format", "json"]).succeeds();
    assert_only_read(&proxy.take_log());
    let report = json_of(&again);
    assert_eq!(
        (&report["action"], &report["digest"]),
        (&json!("unchanged"), &json!(once.stdout().trim_end()))
    );
    let other = tempfile::tempdir().expect("a folder");
    let to = format!("oci:{}:1", other.path().join("new").display());
    let elsewhere = run("index", &[&to, &crafted.name("amd64"), &crafted.name("arm64")]).succeeds();
    assert_eq!(elsewhere.stdout(), once.stdout());
    let turned = run("index", &[&at("ci:turned"), &at("ci:1-arm64"), &at("ci:1-amd64")]).succeeds();
    assert_ne!(turned.stdout(), once.stdout());
}

#[test]
fn images_come_from_layouts_and_other_registries_too() {
    let crafted = singles();
    let (one, two) = (Registry::start(), Registry::start());
    push_singles(&crafted, one.address());
    let folder = tempfile::tempdir().expect("a folder");
    let layout = format!("oci:{}:1", folder.path().join("out").display());
    let remote = format!("{}/app/release:1", two.address());
    for to in [&layout, &remote] {
        let from = format!("{}/app/ci:1-amd64", one.address());
        let foreseen =
            run("index", &[to, &from, &crafted.name("arm64"), "--dry-run", "--format", "json"]).succeeds();
        let output = run("index", &[to, &from, &crafted.name("arm64"), "--format", "json"]).succeeds();
        let report = json_of(&output);
        assert_eq!(report["images"][0]["source"], json!(from));
        assert_eq!(report["images"][1]["platform"], "linux/arm64");
        // Two configurations, three layers; the second image has the common one there already.
        assert_eq!(
            (&report["moved"]["copied"], &report["moved"]["skipped"]),
            (&json!(5), &json!(1)),
            "{report}"
        );
        assert_eq!(report["moved"]["manifests"], 2);
        assert_eq!(json_of(&foreseen)["moved"], report["moved"]);
    }
    assert_complete(&layout);
    assert_complete(&format!("docker://{remote}"));
    assert_eq!(raw(&layout), raw(&format!("docker://{remote}")));
}

#[test]
fn an_index_of_one_image_is_flattened_with_or_without_its_attestations() {
    let mut crafted = singles();
    let arm = crafted.image("arm64", &json!({}), &["three"]);
    let mut entry = of_platform(&arm, "linux", "arm64");
    entry["platform"]["variant"] = json!("v8");
    entry["annotations"] = json!({ "kept": "yes" });
    let index = crafted.index(&[&entry, &crafted.attestation(&entry)], &json!({ "lost": "yes" }));
    crafted.tag(&index, "buildx");
    let folder = tempfile::tempdir().expect("a folder");
    let to = |tag: &str| format!("oci:{}:{tag}", folder.path().join("out").display());
    run("index", &[&to("keep"), &crafted.name("buildx"), &crafted.name("amd64")]).succeeds();
    let kept = index_at(&to("keep"));
    // Images first, whatever came with them.
    assert_eq!(platforms(&kept), ["linux/arm64", "linux/amd64", "unknown/unknown"]);
    assert_eq!(kept["manifests"][0], entry);
    assert_eq!(kept["manifests"][2]["annotations"]["vnd.docker.reference.digest"], arm["digest"]);
    assert_eq!(kept["annotations"], Value::Null);
    assert_complete(&to("keep"));
    let drop = run("index", &[&to("drop"), &crafted.name("buildx"), &crafted.name("amd64")]);
    drop.env("IMAGE_PROMOTE_ATTESTATIONS", "drop").succeeds();
    assert_eq!(platforms(&index_at(&to("drop"))), ["linux/arm64", "linux/amd64"]);
    assert_complete(&to("drop"));
}

#[test]
fn a_taken_tag_stays_unless_it_may_move_and_a_dry_run_writes_nothing() {
    let crafted = singles();
    let registry = Registry::start();
    push_singles(&crafted, registry.address());
    let old = push(&Image::new(), registry.address(), "app/ci:1");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let at = |tag: &str| format!("{}/app/ci:{tag}", proxy.address());
    let arguments = [at("1"), at("1-amd64"), at("1-arm64")];
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let refused = run("index", &arguments).fails(3);
    assert!(refused.stderr.contains(&old) && refused.stderr.contains("--move"), "{refused:?}");
    let dry = run("index", &arguments).args(["--move", "--dry-run", "--format", "json"]).succeeds();
    assert!(dry.stderr.contains("dry run") && dry.stderr.contains("would be moved"), "{dry:?}");
    assert_only_read(&proxy.take_log());
    let report = json_of(&dry);
    assert_eq!(report["dry_run"], json!(true));
    let moved = json_of(&run("index", &arguments).args(["--move", "--format", "json"]).succeeds());
    assert_eq!((&moved["action"], &moved["previous_digest"]), (&json!("moved"), &json!(old)));
    assert_eq!(moved["digest"], report["digest"]);
    let folder = tempfile::tempdir().expect("a folder");
    let layout = folder.path().join("out");
    let to = format!("oci:{}:1", layout.display());
    run("index", &[&to, arguments[1], "--dry-run"]).succeeds();
    assert!(!layout.exists());
}

#[test]
fn a_registry_that_says_it_has_what_it_has_not_gets_it_sent() {
    let crafted = singles();
    let registry = Registry::start();
    let lie = Rule::matching("HEAD */manifests/sha256:*", Fault::status(200));
    let proxy = Proxy::builder(registry.address()).fault(lie).start();
    let to = format!("{}/app/release:1", proxy.address());
    run("index", &[&to, &crafted.name("amd64"), &crafted.name("arm64")]).succeeds();
    assert_complete(&format!("docker://{}/app/release:1", registry.address()));
}

#[test]
fn images_in_the_format_of_docker_keep_it() {
    let registry = Registry::start();
    let address = registry.address();
    push(&Image::new(), address, "app/ci:1");
    let (from, to) = (format!("docker://{address}/app/ci:1"), format!("docker://{address}/app/ci:docker"));
    skopeo(&[
        "copy",
        "--quiet",
        "--format=v2s2",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &from,
        &to,
    ]);
    run("index", &[&format!("{address}/app/release:1"), &format!("{address}/app/ci:docker")]).succeeds();
    let to = format!("docker://{address}/app/release:1");
    let index = index_at(&to);
    assert_eq!(index["manifests"][0]["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    assert_complete(&to);
}

#[test]
fn what_is_no_image_of_one_platform_is_refused() {
    let mut crafted = singles();
    let entries: Vec<_> = ["amd64", "arm64"]
        .map(|name| of_platform(&crafted.image(name, &json!({}), &[name]), "linux", name))
        .into_iter()
        .collect();
    let several = crafted.index(&[&entries[0], &entries[1]], &json!({}));
    crafted.tag(&several, "several");
    let only_attested = crafted.index(&[&crafted.attestation(&entries[0])], &json!({}));
    crafted.tag(&only_attested, "attestation");
    let nested = crafted.index(&[&several], &json!({}));
    crafted.tag(&nested, "nested");
    let empty = crafted.blob("application/vnd.oci.empty.v1+json", b"{}");
    let artifact = crafted.manifest(&json!({ "config": empty, "layers": [empty] }));
    crafted.tag(&artifact, "artifact");
    let registry = Registry::start();
    let to = format!("{}/app:1", registry.address());
    let named = |tag: &str| crafted.name(tag);
    let (amd, variant) = (named("amd64"), named("several"));
    let bare = to.replace(":1", "");
    let digest = format!("{bare}@sha256:{}", "0".repeat(64));
    let both = format!("{amd} and {amd} are both for linux/amd64");
    assert_refused(
        "index",
        &[
            (&[&to, &amd, &named("arm64"), &amd], 2, &both),
            (&[&to, &variant], 2, "has 2 images: linux/amd64, linux/arm64"),
            (&[&to, &named("attestation")], 2, "holds no image"),
            (&[&to, &named("nested")], 2, "holds no image but application/vnd.oci.image.index"),
            (&[&to, &named("artifact")], 2, "is no image of a platform"),
            (&[&to, &named("absent")], 1, "there is no"),
            (&[&bare, &amd], 2, "has none"),
            (&[&digest, &amd], 2, "has a digest"),
            (&[&to, &bare], 2, "neither a tag nor a digest"),
            (&[&to], 2, "<SRC>"),
            (&[&to, &amd, "--annotation", "a"], 2, "expected KEY=VALUE"),
            (&[&to, &amd, "--annotation", "=b"], 2, "expected KEY=VALUE"),
            (&[&to, &amd, "--annotation", "a="], 2, "the variable is set"),
            (&[&to, &amd, "--annotation", "a=1", "--annotation", "a=2"], 2, "a is given twice"),
            (&[&to, &amd, "--attestations", "some"], 2, "--attestations"),
        ],
    );
    run("digest", &[&to]).fails(1);
}
