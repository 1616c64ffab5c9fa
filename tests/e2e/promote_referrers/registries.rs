//! Between repositories of registries: one without a list of referrers, one with, and GitLab's.

use serde_json::json;
use testkit::{Passed, Proxy, Referrers, Registry};

use super::http;
use super::stand::{INDEX, SOURCE, Scheme, Stand, copy, delivered, digest, tag_of};
use crate::skopeo::raw;

const NATIVE: Referrers = Referrers::Native { page: 1, filters: true };
const TO: &str = "team/app/release";

fn writes(log: &[Passed]) -> Vec<&Passed> {
    log.iter().filter(|passed| !["GET", "HEAD"].contains(&passed.method.as_str())).collect()
}

/// Which of the requests puts a manifest under this reference?
fn put(log: &[Passed], repository: &str, reference: &str) -> Option<usize> {
    let target = format!("/v2/{repository}/manifests/{reference}");
    log.iter().position(|passed| passed.method == "PUT" && passed.target == target)
}

#[test]
fn what_is_about_an_image_arrives_before_its_tag_whoever_keeps_the_list() {
    let stand = Stand::new();
    for (scheme, referrers) in [(Scheme::Tag, None), (Scheme::Native, Some(NATIVE))] {
        let registry = Registry::start();
        let proxy = Proxy::builder(registry.address()).referrers(referrers).start();
        let address = proxy.address();
        stand.push(&address, scheme);
        proxy.take_log();
        let (from, to) = (format!("{address}/{SOURCE}:1"), format!("{address}/{TO}:1"));
        let output = copy(&from, &to).args(["--format", "json"]).succeeds();
        let log = proxy.take_log();
        // The signature, cosign's two, the mark, the bill, and its signature.
        assert_eq!(delivered(&output), [6, 0, 3, 0], "{scheme:?}");
        let image = put(&log, TO, "1").expect("a tag");
        assert_eq!(image, log.len() - 1, "the tag comes last: {log:?}");
        let bill = put(&log, TO, digest(&stand.bill)).expect("a bill");
        let about = put(&log, TO, digest(&stand.countersignature)).expect("a signature");
        assert!(about < bill, "what is about something comes before it: {log:?}");
        let list = put(&log, TO, &tag_of(&stand.index, ""));
        assert_eq!(list.is_some(), scheme == Scheme::Tag, "{log:?}");
        for (tag, artifact) in stand.tags() {
            assert_eq!(
                raw(&format!("docker://{address}/{TO}:{tag}")).into_bytes(),
                stand.bytes(artifact),
                "skopeo reads {tag}"
            );
        }
        let lists = log.iter().filter(|passed| passed.target.contains("/tags/list"));
        assert_eq!(lists.count(), 2, "one list of tags each: {log:?}");
        // Again: nothing to do, and nothing is written.
        let again = copy(&from, &to).args(["--format", "json"]).succeeds();
        assert_eq!(delivered(&again), [0, 6, 0, 0], "{scheme:?}");
        assert_eq!(writes(&proxy.take_log()), Vec::<&Passed>::new());
    }
}

#[test]
fn from_either_way_of_keeping_the_list_to_the_other() {
    let stand = Stand::new();
    let rows = [(Scheme::Tag, Scheme::Native), (Scheme::Native, Scheme::Tag)];
    for (source, target) in rows {
        let registries = (Registry::start(), Registry::start());
        let all = Referrers::Native { page: 100, filters: false };
        let start = |registry: &Registry, scheme| match scheme {
            Scheme::Native => Proxy::builder(registry.address()).referrers(all).start(),
            Scheme::Tag => Proxy::builder(registry.address()).start(),
        };
        let (one, two) = (start(&registries.0, source), start(&registries.1, target));
        stand.push(&one.address(), source);
        let (from, to) = (format!("{}/{SOURCE}:1", one.address()), format!("{}/{TO}:1", two.address()));
        let dry = copy(&from, &to).args(["--dry-run", "--format", "json"]).succeeds();
        assert_eq!(delivered(&dry), [6, 0, 3, 0]);
        assert!(dry.stderr.contains("dry run: ") && dry.stderr.contains("referrers 6 to copy"), "{dry:?}");
        assert_eq!(writes(&two.take_log()), Vec::<&Passed>::new());
        let output = copy(&from, &to).args(["--format", "json"]).succeeds();
        assert_eq!(delivered(&output), [6, 0, 3, 0]);
        assert_eq!(stand.is_all_in(&two.address(), TO, target), Ok(()), "{source:?} to {target:?}");
        assert_eq!(registries.1.audit(TO, "1"), Ok(Some(digest(&stand.index).to_owned())));
    }
}

