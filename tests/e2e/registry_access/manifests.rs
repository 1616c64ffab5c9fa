//! How manifests are asked for and sent: types, lengths.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use testkit::{Fault, Proxy, Registry, Rule, tool};

use crate::image_promote_read::crafted::{Crafted, sha256};
use crate::skopeo::skopeo;

const TYPES: [&str; 4] = [
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
];
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

fn copy(from: &str, to: &str) -> String {
    tool("image-promote").args(["copy", from, to]).succeeds().stdout().trim_end().to_owned()
}

#[test]
fn manifests_are_asked_for_with_all_types_in_one_header_and_sent_with_their_own() {
    let registry = Registry::start();
    let mut crafted = Crafted::new();
    let image = crafted.image("amd64", &json!({}), &["layer"]);
    let index = crafted.index(&[&image], &json!({}));
    crafted.tag(&index, "oci");
    // The field is optional in OCI's manifests: the type is then what came with them.
    let config = crafted.blob(CONFIG, b"{}");
    let untyped = json!({ "schemaVersion": 2, "config": config, "layers": [] });
    let untyped = crafted.blob(TYPES[3], untyped.to_string().as_bytes());
    crafted.tag(&untyped, "untyped");
    for (tag, format) in [("oci", "oci"), ("oci", "v2s2"), ("untyped", "oci")] {
        let to = format!("docker://{}/{tag}-{format}:1", registry.address());
        let from = crafted.name(tag);
        skopeo(&["copy", "--quiet", "--all", "--format", format, "--dest-tls-verify=false", &from, &to]);
    }
    let mut sent = BTreeSet::new();
    for name in ["oci-oci", "oci-v2s2", "untyped-oci"] {
        let proxy = Proxy::builder(registry.address()).start();
        if name == "untyped-oci" {
            // Some registries say more than the type.
            let said = Fault::ReplaceHeader("content-type", format!("{}; charset=utf-8", TYPES[3]));
            proxy.fault(Rule::matching("GET */manifests/*", said));
        }
        copy(&format!("{}/{name}:1", proxy.address()), &format!("{}/copy/{name}:1", proxy.address()));
        let log = proxy.take_log();
        let about_manifests = || log.iter().filter(|passed| passed.target.contains("/manifests/"));
        for passed in about_manifests().filter(|passed| passed.method != "PUT") {
            let [accept] = &passed.accept[..] else { panic!("one header: {passed:?}") };
            assert_eq!(accept.split(", ").collect::<BTreeSet<_>>(), BTreeSet::from(TYPES), "{passed:?}");
        }
        sent.extend(
            about_manifests()
                .filter(|passed| passed.method == "PUT")
                .map(|passed| passed.content_type.clone().unwrap_or_else(|| panic!("no type: {passed:?}"))),
        );
        assert!(registry.audit(&format!("copy/{name}"), "1").is_ok_and(|digest| digest.is_some()), "{name}");
    }
    assert_eq!(sent, TYPES.map(str::to_owned).into());
}

#[test]
fn manifests_are_long_where_they_have_to_be() {
    let registries = [Registry::start(), Registry::start()];
    let mut crafted = Crafted::new();
    let config = crafted.blob(CONFIG, b"{}");
    let manifest = |length: usize| {
        let padded = |padding: usize| {
            let annotations = json!({ "org.example.padding": "x".repeat(padding) });
            json!({ "config": config, "layers": [], "annotations": annotations })
        };
        let least = crafted.manifest(&padded(0))["size"].as_u64().expect("a size");
        crafted.manifest(&padded(length - usize::try_from(least).expect("a length")))
    };
    // What the specification wants every registry to take, and more, which only some do.
    let (common, long) = (manifest(4 << 20), manifest(9 << 20));
    assert_eq!(common["size"], json!(4 << 20));
    crafted.tag(&common, "common");
    crafted.tag(&long, "long");
    let out = tempfile::tempdir().expect("a folder");
    let layout = |tag: &str| format!("oci:{}:{tag}", out.path().join("out").display());
    let [one, two] = registries.each_ref().map(|registry| format!("{}/app:1", registry.address()));
    for (from, to) in [(&crafted.name("common"), &one), (&one, &two), (&two, &layout("common"))] {
        assert_eq!(json!(copy(from, to)), common["digest"], "{to}");
    }
    assert_eq!(json!(copy(&crafted.name("long"), &layout("long"))), long["digest"]);
    for descriptor in [&common, &long] {
        let hex =
            descriptor["digest"].as_str().and_then(|digest| digest.split(':').nth(1)).expect("a digest");
        let bytes = fs::read(out.path().join("out/blobs/sha256").join(hex)).expect("a manifest");
        assert_eq!(sha256(&bytes), hex);
    }
    let refused = tool("image-promote").args(["copy", &crafted.name("long"), &one, "--move"]).fails(1);
    assert!(refused.error()[0].contains("cannot write"), "{refused:?}");
    assert_eq!(json!(registries[0].audit("app", "1").expect("an image")), common["digest"]);
}
