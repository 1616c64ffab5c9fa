//! `image-gate pipeline`: `gates.toml` from build to push.

use std::fs;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::{Engine, Output, Registry, skipped};

use super::stand::{GREEDY, IMAGE, Stand, line, started};
use crate::process::send;

const CHECK: &str = "HEALTHCHECK --interval=100ms --timeout=30s --retries=2 CMD true";

/// The description of an image with these gates behind its build.
fn project(stand: &Stand, gates: &str) {
    described(stand, "", "", gates);
}

/// The same, with more for the whole file and for `[build]`.
fn described(stand: &Stand, whole: &str, build: &str, gates: &str) {
    let dockerfile = format!(
        "ARG BASE\nFROM $BASE\nCOPY . /app\nWORKDIR /app\n{CHECK}\nCMD [\"sh\", \"-c\", \"while :; do sleep 0.1; done\"]\n"
    );
    stand.write("Dockerfile", dockerfile);
    stand.write(".dockerignore", "secret*\n");
    stand.write("app.txt", "content\n");
    stand.write("secret.txt", "not in the image\n");
    stand.write(
        "gates.toml",
        format!("image = 'gate/built:1'\n{whole}[build]\nargs = {{ BASE = '{IMAGE}' }}\n{build}{gates}"),
    );
}

fn gate(name: &str, run: &str) -> String {
    format!("[[gate]]\nname = '{name}'\nrun = \"{run}\"\n")
}