#[test]
fn where_the_referrers_tag_is_the_image_itself_that_is_said_and_the_image_arrives() {
    let stand = Stand::new();
    let (source, target) = (Registry::start(), Registry::start());
    stand.push(source.address(), Scheme::Tag);
    let gitlab = Proxy::builder(target.address()).referrers(Referrers::TagIsDigest).start();
    let address = gitlab.address();
    let (from, to) = (format!("{}/{SOURCE}:1", source.address()), format!("{address}/{TO}:1"));
    let output = copy(&from, &to).args(["--format", "json"]).succeeds();
    assert_eq!(delivered(&output), [6, 0, 3, 4]);
    assert!(output.stderr.contains("leads to the image itself"), "{output:?}");
    assert_eq!(target.audit(TO, "1"), Ok(Some(digest(&stand.index).to_owned())));
    let tags = http::json(&address, &format!("/v2/{TO}/tags/list")).expect("tags");
    let mut expected: Vec<_> = stand.tags().into_iter().map(|(tag, _)| tag).collect();
    expected.push("1".to_owned());
    expected.sort();
    let mut found: Vec<_> = tags["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .map(|tag| tag.as_str().expect("a tag").to_owned())
        .collect();
    found.sort();
    assert_eq!(found, expected, "no list was written under a tag that cannot hold one");
    // From there: what has a tag is found, and nothing takes the image for a list.
    let next = format!("{address}/team/app/next:1");
    let output = copy(&to, &next).args(["--format", "json"]).succeeds();
    assert_eq!(delivered(&output), [3, 0, 3, 1]);
}

#[test]
fn of_a_part_of_the_platforms_only_what_is_about_that_part_comes_along() {
    let stand = Stand::new();
    let registry = Registry::start();
    let address = registry.address();
    stand.push(address, Scheme::Tag);
    let (from, to) = (format!("{address}/{SOURCE}:1"), format!("{address}/{TO}:1"));
    let output = copy(&from, &to).args(["--platform", "linux/amd64", "--format", "json"]).succeeds();
    assert_eq!(delivered(&output), [3, 0, 1, 0]);
    assert!(output.stderr.contains("about another digest"), "{output:?}");
    assert_eq!(stand.is_in(address, TO, &tag_of(&stand.amd, ".att"), &stand.attestation), Ok(()));
    assert_eq!(stand.is_in(address, TO, digest(&stand.countersignature), &stand.countersignature), Ok(()));
    let index = http::get(address, &format!("/v2/{TO}/manifests/{}", tag_of(&stand.index, ".sig")));
    assert!(index.is_none());
}

#[test]
fn lists_that_are_wrong_are_told_of_and_do_no_harm() {
    let stand = Stand::new();
    let registry = Registry::start();
    let address = registry.address();
    stand.push(address, Scheme::Tag);
    let empty = stand.crafted.blob("application/vnd.oci.empty.v1+json", b"{}");
    let gone = stand.crafted.manifest(&json!({ "config": empty, "layers": [], "subject": stand.index }));
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let tag = tag_of(&stand.index, "");
    // Both lists name what was deleted since; the source's also names what is about nothing.
    for (repository, entries) in [(SOURCE, vec![&gone, &stand.cosign, &stand.signature]), (TO, vec![&gone])] {
        http::put_blob(address, repository, digest(&empty), b"{}");
        http::put_manifest(address, repository, digest(&gone), kind, &stand.bytes(&gone));
        let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries }).to_string();
        http::put_manifest(address, repository, &tag, INDEX, list.as_bytes());
        let target = format!("DELETE /v2/{repository}/manifests/{}", digest(&gone));
        assert_eq!(http::send(address, &target, "text/plain", b"").status, 202);
    }
    let (from, to) = (format!("{address}/{SOURCE}:1"), format!("{address}/{TO}:1"));
    let output = copy(&from, &to).args(["--format", "json"]).succeeds();
    assert!(output.stderr.contains("is listed and is not there"), "{output:?}");
    assert!(output.stderr.contains("is listed as a referrer of"), "{output:?}");
    assert_eq!(delivered(&output), [6, 0, 3, 0]);
    assert_eq!(stand.is_all_in(address, TO, Scheme::Tag), Ok(()));
}

#[test]
fn oras_finds_what_was_copied() {
    if std::process::Command::new("oras").arg("version").output().is_err() {
        testkit::skipped("there is no oras on PATH to read what was copied");
        return;
    }
    let stand = Stand::new();
    for (scheme, referrers) in [(Scheme::Tag, None), (Scheme::Native, Some(NATIVE))] {
        let registry = Registry::start();
        let proxy = Proxy::builder(registry.address()).referrers(referrers).start();
        let address = proxy.address();
        stand.push(&address, scheme);
        let to = format!("{address}/{TO}:1");
        copy(&format!("{address}/{SOURCE}:1"), &to).succeeds();
        let output = std::process::Command::new("oras")
            .args(["discover", "--plain-http", "--format", "json", &to])
            .output()
            .expect("oras runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for referrer in [&stand.signature, &stand.mark] {
            assert!(text.contains(digest(referrer)), "{scheme:?}: {text} {output:?}");
        }
    }
}
