//! `inspect`.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Fault, Proxy, Registry, Rule};

use super::crafted::{Crafted, of_platform};
use super::{assert_only_read, assert_refused, image, json_of, run};
use crate::skopeo::{push, push_layout, raw, skopeo};

#[test]
fn an_image_is_told_as_skopeo_tells_it() {
    let registry = Registry::start();
    let digest = push(&image(), registry.address(), "app/ci:1");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let name = format!("{}/app/ci:1", proxy.address());
    let report = json_of(&run("inspect", &[&name, "--format", "json"]).succeeds());
    let log = proxy.take_log();
    assert_only_read(&log);
    // The index, two manifests, two configurations, and two ways to ask for referrers: this registry keeps no list.
    assert_eq!(log.len(), 7, "{log:?}");
    assert_eq!((&report["image"], &report["digest"]), (&json!(name), &json!(digest)));
    assert_eq!((&report["attestations"], &report["referrers"]), (&json!([]), &json!([])));
    let images = report["images"].as_array().expect("images");
    assert_eq!(images.len(), 2);
    for image in images {
        let architecture =
            image["platform"].as_str().and_then(|name| name.strip_prefix("linux/")).expect("a platform");
        let skopeo = |more: &str| -> Value {
            let reference = format!("docker://{name}");
            let words = ["--override-arch", architecture, "inspect", more, "--tls-verify=false", &reference];
            serde_json::from_str(&skopeo(&words)).expect("JSON")
        };
        let (config, judged) = (skopeo("--config"), skopeo("--no-tags"));
        assert_eq!(image["configuration"]["created"], config["created"]);
        for (ours, theirs) in [
            ("entrypoint", "Entrypoint"),
            ("cmd", "Cmd"),
            ("env", "Env"),
            ("user", "User"),
            ("working_dir", "WorkingDir"),
            ("labels", "Labels"),
        ] {
            assert_eq!(image["configuration"][ours], config["config"][theirs], "{ours}");
        }
        assert_eq!(image["configuration"]["ports"], json!(["8080/tcp"]));
        assert_eq!(image["configuration"]["healthcheck"]["interval_ms"], 30_000);
        let layers: Vec<_> =
            image["layers"].as_array().expect("layers").iter().map(|l| &l["digest"]).collect();
        assert_eq!(json!(layers), judged["Layers"]);
        let of_layers: u64 =
            image["layers"].as_array().expect("layers").iter().filter_map(|l| l["size"].as_u64()).sum();
        let config = image["config"]["size"].as_u64().expect("a size");
        assert_eq!(image["size"], of_layers + config);
    }
}

#[test]
fn people_read_what_platforms_share_once() {
    let registry = Registry::start();
    let digest = push(&image(), registry.address(), "app/ci:1");
    let name = format!("{}/app/ci:1", registry.address());
    let output = run("inspect", &[&name]).succeeds();
    let text = output.stdout();
    for part in [
        format!("image       {name}\n"),
        format!("digest      {digest}\n"),
        "PLATFORM     DIGEST".to_owned(),
        "\nlinux/amd64  sha256:".to_owned(),
        "\nlinux/amd64, linux/arm64\n".to_owned(),
        r#"  cmd          ["app/main.py", "--port 8080"]"#.to_owned(),
        r#"  healthcheck  ["CMD", "true"], every 30 s"#.to_owned(),
        "  label        org.opencontainers.image.version=1.4.0\n".to_owned(),
    ] {
        assert!(text.contains(&part), "{part}\n---\n{text}");
    }
    assert_eq!(text.matches("entrypoint").count(), 1, "{text}");
    assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
}

#[test]
fn raw_is_the_manifest_byte_for_byte_and_one_request() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/ci:1");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let name = format!("{}/app/ci:1", proxy.address());
    let output = run("inspect", &[&name, "--raw"]).env("IMAGE_PROMOTE_FORMAT", "json").succeeds();
    assert_eq!(proxy.take_log().len(), 1);
    assert_eq!(output.stdout(), raw(&format!("docker://{name}")));
}

/// A layout with an index of two platforms, one attested, and a signature of the index.
fn attested() -> (Crafted, String) {
    let mut crafted = Crafted::new();
    let config = json!({ "Env": null, "Labels": { "evil": "\u{1b}[31mred\n" } });
    let amd = of_platform(&crafted.image("amd64", &config, &["one", "two"]), "linux", "amd64");
    let arm = of_platform(&crafted.image("arm64", &json!({ "User": "arm" }), &["one"]), "linux", "arm64");
    let attestation = crafted.attestation(&amd);
    let index =
        crafted.index(&[&amd, &arm, &attestation], &json!({ "org.opencontainers.image.title": "app" }));
    crafted.tag(&index, "1");
    let empty = crafted.blob("application/vnd.oci.empty.v1+json", b"{}");
    let signature = crafted.manifest(&json!({
        "artifactType": "application/vnd.example.signature",
        "config": empty, "layers": [empty], "subject": index, "annotations": { "by": "somebody" },
    }));
    crafted.tag(&signature, "signature");
    let digest = index["digest"].as_str().expect("a digest").to_owned();
    (crafted, digest)
}

