//! Tags about an image that lead elsewhere at the destination.

use serde_json::Value;
use testkit::{Proxy, Registry, tool};

use super::http;
use super::stand::{SOURCE, Scheme, Stand, copy, digest, tag_of};

const TO: &str = "team/app/release";

#[test]
fn signatures_of_others_are_not_taken_away_unless_they_may_be() {
    let stand = Stand::new();
    let registry = Registry::start();
    stand.push(registry.address(), Scheme::Tag);
    let proxy = Proxy::builder(registry.address()).start();
    let address = proxy.address();
    let (from, to) = (format!("{address}/{SOURCE}:1"), format!("{address}/{TO}:1"));
    copy(&from, &to).succeeds();
    // Somebody has signed at the destination since.
    let tag = tag_of(&stand.index, ".sig");
    let kind = "application/vnd.oci.image.manifest.v1+json";
    http::put_manifest(&address, TO, &tag, kind, &stand.bytes(&stand.attestation));
    proxy.take_log();
    for more in [&[] as &[&str], &["--move-aliases"], &["--dry-run"]] {
        let other = format!("{address}/{TO}:2");
        let refused = copy(&from, &other).args(more).fails(3);
        for part in
            [&tag[..], digest(&stand.attestation), digest(&stand.cosign), "nothing was written", "--move"]
        {
            assert!(refused.stderr.contains(part), "{part}: {refused:?}");
        }
    }
    let log = proxy.take_log();
    assert!(log.iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())), "{log:?}");
    copy(&from, &to).arg("--move").succeeds();
    assert_eq!(stand.is_in(&address, TO, &tag, &stand.cosign), Ok(()));
}

#[test]
fn inspect_shows_the_tags_about_an_image() {
    let stand = Stand::new();
    let registry = Registry::start();
    stand.push(registry.address(), Scheme::Tag);
    let name = format!("{}/{SOURCE}:1", registry.address());
    let output = tool("image-promote").args(["inspect", &name, "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    let mut tags: Vec<_> = report["attached_tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| (tag["suffix"].as_str().expect("a suffix"), tag["digest"].as_str().expect("a digest")))
        .collect();
    tags.sort_unstable();
    assert_eq!(tags, [("sig", digest(&stand.cosign)), ("tested", digest(&stand.mark))]);
    assert_eq!(report["referrers"].as_array().expect("referrers").len(), 2);
    let text = tool("image-promote").args(["inspect", &name]).succeeds();
    assert!(
        text.stdout().contains(&format!("\nTAGS ABOUT IT\n  sig     {}", digest(&stand.cosign))),
        "{text:?}"
    );
}