/// Names and results of the steps.
fn results(output: &Output) -> Vec<(String, String)> {
    let report: Value =
        serde_json::from_str(output.stdout()).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = report["steps"].as_array().expect("steps");
    steps.iter().map(|step| (text(&step["name"]), text(&step["result"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, result)| ((*name).to_owned(), (*result).to_owned())).collect()
}

#[test]
fn an_image_passes_all_steps_and_is_pushed() {
    let Some(stand) = Stand::new() else { return };
    let registry = Registry::start();
    let gates = gate("style", "ls; test ! -e secret.txt") + &gate("unit", "grep -q content app.txt");
    let push = format!("[health]\ntimeout = '20s'\n[push]\nto = ['{}/app']\n", registry.address());
    project(&stand, &(gates + &push));
    let run = || stand.gate("pipeline").env("CI_COMMIT_TAG", "v1.4.3");
    let first = run().succeeds();
    let steps: Vec<&str> =
        first.stdout().lines().map(|line| line.split_whitespace().next().unwrap_or_default()).collect();
    assert_eq!(steps, ["step", "build", "style", "unit", "health", "push"], "{first:?}");
    assert!(
        first.stderr.contains("style | app.txt\n") && first.stderr.contains("build | Step 1"),
        "{first:?}"
    );
    let digest = registry.audit("app", "1.4.3").expect("a sound image");
    assert!(digest.is_some());
    // Twice is once.
    run().succeeds();
    assert_eq!(registry.audit("app", "1.4.3"), Ok(digest.clone()));
    assert_eq!(registry.audit("app", "latest"), Ok(digest));
    // On a branch of no interest all is done but the push.
    let branch =
        stand.gate("pipeline").args(["--format", "json"]).env("CI_COMMIT_BRANCH", "feature").succeeds();
    assert_eq!(results(&branch)[4], ("push".into(), "nothing to do".into()));
    stand.nothing_left();
}

#[test]
fn a_gate_that_fails_shuts_what_is_behind_it() {
    let Some(stand) = Stand::new() else { return };
    let gates = gate("style", "echo 'found <it>'; exit 7")
        + &gate("unit", "true")
        + "[health]\n[push]\nto = ['r.example.com/a']\n";
    project(&stand, &gates);
    let run = |more: &[&str]| {
        stand
            .gate("pipeline")
            .args(["--format", "json", "--junit", "out/junit.xml"])
            .args(more)
            .env("CI_COMMIT_BRANCH", "main")
            .run()
    };
    let output = run(&[]);
    assert_eq!(output.code, Some(3), "{output:?}");
    let expected = [
        ("build", "passed"),
        ("style", "failed"),
        ("unit", "skipped"),
        ("health", "skipped"),
        ("push", "skipped"),
    ];
    assert_eq!(results(&output), pairs(&expected));
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    assert_eq!(
        (&report["schema"], &report["passed"], &report["steps"][1]["exit_code"]),
        (&1.into(), &false.into(), &7.into())
    );
    let text = fs::read_to_string(stand.path("out/junit.xml")).expect("a report");
    let junit = roxmltree::Document::parse(&text).expect("XML");
    let suite = junit.descendants().find(|node| node.has_tag_name("testsuite")).expect("a suite");
    let counts =
        ["tests", "failures", "errors", "skipped"].map(|name| suite.attribute(name).unwrap_or_default());
    assert_eq!(counts, ["5", "1", "0", "3"]);
    let failure = junit.descendants().find(|node| node.has_tag_name("failure")).expect("a failure");
    assert_eq!((failure.attribute("message"), failure.text()), (Some("exit code 7"), Some("found <it>\n")));
    // The others are worth knowing, too, where that is asked for.
    described(&stand, "keep-going = true\n", "", &gates);
    assert_eq!(results(&run(&[]))[2], ("unit".into(), "passed".into()));
    assert_eq!(results(&run(&["--only", "unit"])), pairs(&[("unit", "passed")]));
    stand.nothing_left();
}

#[test]
fn what_went_wrong_is_no_answer() {
    let Some(stand) = Stand::new() else { return };
    let run = |gates: &str| {
        project(&stand, gates);
        stand.gate("pipeline").args(["--format", "json"]).run()
    };
    let absent = run("[[gate]]\nname = 'a'\nrun = ['no-such-program']\n");
    assert_eq!((absent.code, &results(&absent)[1].1[..]), (Some(2), "error"), "{absent:?}");
    let slow = run(&(gate("a", "trap 'exit 0' TERM; while :; do sleep 0.1; done") + "timeout = '1s'\n"));
    assert_eq!((slow.code, &results(&slow)[1].1[..]), (Some(3), "timed out"), "{slow:?}");
    assert!(slow.stderr.contains("the command of a"), "{slow:?}");
    let greedy = run(&(gate("a", GREEDY) + "memory = '16m'\n"));
    assert_eq!(greedy.code, Some(3), "{greedy:?}");
    assert!(greedy.stdout().contains("\"out_of_memory\": true"), "{greedy:?}");
    project(&stand, "");
    stand.write("Dockerfile", format!("FROM {IMAGE}\nRUN echo before; exit 9\n"));
    let broken = stand.gate("pipeline").args(["--format", "json"]).run();
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(
        broken.stderr.contains("build | before") && broken.stdout().contains("returned a non-zero code: 9"),
        "{broken:?}"
    );
    for (text, says) in [
        ("image = 1", "gates.toml: line 1"),
        ("image = 'a'\n[[gates]]\n", "unknown field `gates`"),
        ("image = '${NO_SUCH}'", "the variable NO_SUCH is not set"),
    ] {
        stand.write("gates.toml", text);
        let output = stand.gate("pipeline").fails(2);
        assert!(output.error()[0].contains(says) && output.error().len() == 2, "{output:?}");
    }
    let only = stand.gate("pipeline").args(["nowhere.toml", "--only", "x"]).fails(2);
    assert!(only.error()[0].contains("cannot read nowhere.toml"), "{only:?}");
    stand.nothing_left();
}

#[test]
fn gates_run_at_once_and_each_has_its_own_files_and_secrets() {
    let Some(stand) = Stand::new() else { return };
    let mount = format!("mount = ['{}:/shared']\n", stand.path("shared").display());
    fs::create_dir(stand.path("shared")).expect("a folder");
    // Each waits for the other: one after the other they would wait for ever.
    let wait = |own: &str, other: &str| {
        format!("touch /shared/{own}; until [ -e /shared/{other} ]; do sleep 0.05; done; echo $TOKEN")
    };
    let more = "env-from = ['TOKEN']\nenv = { A = 'x' }\nartifact = ['/shared/:reports']\ntimeout = '20s'\n";
    let gates = [gate("one", &wait("one", "two")), gate("two", &wait("two", "one"))];
    described(&stand, "parallel = 2\n", "", &gates.map(|gate| format!("{gate}{mount}{more}")).concat());
    let output =
        stand.gate("pipeline").args(["--junit", "junit.xml"]).env("TOKEN", "s3cret-t0ken-x").succeeds();
    assert!(output.stderr.contains("one | ***\n") && output.stderr.contains("two | ***\n"), "{output:?}");
    assert!(!fs::read_to_string(stand.path("junit.xml")).expect("a report").contains("s3cret"));
    assert!(stand.path("reports/two").exists());
    stand.nothing_left();
}

#[test]
fn two_pipelines_of_one_image_do_not_meet() {
    let Some(stand) = Stand::new() else { return };
    project(&stand, &gate("unit", "echo begun; sleep 1; grep -q content app.txt"));
    let mut all: Vec<_> = (0..3).map(|_| started(stand.gate("pipeline"))).collect();
    for process in &mut all {
        assert!(process.wait().expect("an end").success());
    }
    stand.nothing_left();
}

#[test]
fn a_signal_ends_every_gate_and_nothing_is_left() {
    let Some(stand) = Stand::new() else { return };
    let waits = "echo begun; trap 'exit 0' TERM; while :; do sleep 0.1; done";
    let gates = [gate("one", waits), gate("two", waits), gate("three", "true")];
    described(&stand, "parallel = 2\n", "", &gates.concat());
    let mut process = started(stand.gate("pipeline").args(["--format", "json"]));
    let mut err = BufReader::new(process.stderr.take().expect("a pipe"));
    let mut begun = 0;
    while begun < 2 {
        begun += usize::from(line(&mut err).ends_with("| begun"));
    }
    // The rest of it has to go somewhere.
    std::thread::spawn(move || std::io::copy(&mut err, &mut std::io::sink()));
    send("TERM", &process);
    let mut out = String::new();
    std::io::Read::read_to_string(&mut process.stdout.take().expect("a pipe"), &mut out).expect("text");
    assert_eq!(process.wait().expect("an end").code(), Some(143), "{out}");
    assert_eq!(out.matches("\"interrupted\"").count(), 2, "{out}");
    assert!(out.contains("\"skipped\""), "{out}");
    stand.nothing_left();
}

#[test]
fn what_is_kept_can_be_looked_at_until_it_is_pruned() {
    let Some(stand) = Stand::new() else { return };
    project(&stand, &gate("unit", "touch /seen; exit 1"));
    let kept = stand.gate("pipeline").arg("--keep").run();
    assert_eq!(kept.code, Some(3), "{kept:?}");
    let containers = stand.containers();
    assert_eq!(containers.len(), 1);
    assert!(kept.stderr.contains(&containers[0]), "{kept:?}");
    stand.engine.docker(&["cp", &format!("{}:/seen", containers[0]), "-"]);
    assert_eq!(stand.gate("prune").succeeds().stdout(), "", "nobody takes it away meanwhile");
    stand.gate("prune").arg("--all").succeeds();
    stand.nothing_left();
}

/// Debian 12 has no buildx; `ci/test` fetches that of sid.
fn buildx() -> Option<PathBuf> {
    let program = "../target/buildx/root/usr/libexec/docker/cli-plugins/docker-buildx";
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(program);
    if !program.exists() {
        skipped("a build by buildx: ci/test fetches it where Debian sid can be reached");
        return None;
    }
    Some(program)
}

#[test]
fn buildx_builds_with_a_secret_that_stays_out_of_the_image() {
    let Some(stand) = Stand::new() else { return };
    let Some(program) = buildx() else { return };
    let build = "builder = 'buildx'\nsecrets = ['NPM_TOKEN']\ncache-from = ['localhost:1/cache']\nlabels = { a = 'b c' }\ntarget = 'last'\n";
    let gates = gate("unit", "cat /length; [ ! -e /run/secrets/NPM_TOKEN ]");
    described(&stand, "", build, &gates);
    let stages = "AS first\nRUN --mount=type=secret,id=NPM_TOKEN wc -c < /run/secrets/NPM_TOKEN > /length\n";
    let last = "FROM $BASE AS last\nCOPY --from=first /length /length\nCOPY . /app\n";
    stand.write("Dockerfile", format!("ARG BASE\nFROM $BASE {stages}{last}"));
    // Where docker looks for what extends it.
    let plugins = stand.path("docker/cli-plugins");
    fs::create_dir_all(&plugins).expect("a folder");
    std::os::unix::fs::symlink(program, plugins.join("docker-buildx")).expect("a link");
    let run = || {
        stand.gate("pipeline").env("DOCKER_CONFIG", stand.path("docker")).env("NPM_TOKEN", "s3cret-t0ken-x")
    };
    let output = run().succeeds();
    assert!(output.stderr.contains("unit | 14\n"), "{output:?}");
    assert!(!output.stderr.contains("s3cret"), "{output:?}");
    let label = ["inspect", "--format", "{{.Config.Labels.a}}", "gate/built:1"];
    assert_eq!(stand.engine.docker(&label), "b c");
    let history =
        stand.engine.docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", "gate/built:1"]);
    assert!(history.contains("/length") && !history.contains("s3cret"), "{history}");
    stand.write("Dockerfile", format!("FROM {IMAGE} AS last\nRUN echo before; exit 9\n"));
    let broken = run().run();
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(
        broken.stderr.contains("before") && broken.stdout().contains("docker buildx ended with"),
        "{broken:?}"
    );
    stand.nothing_left();
}

/// The engine of Debian has no BuildKit cache to export: what is asked of buildx is looked at.
#[test]
fn buildx_gets_the_cache_the_labels_and_the_names_of_secrets() {
    let Some(stand) = Stand::new() else { return };
    let build = "builder = 'buildx'\ncache-from = ['r.example.com/cache', '${NO_CACHE:-}']\ncache-to = 'r.example.com/cache'\nsecrets = ['NPM_TOKEN']\nlabels-from = ['printf', 'a=b c\\n']\nplatform = 'linux/amd64'\n";
    described(&stand, "", build, &gate("unit", "true"));
    let plan = stand.gate("pipeline").args(["--dry-run", "--only", "build"]).succeeds();
    assert!(plan.stdout().contains("--cache-to type=registry,ref=r.example.com/cache,mode=max"), "{plan:?}");
    // In the place of docker: it writes down what it is asked, and says which image it has built.
    let id = stand.engine.docker(&["inspect", "--format", "{{.Id}}", Engine::BASE]);
    let stand_in = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > asked\necho \"$NPM_TOKEN\" > secret\nwhile [ \"$1\" != --iidfile ]; do shift; done\nprintf %s {id} > \"$2\"\necho built >&2\n"
    );
    let program = stand.write("bin/docker", stand_in);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:{}", stand.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    let output = stand.gate("pipeline").env("PATH", &path).env("NPM_TOKEN", "s3cret-t0ken-x").succeeds();
    assert!(output.stderr.contains("build | built\n"), "{output:?}");
    let asked = fs::read_to_string(stand.path("asked")).expect("arguments");
    for argument in [
        "buildx\nbuild\n",
        "--label\na=b c\n",
        "--secret\nid=NPM_TOKEN,env=NPM_TOKEN\n",
        "--cache-from\ntype=registry,ref=r.example.com/cache\n",
        "--cache-to\ntype=registry,ref=r.example.com/cache,mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true\n",
        "--platform\nlinux/amd64\n",
    ] {
        assert!(asked.contains(argument), "{argument}: {asked}");
    }
    assert!(!asked.contains("s3cret") && asked.matches("--cache-from").count() == 1, "{asked}");
    assert_eq!(fs::read_to_string(stand.path("secret")).ok().as_deref(), Some("s3cret-t0ken-x\n"));
    let unset = stand.gate("pipeline").env("PATH", &path).run();
    assert!(unset.stdout().contains("cannot hand the secret NPM_TOKEN to the build"), "{unset:?}");
    stand.nothing_left();
}
