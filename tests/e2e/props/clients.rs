//! The double of Artifactory, judged by clients that we did not write: `dohq-artifactory` and `pyartifactory`.

use std::process::Command;

use super::stand::{KEY, Layout, NAME, artifactory, props};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/e2e/props/clients.py");

#[test]
fn clients_that_we_did_not_write_understand_the_double() {
    let Some(python) = testkit::python("artifactory, pyartifactory") else { return };
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
    let output = Command::new(python)
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
