//! `diff`.

use std::time::Duration;

use serde_json::json;
use testkit::{File, Image, Proxy, Registry};

use super::crafted::{Crafted, of_platform};
use super::{assert_only_read, assert_refused, image, json_of, run};
use crate::skopeo::{push, skopeo};

#[test]
fn one_digest_is_one_image_wherever_it_is() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/ci:1");
    let folder = tempfile::tempdir().expect("a folder");
    let digest = image().write(folder.path(), "x").expect("a layout");
    let proxy = Proxy::start(registry.address(), Duration::ZERO);
    let (a, b) = (format!("{}/app/ci:1", proxy.address()), format!("oci:{}:x", folder.path().display()));
    let output = run("diff", &[&a, &b]).succeeds();
    assert_eq!(output.stdout(), "");
    assert!(output.stderr.contains("the same image") && output.stderr.contains(&digest), "{output:?}");
    let log = proxy.take_log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_only_read(&log);
    let report = json_of(&run("diff", &[&a, &b, "--format", "json"]).succeeds());
    assert_eq!(
        (&report["same"], &report["same_content"], &report["differences"]),
        (&json!(true), &json!(true), &json!([]))
    );
}

#[test]
fn what_differs_is_told_for_each_platform() {
    let registry = Registry::start();
    let address = registry.address();
    let other = Image::new().layer(vec![File::new("app/main.py", "print('bye')\n")]).config(json!({
        "Entrypoint": ["python"],
        "Env": ["PATH=/usr/bin"],
        "Labels": { "org.opencontainers.image.version": "1.5.0" },
    }));
    let (one, two) = (push(&image(), address, "app/ci:1"), push(&other, address, "app/ci:2"));
    let (a, b) = (format!("{address}/app/ci:1"), format!("{address}/app/ci:2"));
    let output = run("diff", &[&a, &b]).fails(3);
    for part in [
        format!("A  {a}  {one}\n"),
        format!("B  {b}  {two}\n"),
        "\nlinux/arm64 layer 2\n  A  sha256:".to_owned(),
        "\nlinux/amd64 env LANG\n  A  C.UTF-8\n  B  -\n".to_owned(),
        "\nlinux/amd64 label org.opencontainers.image.version\n  A  1.4.0\n  B  1.5.0\n".to_owned(),
    ] {
        assert!(output.stdout().contains(&part), "{part}\n---\n{}", output.stdout());
    }
    assert!(!output.stdout().contains("layer 1"), "{}", output.stdout());
    assert!(output.error()[0].ends_with("are different images"), "{output:?}");
    let report = json_of(&run("diff", &[&a, &b, "--format", "json"]).fails(3));
    assert_eq!((&report["same"], &report["same_content"]), (&json!(false), &json!(false)));
    assert_eq!(report["a"], json!({ "image": a, "digest": one }));
    let label = json!({
        "platform": "linux/arm64", "what": "label", "name": "org.opencontainers.image.version",
        "a": "1.4.0", "b": "1.5.0",
    });
    assert!(report["differences"].as_array().expect("a list").contains(&label), "{report}");
}

#[test]
fn what_another_tool_has_packed_anew_is_the_same_content() {
    let registry = Registry::start();
    let address = registry.address();
    push(&image(), address, "app/ci:1");
    let (from, to) = (format!("docker://{address}/app/ci:1"), format!("docker://{address}/app/ci:docker"));
    skopeo(&[
        "copy",
        "--all",
        "--quiet",
        "--format=v2s2",
        "--src-tls-verify=false",
        "--dest-tls-verify=false",
        &from,
        &to,
    ]);
    let (a, b) = (format!("{address}/app/ci:1"), format!("{address}/app/ci:docker"));
    let output = run("diff", &[&a, &b]).fails(3);
    assert!(output.error()[0].contains("the same content"), "{output:?}");
    assert!(
        output.stdout().contains("\nmedia type\n  A  application/vnd.oci.image.index.v1+json\n"),
        "{output:?}"
    );
    assert!(output.stdout().contains("\nlinux/amd64 media type\n"), "{}", output.stdout());
    let report = json_of(&run("diff", &[&a, &b, "--format", "json"]).fails(3));
    assert_eq!((&report["same"], &report["same_content"]), (&json!(false), &json!(true)));
}

#[test]
fn an_image_and_the_index_around_it_have_the_same_content() {
    let mut crafted = Crafted::new();
    let image = crafted.image("amd64", &json!({}), &["one"]);
    let entry = of_platform(&image, "linux", "amd64");
    let attestation = crafted.attestation(&entry);
    for (tag, entries) in [("plain", vec![&entry]), ("attested", vec![&entry, &attestation])] {
        let index = crafted.index(&entries, &json!({}));
        crafted.tag(&index, tag);
    }
    crafted.tag(&image, "image");
    let differences = |a: &str, b: &str| {
        let output = run("diff", &[&crafted.name(a), &crafted.name(b), "--format", "json"]).fails(3);
        let report = json_of(&output);
        assert_eq!(report["same_content"], json!(true), "{report}");
        let list = report["differences"].as_array().expect("a list").clone();
        list.iter()
            .map(|difference| difference["what"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(differences("image", "plain"), ["media type"]);
    assert_eq!(differences("plain", "attested"), ["attestations"]);
    assert_eq!(differences("attested", "image"), ["media type", "attestations"]);
}

#[test]
fn what_is_not_there_is_exit_code_1_and_bad_input_2() {
    let registry = Registry::start();
    let address = registry.address();
    push(&image(), address, "app/ci:1");
    let good = format!("{address}/app/ci:1");
    assert_refused(
        "diff",
        &[
            (&[&good, &format!("{address}/app/ci:2")], 1, "app/ci:2"),
            (&[&format!("{address}/nobody:1"), &good], 1, "nobody:1"),
            (&[&good, &format!("{address}/app/ci")], 2, "neither a tag nor a digest"),
            (&[&good], 2, "<B>"),
        ],
    );
}
