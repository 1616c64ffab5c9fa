//! `image-promote` as its users run it: against Debian's docker-registry, with skopeo as the judge.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{File, Image, Output, Proxy, Registry, tool};

use crate::skopeo::{push, raw, skopeo};

/// A multi-platform image like those of the pipeline: a layer per platform, two shared ones.
fn image() -> Image {
    Image::new()
        .layer(vec![File::new("app/main.py", "print('hello')\n")])
        .layer(vec![File::new("app/data", vec![7; 300_000])])
        .config(json!({ "Cmd": ["python", "app/main.py"] }))
}

fn copy(source: &str, destination: &str) -> testkit::Tool {
    tool("image-promote").args(["copy", source, destination])
}

fn digest_of(output: &Output) -> &str {
    output.stdout().trim_end()
}

/// Every platform is there, under the same digests, with the blobs readable.
fn assert_same_image(one: &str, other: &str) {
    assert_eq!(raw(one), raw(other));
    let index: Value = serde_json::from_str(&raw(other)).expect("an index");
    let platforms = index["manifests"].as_array().expect("manifests");
    assert_eq!(platforms.len(), 2);
    for platform in platforms {
        let architecture = platform["platform"]["architecture"].as_str().expect("an architecture");
        let config = |reference: &str| {
            skopeo(&["--override-arch", architecture, "inspect", "--config", "--tls-verify=false", reference])
        };
        assert_eq!(config(one), config(other), "{architecture}");
    }
}

#[test]
fn within_a_registry_every_platform_arrives_under_the_same_digest_without_moving_a_layer() {
    let registry = Registry::start();
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let digest = push(&image(), registry.address(), "team/app/ci:027c3e98");
    let address = proxy.address();
    let (from, to) = (format!("{address}/team/app/ci:027c3e98"), format!("{address}/team/app/release:1.4.0"));
    let output = copy(&from, &to).succeeds();
    assert_eq!(digest_of(&output), digest);
    let log = proxy.take_log();
    let (one, other) = (format!("docker://{}", from), format!("docker://{}", to));
    assert_same_image(&one, &other);
    assert!(log.iter().all(|passed| !passed.target.contains("/blobs/sha256:")), "no blob is read: {log:?}");
    // A GET for the image, HEADs for its tag and its digest, two children read and written, six mounts, the tag: no more.
    assert_eq!(log.len(), 3 + 2 + 6 + 2 + 1, "{log:?}");
    let last = log.last().expect("a request");
    assert_eq!((last.method.as_str(), last.target.as_str()), ("PUT", "/v2/team/app/release/manifests/1.4.0"));
}

#[test]
fn the_same_digest_again_writes_nothing() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/ci:1");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let (from, to) = (format!("{}/app/ci:1", proxy.address()), format!("{}/app/release:1", proxy.address()));
    copy(&from, &to).succeeds();
    proxy.take_log();
    let output = copy(&from, &to).args(["--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    let tags = &report["destinations"][0]["tags"];
    assert_eq!((&report["schema"], tags), (&json!(1), &json!([{ "tag": "1", "action": "unchanged" }])));
    let log = proxy.take_log();
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())), "{log:?}");
}

#[test]
fn a_taken_tag_stays_unless_it_may_move() {
    let registry = Registry::start();
    let address = registry.address();
    let old = push(&Image::new().layer(vec![File::new("old", "x")]), address, "app/release:1");
    let new = push(&image(), address, "app/ci:1");
    let (from, to) = (format!("{address}/app/ci:1"), format!("{address}/app/release:1"));
    let refused = copy(&from, &to).fails(3);
    for part in [&old, &new, &"--move".to_owned()] {
        assert!(refused.stderr.contains(part.as_str()), "{refused:?}");
    }
    assert_eq!(digest_of(&copy(&to, &format!("{address}/app/kept:1")).succeeds()), old);
    let moved = copy(&from, &to).args(["--move", "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(moved.stdout()).expect("JSON");
    let tags = &report["destinations"][0]["tags"];
    assert_eq!(tags, &json!([{ "tag": "1", "action": "moved", "previous_digest": old }]));
    assert_same_image(&format!("docker://{from}"), &format!("docker://{to}"));
}

#[test]
fn an_image_travels_through_layouts_and_registries_unchanged() {
    let (one, two) = (Registry::start(), Registry::start());
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let digest = push(&image(), one.address(), "app/ci:1");
    let stations = [
        format!("{}/app/ci:1", one.address()),
        format!("oci:{}:a", at("first")),
        format!("oci:{}:b", at("second/deep")),
        format!("docker://{}/other/release:1", two.address()),
        format!("{}/other/again:1", one.address()),
        format!("oci:{}:c", at("first")),
    ];
    for leg in stations.windows(2) {
        let output = copy(&leg[0], &leg[1]).succeeds();
        assert_eq!(digest_of(&output), digest, "{leg:?}");
    }
    let as_skopeo = |station: &str| match station.strip_prefix("docker://") {
        None if !station.starts_with("oci:") => format!("docker://{station}"),
        _ => station.to_owned(),
    };
    for station in &stations[1..] {
        assert_same_image(&as_skopeo(&stations[0]), &as_skopeo(station));
    }
    let back = copy(&stations[1], &stations[3].replace("release:1", "release:2"))
        .args(["--format", "json"])
        .succeeds();
    let report: Value = serde_json::from_str(back.stdout()).expect("JSON");
    let blobs = report["destinations"][0]["blobs"].as_object().expect("numbers");
    assert!(blobs.len() == 6 && blobs.values().all(|number| number == 0), "{report}");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/ci:1");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let folder = tempfile::tempdir().expect("a folder");
    let layout = folder.path().join("layout");
    for to in [format!("{}/app/release:1", proxy.address()), format!("oci:{}:1", layout.display())] {
        let output = copy(&format!("{}/app/ci:1", proxy.address()), &to).arg("--dry-run").succeeds();
        assert!(output.stderr.contains("dry run") && output.stderr.contains("6 "), "{output:?}");
    }
    let log = proxy.take_log();
    assert!(log.iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())), "{log:?}");
    assert!(!layout.exists());
}

