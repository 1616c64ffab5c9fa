//! Whatever an image may consist of arrives, byte for byte: mounted, sent to another registry, to a directory and back.

use serde_json::{Value, json};
use testkit::Registry;

use super::copy;
use super::inventory::Inventory;
use super::reader::Reader;
use crate::image_promote_read::crafted::{Crafted, of_platform};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A layer that may be had from its publisher only.
fn foreign(media_type: &str) -> Value {
    let digest = format!("sha256:{}", "f".repeat(64));
    json!({ "mediaType": media_type, "digest": digest, "size": 99, "urls": ["https://publisher.example/layer"] })
}

fn docker_image(crafted: &Crafted, name: &str, more_layers: &[Value]) -> Value {
    let config =
        json!({ "architecture": name, "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] } });
    let config =
        crafted.blob("application/vnd.docker.container.image.v1+json", config.to_string().as_bytes());
    let layer =
        |content: &str| crafted.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", content.as_bytes());
    let layers = [&[layer("shared by all"), layer(name)], more_layers].concat();
    let manifest =
        json!({ "schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": layers });
    // Docker writes its manifests over several lines.
    crafted.blob(DOCKER_MANIFEST, serde_json::to_string_pretty(&manifest).expect("JSON").as_bytes())
}

fn docker_list(crafted: &Crafted) -> Value {
    let entry = |name: &str| of_platform(&docker_image(crafted, name, &[]), "linux", name);
    let list = json!({ "schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [entry("amd64"), entry("arm64")] });
    crafted.blob(DOCKER_LIST, list.to_string().as_bytes())
}

fn with_attestations(crafted: &Crafted) -> Value {
    let entry = |name: &str| of_platform(&crafted.image(name, &json!({}), &["base", name]), "linux", name);
    let (one, other) = (entry("amd64"), entry("arm64"));
    let (about_one, about_other) = (crafted.attestation(&one), crafted.attestation(&other));
    crafted.index(&[&one, &other, &about_one, &about_other], &json!({ "org.example.built-by": "buildx" }))
}

/// An index of indexes, where an image and an index stand in two places.
fn nested(crafted: &Crafted) -> Value {
    let image = of_platform(&crafted.image("riscv64", &json!({}), &["nested"]), "linux", "riscv64");
    let inner = crafted.index(&[&image], &json!({ "level": "inner" }));
    let (images, list) = (with_attestations(crafted), docker_list(crafted));
    let outer = crafted.index(&[&inner, &images], &json!({ "level": "outer" }));
    crafted.index(&[&outer, &inner, &image, &list], &json!({}))
}

fn foreign_layers(crafted: &Crafted) -> Value {
    let docker = docker_image(
        crafted,
        "windows",
        &[foreign("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")],
    );
    let config = crafted.blob("application/vnd.oci.image.config.v1+json", b"{\"os\":\"windows\"}");
    let own = crafted.blob("application/vnd.oci.image.layer.v1.tar", b"own");
    let elsewhere = foreign("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip");
    let oci = crafted.manifest(&json!({ "config": config, "layers": [elsewhere, own] }));
    crafted.index(&[&docker, &oci], &json!({}))
}

fn artifact(crafted: &Crafted) -> Value {
    let subject = crafted.image("amd64", &json!({}), &["subject"]);
    let config = crafted.blob(EMPTY, b"{}");
    let layer = crafted.blob("application/spdx+json", b"{\"spdxVersion\":\"SPDX-2.3\"}");
    crafted.manifest(&json!({
        "artifactType": "application/spdx+json", "config": config, "layers": [layer], "subject": subject,
        "annotations": { "org.opencontainers.image.created": "2026-01-02T03:04:05Z" },
    }))
}

fn empty_artifact(crafted: &Crafted) -> Value {
    let mut empty = crafted.blob(EMPTY, b"{}");
    empty["data"] = json!("e30=");
    crafted.manifest(
        &json!({ "artifactType": "application/vnd.example.mark", "config": empty, "layers": [empty] }),
    )
}

/// Layers compressed in other ways, one twice, and one without a byte.
fn odd_layers(crafted: &Crafted) -> Value {
    let config = crafted.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let zstd =
        crafted.blob("application/vnd.oci.image.layer.v1.tar+zstd", b"\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00");
    let plain = crafted.blob("application/vnd.oci.image.layer.v1.tar", &[0; 1024]);
    let nothing = crafted.blob("application/vnd.example.unknown", b"");
    crafted.manifest(&json!({ "config": config, "layers": [zstd, plain, plain, nothing] }))
}

/// Manifests as no library of ours would write them.
fn odd_bytes(crafted: &Crafted) -> Value {
    let config = crafted.blob("application/vnd.oci.image.config.v1+json", b" {\n} ");
    let manifest = format!(
        "\n{{ \"layers\" :[ ] ,\t\"x-unknown\": [1.50, 1e2, null, {{\"b\":1,\"a\":2}}],\r\n \
         \"config\": {config}, \"annotations\": {{\"z\": \"\\u00fc\\/\", \"a\": \"\"}}, \
         \"mediaType\" : \"{OCI_MANIFEST}\", \"schemaVersion\":2 }}\n\n"
    );
    let mut entry = crafted.blob(OCI_MANIFEST, manifest.as_bytes());
    entry["x-field"] = json!("of some other tool");
    let index = format!(
        "{{\n   \"manifests\": [\n {entry} ],\n\"subjects\": 0, \"mediaType\": \"{OCI_INDEX}\", \"schemaVersion\" : 2}}\n"
    );
    crafted.blob(OCI_INDEX, index.as_bytes())
}

#[test]
fn everything_an_image_may_consist_of_arrives_byte_for_byte() {
    let mut crafted = Crafted::new();
    let kinds: [(&str, Value); 9] = [
        ("docker-image", docker_image(&crafted, "amd64", &[])),
        ("docker-list", docker_list(&crafted)),
        ("attestations", with_attestations(&crafted)),
        ("nested", nested(&crafted)),
        ("foreign-layers", foreign_layers(&crafted)),
        ("artifact", artifact(&crafted)),
        ("empty-artifact", empty_artifact(&crafted)),
        ("odd-layers", odd_layers(&crafted)),
        ("odd-bytes", odd_bytes(&crafted)),
    ];
    for (kind, descriptor) in &kinds {
        crafted.tag(descriptor, kind);
    }
    let (one, two, reader) = (Registry::start(), Registry::start(), Reader::new());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    for (kind, _) in &kinds {
        let expected = Inventory::of_layout(crafted.path(), kind);
        let stations = [
            crafted.name(kind),
            format!("{}/{kind}/ci:1", one.address()),
            format!("{}/{kind}/release:1", one.address()),
            format!("{}/mirror/{kind}:1", two.address()),
            format!("oci:{}:{kind}", out.display()),
        ];
        for leg in stations.windows(2) {
            let output = copy(&leg[0], &leg[1]).args(["--format", "json"]).succeeds();
            let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
            assert_eq!(report["digest"], json!(expected.root), "{kind}");
            let is_mount = leg[0].starts_with(one.address()) && leg[1].starts_with(one.address());
            let mounted = if is_mount { expected.blobs.len() } else { 0 };
            assert_eq!(report["destinations"][0]["blobs"]["mounted"], json!(mounted), "{kind}: {report}");
        }
        for station in &stations[1..4] {
            assert_eq!(reader.read(station), expected, "{kind} at {station}");
        }
        assert_eq!(Inventory::of_layout(&out, kind), expected, "{kind} in the directory");
    }
}
