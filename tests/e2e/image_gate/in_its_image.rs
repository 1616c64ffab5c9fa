//! image-gate in the image of it that a release has.

use std::fs;

use testkit::Engine;

use super::stand::Stand;
use crate::dist::at_work::{image, printed, run};

/// What is copied in, built and brought back goes through a file that lies in no folder of its user.
#[test]
fn it_builds_copies_and_fetches_as_nobody() {
    let Some(running) = image("image-gate") else { return };
    let Some(stand) = Stand::new() else { return };
    fs::create_dir(running.path("docker")).expect("a folder");
    for name in ["ca.pem", "cert.pem", "key.pem"] {
        let copied = fs::copy(stand.engine.certificates().join(name), running.path("docker").join(name));
        copied.expect("a copy");
    }
    running
        .write("Dockerfile", &format!("FROM {}\nCOPY . /app\nWORKDIR /app\n", Engine::BASE))
        .write(".dockerignore", "docker\n")
        .write(
            "gates.toml",
            "image = 'gate/in-its-image:1'\n[build]\n[[gate]]\nname = 'report'\n\
            run = 'mkdir out; cp gates.toml out/report.txt'\nartifact = ['out:reports']\n",
        );
    running.give();
    let gate = |words: &[&str]| {
        let mut command = running.command(words);
        command.env("DOCKER_HOST", stand.engine.remote_host()).env("DOCKER_TLS_VERIFY", "1");
        command.env("DOCKER_CERT_PATH", "/work/docker");
        command
    };
    printed(&mut gate(&["pipeline"]));
    assert!(running.path("reports/report.txt").is_file());
    let copying = ["run", "--copy", "gates.toml:/x", "gate/in-its-image:1", "--", "cat", "/x"];
    assert!(printed(&mut gate(&copying)).contains("gate/in-its-image"));
    // Without a place for it the error says so, and blames no file.
    fs::remove_dir_all(running.root.path("tmp")).expect("the folder goes");
    for words in [&copying[..], &["pipeline"]] {
        let failed = run(&mut gate(words));
        let said =
            String::from_utf8_lossy(&failed.stderr).into_owned() + &String::from_utf8_lossy(&failed.stdout);
        assert!(!failed.status.success() && said.contains("no place for a temporary file in /tmp"), "{said}");
    }
    stand.nothing_left();
}