#[test]
fn a_spoiled_blob_never_gets_a_tag() {
    let folder = tempfile::tempdir().expect("a folder");
    let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
    image().write(&bad, "1").expect("a layout");
    let blobs = bad.join("blobs/sha256");
    let largest = std::fs::read_dir(&blobs).expect("blobs").map(|entry| entry.expect("an entry").path());
    let largest = largest.max_by_key(|path| path.metadata().map_or(0, |known| known.len())).expect("a blob");
    let mut bytes = std::fs::read(&largest).expect("bytes");
    bytes[20] ^= 1;
    std::fs::write(&largest, bytes).expect("spoiled");
    let registry = Registry::start();
    for to in [format!("oci:{}:1", good.display()), format!("{}/app:1", registry.address())] {
        let output = copy(&format!("oci:{}:1", bad.display()), &to).fails(1);
        assert!(output.error()[0].contains("is spoiled"), "{output:?}");
        let absent = copy(&to, &format!("oci:{}:2", good.display())).fails(1);
        assert!(absent.error()[0].contains("there is no"), "{absent:?}");
    }
}

#[test]
fn bad_input_and_absent_images_have_their_own_message() {
    let registry = Registry::start();
    let address = registry.address().to_owned();
    push(&image(), &address, "app/ci:1");
    let folder = tempfile::tempdir().expect("a folder");
    let existing = folder.path().display().to_string();
    std::fs::write(Path::new(&existing).join("notes.txt"), "mine").expect("a file");
    let spoiled = folder.path().join("spoiled");
    image().write(&spoiled, "1").expect("a layout");
    std::fs::write(spoiled.join("index.json"), "{").expect("a file");
    let spoiled = spoiled.display().to_string();
    let from = format!("{address}/app/ci:1");
    let table = [
        (format!("{address}/App/ci:1"), format!("{address}/x:1"), 2, "upper-case"),
        (from.clone(), format!("{address}/app/release"), 2, "has none"),
        (from.clone(), format!("{address}/app/release@sha256:{}", "0".repeat(64)), 2, "has a digest"),
        (format!("{address}/app/ci"), format!("{address}/x:1"), 2, "neither a tag nor a digest"),
        (format!("https://{address}/app/ci:1"), format!("{address}/x:1"), 2, "without a scheme"),
        (format!("{address}/app/ci:2"), format!("{address}/x:1"), 1, "there is no"),
        (format!("{address}/nobody/ci:1"), format!("{address}/x:1"), 1, "there is no"),
        (format!("oci:{existing}:1"), format!("{address}/x:1"), 2, "no OCI image layout"),
        (format!("oci:{existing}/none:1"), format!("{address}/x:1"), 2, "no such directory"),
        (from.clone(), format!("oci:{existing}:1"), 2, "no OCI image layout"),
        (from.clone(), format!("oci:{existing}:1"), 2, "a new or empty one"),
        (format!("oci:{spoiled}:1"), format!("{address}/x:1"), 2, "copy its images anew"),
        (String::new(), format!("{address}/x:1"), 2, "the variable is set"),
        (format!("{address}/app/ci:"), format!("{address}/x:1"), 2, "the variable is set"),
        // To skopeo these are no images of Docker Hub.
        (from.clone(), "dir:out".into(), 2, "oci:DIR:TAG and registries are"),
        (from.clone(), "dir:out".into(), 2, "docker.io/library/dir:out"),
        ("docker-archive:app.tar".into(), format!("{address}/x:1"), 2, "the transport docker-archive:"),
        ("docker-daemon:app:3".into(), format!("{address}/x:1"), 2, "the transport docker-daemon:"),
    ];
    for (source, destination, code, part) in table {
        let output = copy(&source, &destination).fails(code);
        assert!(output.error().join("\n").contains(part), "{source} {destination}: {output:?}");
        assert_eq!(output.error().len(), 2, "a hint says what to do next: {output:?}");
    }
    drop(registry);
    let gone = copy(&from, &format!("{address}/x:1")).env("IMAGE_PROMOTE_TIMEOUT", "1").fails(1);
    assert!(gone.error()[0].contains("refused") && gone.error()[0].contains(&address), "{gone:?}");
}