#[test]
fn attestations_and_referrers_are_not_taken_for_platforms() {
    let (crafted, digest) = attested();
    let registry = Registry::start();
    push_layout(crafted.path(), "1", registry.address(), "app/ci:1");
    let remote = format!("{}/app/ci:1", registry.address());
    for name in [crafted.name("1"), remote.clone()] {
        let report = json_of(&run("inspect", &[&name, "--format", "json"]).succeeds());
        assert_eq!(report["digest"], json!(digest), "{name}");
        assert_eq!(report["annotations"], json!({ "org.opencontainers.image.title": "app" }));
        let images = report["images"].as_array().expect("images");
        let platforms: Vec<_> = images.iter().map(|image| &image["platform"]).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
        let [attestation] = &report["attestations"].as_array().expect("attestations")[..] else {
            panic!("{report}")
        };
        assert_eq!(attestation["subject"], images[0]["digest"]);
        assert_eq!(attestation["platform"], "linux/amd64");
        assert_eq!(attestation["predicates"], json!(["https://slsa.dev/provenance/v1"]));
        let expected = if name == remote { 0 } else { 1 };
        assert_eq!(report["referrers"].as_array().expect("referrers").len(), expected, "{name}");
    }
    let text = run("inspect", &[&crafted.name("1")]).succeeds();
    for part in [
        "annotation  org.opencontainers.image.title=app\n",
        "label  evil=\\u{1b}[31mred\\n\n",
        "\nATTESTATIONS\n  linux/amd64  sha256:",
        "https://slsa.dev/provenance/v1\n",
        "\nREFERRERS\n  application/vnd.example.signature  sha256:",
        "by=somebody\n",
    ] {
        assert!(text.stdout().contains(part), "{part}\n---\n{}", text.stdout());
    }
}

#[test]
fn an_artifact_is_told_without_a_configuration() {
    let (crafted, _) = attested();
    let report = json_of(&run("inspect", &[&crafted.name("signature"), "--format", "json"]).succeeds());
    assert_eq!(report["artifact_type"], "application/vnd.example.signature");
    let [artifact] = &report["images"].as_array().expect("images")[..] else { panic!("{report}") };
    assert_eq!((&artifact["platform"], &artifact["configuration"]), (&Value::Null, &Value::Null));
    assert_eq!(artifact["size"], 4);
}

#[test]
fn a_registry_that_cannot_list_referrers_is_no_error() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/ci:1");
    let denied = Fault::error(403, "DENIED", "no list for you");
    let proxy = Proxy::builder(registry.address()).fault(Rule::matching("GET */referrers/*", denied)).start();
    let name = format!("{}/app/ci:1", proxy.address());
    let report = json_of(&run("inspect", &[&name, "--format", "json"]).succeeds());
    assert_eq!(report["referrers"], Value::Null);
    assert!(report["referrers_problem"].as_str().expect("a problem").contains("no list for you"), "{report}");
    let text = run("inspect", &[&name]).succeeds();
    assert!(text.stdout().contains("\nREFERRERS\n  unknown: cannot list"), "{text:?}");
}

#[test]
fn what_is_not_there_is_exit_code_1_and_bad_input_2() {
    let registry = Registry::start();
    let address = registry.address();
    let mut crafted = Crafted::new();
    let no_config = crafted.manifest(&json!({
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": format!("sha256:{}", "0".repeat(64)), "size": 5,
        },
        "layers": [],
    }));
    crafted.tag(&no_config, "no-config");
    let nonsense = crafted.blob("application/vnd.oci.image.config.v1+json", b"[5]");
    let spoiled = crafted.manifest(&json!({ "config": nonsense, "layers": [] }));
    crafted.tag(&spoiled, "spoiled");
    assert_refused(
        "inspect",
        &[
            (&[&format!("{address}/app/ci:2")], 1, "there is no"),
            (&[&crafted.name("absent")], 1, "there is no"),
            (&[&crafted.name("absent"), "--raw"], 1, "there is no"),
            (&[&crafted.name("no-config")], 1, "is missing, and the image is not complete"),
            (&[&format!("{address}/app/ci")], 2, "neither a tag nor a digest"),
            (&[], 2, "<REF>"),
        ],
    );
    let output = run("inspect", &[&crafted.name("spoiled")]).fails(1);
    assert!(output.error()[0].contains("its configuration cannot be read"), "{output:?}");
}
