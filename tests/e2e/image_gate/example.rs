//! The example's own `gates.toml`, as far as it needs no package index: its image is built on the Python of this machine.

use std::path::Path;
use std::process::Command;

use testkit::{Engine, Registry, Repository, binaries};

use super::stand::Stand;

#[test]
fn the_example_is_built_tested_healthy_and_pushed_with_its_labels() {
    let Some(stand) = Stand::new() else { return };
    stand.engine.load_python();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/numbers-api");
    let mut repository = Repository::at(&stand.path("numbers-api"));
    let copied = Command::new("cp").arg("-r").arg(example.join(".")).arg(repository.path()).status();
    assert!(copied.expect("coreutils").success());
    // The packages for pytest come from an index; the gate that runs here does without.
    let dockerfile = std::fs::read_to_string(repository.path().join("Dockerfile")).expect("a Dockerfile");
    assert!(dockerfile.contains("RUN pip install "), "{dockerfile}");
    repository
        .write("Dockerfile", dockerfile.replace("RUN pip install ", "RUN mkdir -p /opt/tests /srv; : "));
    repository.commit("Begin");
    repository.tag("v1.4.3");
    let registry = Registry::start();
    let path = std::env::var("PATH").unwrap_or_default();
    let pipeline = stand
        .gate("pipeline")
        .args(["--only", "build,unit-tests,health,push"])
        .current_dir(repository.path())
        .env("PATH", format!("{}:{path}", binaries().display()))
        .env("BASE_IMAGE", Engine::PYTHON)
        .env("IMAGE", format!("{}/team/numbers-api", registry.address()))
        .env("CI_COMMIT_TAG", "v1.4.3")
        .env("CI_PROJECT_URL", "https://gitlab.example.com/team/numbers-api")
        .env("CI_PROJECT_TITLE", "numbers");
    let output = pipeline.succeeds();
    assert!(output.stderr.contains("unit-tests | OK"), "{output:?}");
    let digests = ["1.4.3", "1.4", "1", "latest"].map(|tag| registry.audit("team/numbers-api", tag));
    assert!(
        matches!(&digests[0], Ok(Some(_))) && digests.iter().all(|digest| *digest == digests[0]),
        "{digests:?}"
    );
    let label = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
    assert_eq!(stand.engine.docker(&["inspect", "--format", label, "numbers-api:gate"]), "1.4.3");
    stand.nothing_left();
}
