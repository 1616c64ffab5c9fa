//! `image-promote copy` with several destinations, tags and platforms.

use std::time::Duration;

use serde_json::Value;
use testkit::{File, Image, Proxy, Registry, Tool, Tunnel, tool};

use crate::skopeo::{push, raw};

fn image(content: &str) -> Image {
    Image::new().layer(vec![File::new("app/main.py", content)])
}

fn copy<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Tool {
    tool("image-promote").arg("copy").args(arguments)
}

fn digest_at(registry: &str, name: &str) -> Option<String> {
    let output = tool("image-promote").args(["digest", &format!("{registry}/{name}")]).run();
    (output.code == Some(0)).then(|| output.stdout().trim_end().to_owned())
}

#[test]
fn one_call_gives_all_tags_in_all_repositories() {
    let registry = Registry::start();
    let address = registry.address();
    let digest = push(&image("1"), address, "app/ci:027c3e98");
    let folder = tempfile::tempdir().expect("a folder");
    let layout = format!("oci:{}", folder.path().join("out").display());
    let (from, one, two) = (
        format!("{address}/app/ci:027c3e98"),
        format!("{address}/app/release:1.4.3"),
        format!("{address}/mirror/app:1.4.3"),
    );
    let tags = ["--tag", "1.4", "--tag", "1", "--tag", "latest"];
    let output = copy([from.as_str(), &one, &two, &layout]).args(tags).args(["--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    let counts: Vec<_> =
        report["destinations"].as_array().expect("a list").iter().map(|leg| &leg["blobs"]).collect();
    let moved =
        |name: &str| -> Vec<_> { counts.iter().map(|counts| counts[name].as_u64().unwrap()).collect() };
    assert_eq!(moved("mounted"), [5, 5, 0], "{report}");
    assert_eq!(moved("copied"), [0, 0, 5], "{report}");
    assert_eq!(moved("skipped"), [0, 0, 0], "{report}");
    let bytes = moved("bytes_copied")[2];
    assert_eq!((moved("bytes_mounted"), bytes > 0), (vec![bytes, bytes, 0], true), "{report}");
    for repository in ["app/release", "mirror/app"] {
        for tag in ["1.4.3", "1.4", "1", "latest"] {
            assert_eq!(
                digest_at(address, &format!("{repository}:{tag}")).as_ref(),
                Some(&digest),
                "{repository}:{tag}"
            );
        }
    }
    for tag in ["1.4", "1", "latest"] {
        assert_eq!(raw(&format!("{layout}:{tag}")), raw(&format!("docker://{from}")));
    }
    let again = copy([from.as_str(), &one, &two, &layout]).args(tags).succeeds();
    assert_eq!(again.stderr.matches("nothing was written").count(), 4 + 4 + 3, "{again:?}");
}

#[test]
fn when_one_tag_may_not_move_nothing_is_written_anywhere() {
    let registry = Registry::start();
    let address = registry.address();
    let old = push(&image("old"), address, "app/release:1.4.3");
    let new = push(&image("new"), address, "app/ci:2");
    push(&image("old"), address, "app/release:latest");
    let proxy = Proxy::start(address, Duration::ZERO);
    let at = |name: &str| format!("{}/{name}", proxy.address());
    let (from, full, fresh) = (at("app/ci:2"), at("app/release:1.4.3"), at("app/other:1"));
    let refused = copy([from.as_str(), &fresh, &full]).args(["--tag", "latest"]).fails(3);
    for part in ["release:1.4.3", "release:latest", old.as_str(), new.as_str(), "--move-aliases"] {
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    let still = copy([from.as_str(), &full, &fresh]).args(["--tag", "latest", "--move-aliases"]).fails(3);
    assert!(!still.error()[0].contains("latest"), "an alias is not in the way: {still:?}");
    assert!(proxy.take_log().iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())));
    let fix = at("app/release:1.4.4");
    copy([from.as_str(), &fix]).args(["--tag", "latest", "--move-aliases"]).succeeds();
    assert_eq!(digest_at(address, "app/release:latest").as_ref(), Some(&new));
    assert_eq!(digest_at(address, "app/release:1.4.3").as_ref(), Some(&old));
    copy([from.as_str(), &full]).arg("--move").succeeds();
    assert_eq!(digest_at(address, "app/release:1.4.3").as_ref(), Some(&new));
}

#[test]
fn a_platform_is_an_image_of_its_own_and_several_are_an_index() {
    let registry = Registry::start();
    let address = registry.address();
    push(&image("1"), address, "app/ci:1");
    let index: Value = serde_json::from_str(&raw(&format!("docker://{address}/app/ci:1"))).expect("an index");
    let arm = index["manifests"][1]["digest"].as_str().expect("a digest").to_owned();
    let (from, to) = (format!("{address}/app/ci:1"), format!("{address}/app/arm:1"));
    let one = copy([from.as_str(), &to]).args(["--platform", "linux/arm64"]).succeeds();
    assert_eq!(one.stdout().trim_end(), arm);
    let both = format!("{address}/app/both:1");
    let all = copy([from.as_str(), &both]).args(["--platform", "linux/arm64,linux/amd64"]).succeeds();
    let subset: Value = serde_json::from_str(&raw(&format!("docker://{both}"))).expect("an index");
    assert_eq!(subset["manifests"], index["manifests"], "{all:?}");
    let absent = copy([from.as_str(), &to]).args(["--platform", "linux/s390x"]).fails(1);
    assert!(absent.stderr.contains("it has linux/amd64, linux/arm64"), "{absent:?}");
    let single = copy([to.as_str(), &both]).args(["--platform", "linux/arm64"]).fails(2);
    assert!(single.error()[0].contains("no index"), "{single:?}");
    let wrong = copy([from.as_str(), &to]).args(["--platform", "arm64"]).fails(2);
    assert!(wrong.error()[0].contains("OS/ARCH"), "{wrong:?}");
}

#[test]
fn registries_speak_tls_with_an_authority_of_their_own_and_passwords() {
    let registry = Registry::builder().tls().account("robot", "s3cret").start();
    let authority = registry.authority().display().to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let layout = folder.path().join("in");
    let digest = image("1").write(&layout, "1").expect("a layout");
    let from = format!("oci:{}:1", layout.display());
    let to = format!("{}/app:1", registry.address());
    let unknown = copy([from.as_str(), &to]).env("IMAGE_PROMOTE_TIMEOUT", "3").fails(1);
    assert!(!unknown.stderr.contains("s3cret"), "{unknown:?}");
    let nobody = copy([from.as_str(), &to]).args(["--ca-cert", &authority]).fails(1);
    assert!(nobody.stderr.contains("wants a login") && nobody.stderr.contains("docker login"), "{nobody:?}");
    let login = |password: &str| {
        copy([from.as_str(), &to])
            .args(["--ca-cert", &authority, "-v"])
            .env("CI_REGISTRY", registry.address())
            .env("CI_REGISTRY_USER", "robot")
            .env("CI_REGISTRY_PASSWORD", password)
    };
    let wrong = login("wr0ng").fails(1);
    assert!(wrong.stderr.contains("CI_REGISTRY_USER") && !wrong.stderr.contains("wr0ng"), "{wrong:?}");
    let right = login("s3cret").succeeds();
    assert_eq!(right.stdout().trim_end(), digest);
    assert!(right.stderr.contains("CI_REGISTRY_USER") && !right.stderr.contains("s3cret"), "{right:?}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_also_through_a_proxy() {
    let registry = Registry::builder().tls().start();
    let tunnel = Tunnel::start(registry.address());
    let folder = tempfile::tempdir().expect("a folder");
    let layout = folder.path().join("in");
    let digest = image("1").write(&layout, "1").expect("a layout");
    let from = format!("oci:{}:1", layout.display());
    let through = |arguments: &[&str]| {
        copy([from.as_str(), "registry.example/app:1"]).args(arguments).env("HTTPS_PROXY", tunnel.url())
    };
    let refused = through(&[]).fails(1);
    assert!(
        refused.error()[0].contains("certificate") && refused.error()[1].contains("--ca-cert"),
        "{refused:?}"
    );
    let authority = registry.authority().display().to_string();
    assert_eq!(through(&["--ca-cert", &authority]).succeeds().stdout().trim_end(), digest);
    let hosts = tunnel.take_hosts();
    assert!(!hosts.is_empty() && hosts.iter().all(|host| host.starts_with("registry.example")), "{hosts:?}");
    let nothing = through(&["--ca-cert", "/dev/null"]).fails(2);
    assert!(nothing.error()[0].contains("it holds none"), "{nothing:?}");
}
