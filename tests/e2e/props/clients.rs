//! The double of Artifactory, judged by clients that we did not write: `dohq-artifactory` and `pyartifactory`.

use std::path::Path;
use std::process::Command;

use super::stand::{KEY, Layout, NAME, artifactory, props};

/// Where `ci/test` puts them.
const VENV: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/venv/bin/python3");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/props/clients.py");

#[test]
fn clients_that_we_did_not_write_understand_the_double() {
    let known = Path::new(VENV).exists()
        && Command::new(VENV)
            .args(["-c", "import artifactory, pyartifactory"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !known {
        assert!(
            std::env::var_os("CI_TEST").is_none(),
            "ci/test installs the clients, and they are not there"
        );
        eprintln!(
            "SKIPPED: dohq-artifactory and pyartifactory are not in target/venv; ci/test installs them"
        );
        return;
    }
    let layout = Layout::with(&["1", "2"]);
    let server = artifactory(&layout, &["1", "2"], |builder| {
        builder.local("release-local").virtual_over("docker", &[KEY], KEY).administrator("admin", "password")
    });
    let image = format!("{}/{KEY}/{NAME}:1", server.address());
    let as_user = |arguments: &[&str]| {
        props(arguments.iter().copied())
            .env("ARTIFACTORY_HOST", server.address())
            .env("ARTIFACTORY_USER", "admin")
            .env("ARTIFACTORY_PASSWORD", "password")
    };
    as_user(&["set", &image, "ours=a, b; c=1"]).succeeds();
    let output = Command::new(VENV)
        .args([SCRIPT, &server.url(), KEY, NAME])
        .env_remove("HTTP_PROXY")
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("Python starts");
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    // What they wrote, we read.
    assert_eq!(as_user(&["get", &image, "theirs"]).succeeds().stdout(), "x y, z\n");
    as_user(&["verify", &image, "put=1"]).succeeds();
}
