//! `--via artifactory`: the server copies, and is not taken at its word.

use std::process::Stdio;
use std::time::Duration;

use testkit::{Artifactory, Fault, Proxy, Registry, Rule, tool};

use super::copy;
use crate::props::stand::{Layout, NAME, props};

const CI: &str = "ci-local";
const RELEASE: &str = "release-local";

fn stand() -> (Layout, Artifactory) {
    let layout = Layout::with(&["1"]);
    let server =
        Artifactory::builder().local(CI).local(RELEASE).virtual_over("release", &[RELEASE], RELEASE).start();
    server.push(&layout.path(), "1", CI, NAME, "1");
    (layout, server)
}

fn digest(image: &str) -> String {
    tool("image-promote").args(["digest", image]).succeeds().stdout().trim_end().to_owned()
}

#[test]
fn one_request_for_each_tag_copies_and_moves_nothing() {
    let (_layout, server) = stand();
    let image = format!("{}/{CI}/{NAME}:1", server.address());
    props(["set", &image, "tested"]).succeeds();
    for repository in [RELEASE, "release"] {
        let release = format!("{}/{repository}/team/{repository}", server.address());
        let arguments = [&image, &format!("{release}:1.4.0"), "--tag", "latest", "--via", "artifactory"];
        copy(arguments.into_iter().chain(["--dry-run"])).succeeds();
        server.take_log();
        let copied = copy(arguments.into_iter().chain(["--require", "tested", "--marks"])).succeeds();
        let log = server.take_log();
        let promotions = log.iter().filter(|line| line.contains("/v2/promote")).count();
        let blobs = log.iter().filter(|line| line.contains("/blobs/")).count();
        assert_eq!((promotions, blobs), (2, 0), "{log:#?}");
        let expected = copied.stdout().trim_end();
        for tag in ["1.4.0", "latest"] {
            assert_eq!(digest(&format!("{release}:{tag}")), expected);
            props(["verify", &format!("{release}:{tag}"), "tested"]).succeeds();
        }
        assert_eq!(digest(&image), expected, "it is still there");
        copy(arguments).succeeds();
        let again = server.take_log();
        assert!(!again.iter().any(|line| line.contains("/v2/promote")), "{again:#?}");
    }
}

#[test]
fn a_tag_that_was_pushed_anew_before_the_server_copied_it_is_found_out() {
    let (layout, server) = stand();
    let proxy = Proxy::builder(&server.address()).start();
    let image = format!("{}/{CI}/{NAME}:1", proxy.address());
    let release = format!("{}/{RELEASE}/{NAME}:1", proxy.address());
    props(["set", &image, "tested"]).succeeds();
    layout.image("1", "something nobody has tested");
    let before = proxy.arrived();
    proxy.fault(Rule::matching("POST */v2/promote", Fault::Hold(Duration::from_millis(1500))));
    let arguments = [image.as_str(), release.as_str(), "--via", "artifactory", "--require", "tested"];
    let mut run = copy(arguments).into_command();
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("image-promote");
    // Source, destination, whose it is, its marks; whose it is, the target's key, and then the copy.
    assert!(proxy.wait_for(before + 7, || false));
    let untested = server.push(&layout.path(), "1", CI, NAME, "1");
    let output = run.wait_with_output().expect("image-promote");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for part in [untested.as_str(), "was pushed anew meanwhile", "remove that tag"] {
        assert!(told.contains(part), "{told}");
    }
    props(["verify", &release, "tested"]).fails(3);
}

#[test]
fn what_artifactory_cannot_copy_is_refused_and_its_own_refusal_is_told() {
    let (layout, server) = stand();
    let image = format!("{}/{CI}/{NAME}:1", server.address());
    let release = format!("{}/{RELEASE}/{NAME}:1", server.address());
    let digest = digest(&image);
    let registry = Registry::start();
    let elsewhere = format!("{}/release:1", registry.address());
    let nowhere = format!("{}/no-such-key/{NAME}:1", server.address());
    let by_digest = format!("{}/{CI}/{NAME}@{digest}", server.address());
    let plain = format!("{}/ci:1", registry.address());
    let local = format!("{}:1", layout.repository());
    copy([local.as_str(), plain.as_str()]).succeeds();
    let table: [(&str, &str, i32, &str); 5] = [
        (&image, &elsewhere, 2, "not known to be a repository of the Artifactory"),
        (&image, &nowhere, 2, "not known to be a repository of the Artifactory"),
        (&by_digest, &release, 2, "has none"),
        (&plain, &elsewhere, 2, "not known to be in an Artifactory"),
        (&local, &release, 2, "not known to be in an Artifactory"),
    ];
    for (from, to, code, part) in table {
        let output = copy([from, to, "--via", "artifactory"]).fails(code);
        assert!(output.stderr.contains(part), "{from} {to}: {output:?}");
        assert!(output.stderr.contains("leave --via out"), "{from} {to}: {output:?}");
    }
    server.fail("POST", "/v2/promote", 403, None, 1);
    let refused = copy([image.as_str(), release.as_str(), "--via", "artifactory"]).fails(1);
    assert!(refused.error()[0].contains("403"), "{refused:?}");
    copy([image.as_str(), release.as_str(), "--via", "artifactory"]).succeeds();
}
