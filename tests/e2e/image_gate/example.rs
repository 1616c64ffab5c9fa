//! The example as it is, with all steps of its `gates.toml`. Only what it is built on is ours: the Python of this machine, with
//! the packages that `ci/test` has fetched.

use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Engine, Output, Registry, Repository, Tool, binaries, skipped};

use super::stand::Stand;

/// The packages that the example installs; none, after saying so, where nobody has fetched them.
fn wheels() -> Option<PathBuf> {
    let named = std::env::var_os("E2E_WHEELS").map(PathBuf::from);
    let wanted = named.is_some();
    let folder =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/example-wheels"));
    let found = folder.is_dir().then_some(folder);
    assert!(found.is_some() || !wanted, "E2E_WHEELS names no folder: see ci/test");
    if found.is_none() {
        skipped("the example's image-driven pipeline: ci/test fetches the packages that it installs");
    }
    found
}

/// The example, committed.
fn example(stand: &Stand) -> Repository {
    let mut repository = Repository::at(&stand.path("numbers-api"));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/numbers-api");
    let copied = Command::new("cp").arg("-r").arg(example.join(".")).arg(repository.path()).status();
    assert!(copied.expect("coreutils").success());
    repository.commit("Begin");
    repository
}

fn pipeline(stand: &Stand, repository: &Repository, registry: &Registry) -> Tool {
    let path = std::env::var("PATH").unwrap_or_default();
    stand
        .gate("pipeline")
        .current_dir(repository.path())
        .env("PATH", format!("{}:{path}", binaries().display()))
        .env("BASE_IMAGE", Engine::PYTHON)
        .env("IMAGE", format!("{}/team/numbers-api", registry.address()))
        .env("CI_COMMIT_TAG", "v1.4.3")
        .env("CI_PROJECT_URL", "https://gitlab.example.com/team/numbers-api")
        .env("CI_PROJECT_TITLE", "numbers")
}

/// Names and results, as the summary has them.
fn results(output: &Output) -> Vec<(&str, &str)> {
    let lines = output.stdout().lines().skip(1).map(str::split_whitespace);
    lines.filter_map(|mut words| Some((words.next()?, words.next()?))).collect()
}

#[test]
fn the_example_passes_its_six_steps_and_a_slip_is_caught_by_the_step_that_looks_for_it() {
    let Some(stand) = Stand::new() else { return };
    let Some(wheels) = wheels() else { return };
    stand.engine.load_python(&wheels);
    let repository = example(&stand);
    repository.tag("v1.4.3");
    let registry = Registry::start();
    let output = pipeline(&stand, &repository, &registry).succeeds();
    let steps = ["build", "style", "static-analysis", "unit-tests", "health", "push"];
    assert_eq!(results(&output), steps.map(|step| (step, "passed")), "{output:?}");
    for report in ["junit.xml", "coverage.xml"] {
        assert!(repository.path().join("reports").join(report).exists(), "{report}: {output:?}");
    }
    let digests = ["1.4.3", "1.4", "1", "latest"].map(|tag| registry.audit("team/numbers-api", tag));
    assert!(
        matches!(&digests[0], Ok(Some(_))) && digests.iter().all(|digest| *digest == digests[0]),
        "{digests:?}"
    );
    let labels = stand.engine.docker(&["inspect", "--format", "{{json .Config.Labels}}", "numbers-api:gate"]);
    let labels: serde_json::Value = serde_json::from_str(&labels).expect("JSON");
    for (name, value) in [
        ("version", "1.4.3"),
        ("revision", &repository.head()),
        ("title", "numbers"),
        ("source", "https://gitlab.example.com/team/numbers-api"),
    ] {
        assert_eq!(labels[format!("org.opencontainers.image.{name}")], value, "{labels}");
    }
    stand.nothing_left();
    // An import that nobody uses, a number where a text is promised, and an answer that no test expects.
    let module = "numbers_api/slip.py";
    repository.write(
        module,
        "\"\"\"A slip.\"\"\"\n\nimport os\n\n\ndef name() -> str:\n    \"\"\"Say who.\"\"\"\n    return 1\n",
    );
    repository.write("tests/test_slip.py", "\"\"\"Test it.\"\"\"\n\nimport unittest\n\n\nclass Slip(unittest.TestCase):\n    \"\"\"It slips.\"\"\"\n\n    def test_it(self) -> None:\n        \"\"\"Fail.\"\"\"\n        self.fail(\"no\")\n");
    let output = pipeline(&stand, &repository, &registry).run();
    assert_eq!(output.code, Some(3), "{output:?}");
    let expected =
        [("build", "passed"), ("style", "failed"), ("static-analysis", "failed"), ("unit-tests", "failed")];
    assert_eq!(results(&output)[..4], expected, "{output:?}");
    assert_eq!(results(&output)[4..], [("health", "skipped"), ("push", "skipped")], "{output:?}");
    for says in [
        "style | F401",
        "static-analysis | numbers_api/slip.py:8: error: Incompatible return",
        "unit-tests | FAILED tests/test_slip.py",
    ] {
        assert!(output.stderr.contains(says), "{says}: {output:?}");
    }
    stand.nothing_left();
}
