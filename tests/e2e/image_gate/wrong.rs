//! An engine that is not there, may not be used, or goes away.

use std::io::{BufReader, Read};
use std::os::unix::net::UnixListener;
use std::process::Command;

use testkit::{Cable, tool};

use super::stand::{IMAGE, Stand, line, started};

const VERBS: [(&[&str], i32); 4] = [
    (&["run", "x", "--", "true"], 125),
    (&["health", "x"], 1),
    (&["push", "x", "r.example.com/x:1", "--commit-branch", "main"], 1),
    (&["prune"], 1),
];

#[test]
fn an_engine_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("absent.sock");
    // There, and nobody listens any more.
    let left = folder.path().join("left.sock");
    drop(UnixListener::bind(&left).expect("a socket"));
    for (arguments, code) in VERBS {
        for (host, says, advises) in [
            (format!("unix://{}", socket.display()), "No such file", "start it"),
            (format!("unix://{}", left.display()), "Connection refused", "start it"),
            ("tcp://127.0.0.1:1".to_owned(), "Connection refused", "DOCKER_TLS_VERIFY=1"),
            // No resolver is asked for a name with an empty part.
            ("tcp://no..where:1".to_owned(), "lookup", "no machine called no..where"),
        ] {
            let output = tool("image-gate").args(arguments).env("DOCKER_HOST", &host).fails(code);
            let error = output.error();
            assert!(error[0].contains(&format!("cannot reach the Docker engine at {host}")), "{output:?}");
            assert!(
                error[0].contains(says) && error[1].contains("hint: ") && error[1].contains(advises),
                "{output:?}"
            );
        }
    }
    let ssh = tool("image-gate").arg("prune").env("DOCKER_HOST", "ssh://me@host").fails(2);
    assert!(ssh.error()[1].contains("forward its socket"), "{ssh:?}");
}

#[test]
fn an_empty_value_is_a_variable_that_is_not_set_and_no_engine_is_asked() {
    let table: [&[&str]; 8] = [
        &["run", "", "--", "true"],
        &["run", "--user", "", "x", "--", "true"],
        &["run", "--workdir", "", "x", "--", "true"],
        &["run", "--setup", "", "x", "--", "true"],
        &["health", ""],
        &["health", "--network", "", "x"],
        &["push", "", "r.example.com/x:1", "--commit-branch", "main"],
        &["pipeline", "--only", ""],
    ];
    for arguments in table {
        let output = tool("image-gate").args(arguments).env("DOCKER_HOST", "unix:///nowhere").fails(2);
        let error = output.error();
        assert!(error[0].contains("a value is required for") && error[1].contains("--help"), "{output:?}");
    }
}

#[test]
fn where_nobody_can_tell_what_is_right_a_push_is_wrong_usage_and_a_pipeline_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let push = ["push", "x:1", "r.example.com/a/b"];
    for variable in [None, Some("CI")] {
        let tool = tool("image-gate").args(push).env("DOCKER_HOST", "unix:///nowhere");
        let output = variable.into_iter().fold(tool, |tool, name| tool.env(name, "true")).fails(2);
        let error = output.error();
        assert!(error[0].contains("cannot push x:1: neither a branch nor a tag is known"), "{output:?}");
        assert!(error[1].contains("--commit-branch") && error[1].contains("--commit-tag"), "{output:?}");
    }
    let text = "image = 'x:1'\n[push]\nto = ['r.example.com/a/b']\n";
    std::fs::write(folder.path().join("gates.toml"), text).expect("a file");
    let plan = tool("image-gate").args(["pipeline", "--dry-run"]).current_dir(folder.path()).succeeds();
    assert!(plan.stdout().starts_with("push: nothing: neither a branch nor a tag is known"), "{plan:?}");
}

#[test]
fn a_dry_run_tells_what_the_run_would_stumble_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "image = 'x:1'\n[build]\n[[gate]]\nname = 'unit'\nrun = 'true'\nenv-from = ['NO_SUCH']\nmount = ['absent:/a']\ncopy = ['gone:/b']\n[health]\nenv-from = ['NONE']\n";
    std::fs::write(folder.path().join("gates.toml"), text).expect("a file");
    let run = |more: &[&str]| {
        tool("image-gate").args(["pipeline", "--dry-run"]).args(more).current_dir(folder.path()).succeeds()
    };
    let plan = run(&[]);
    assert!(plan.stdout().starts_with("build: build x:1 of Dockerfile\n"), "{plan:?}");
    for says in [
        "build: cannot build x:1: there is no Dockerfile",
        "unit: cannot hand over the variable NO_SUCH: it is not set",
        "unit: cannot mount /",
        "/absent: No such file",
        "unit: cannot copy /",
        "health: cannot hand over the variable NONE",
    ] {
        assert!(plan.stderr.contains(says), "{says}: {plan:?}");
    }
    std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").expect("a file");
    assert_eq!(run(&["--only", "build"]).stderr, "");
}

#[test]
fn a_socket_that_may_not_be_used_is_explained() {
    let Some(stand) = Stand::new() else { return };
    let tool = stand.gate("prune").into_command();
    // Somebody who is not root, and reaches the binary and the socket's folder.
    let folder = tempfile::Builder::new().prefix("gate").tempdir_in("/tmp").expect("a folder");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), mode).expect("a folder");
    let (binary, socket) = (folder.path().join("image-gate"), folder.path().join("engine.sock"));
    std::fs::copy(tool.get_program(), &binary).expect("a copy");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a socket");
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(&binary)
        .arg("prune")
        .env_clear()
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .output()
        .expect("util-linux");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("Permission denied") && error.contains("join the group that owns"), "{error}");
}

#[test]
fn an_engine_that_goes_away_half_way_is_no_end_of_the_command() {
    let Some(stand) = Stand::new() else { return };
    let cable = Cable::to(&stand.engine.socket());
    let mut process = started(stand.sh(&[], "echo begun; sleep 1000").env("DOCKER_HOST", cable.host()));
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "begun");
    cable.cut();
    let mut error = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut error).expect("text");
    assert_eq!(process.wait().expect("an end").code(), Some(125), "{error}");
    assert!(error.contains("cannot learn how the command ended: the engine at unix://"), "{error}");
    assert!(error.contains("image-gate prune"), "{error}");
    // It could not be removed; now it can.
    assert_eq!(stand.gate("prune").succeeds().stdout().lines().count(), 1);
    stand.nothing_left();
}

#[test]
fn health_does_not_wait_for_an_engine_that_has_gone() {
    let Some(stand) = Stand::new() else { return };
    stand
        .engine
        .build("gate/waits:1", &format!("FROM {IMAGE}\nHEALTHCHECK CMD false\nCMD [\"sleep\", \"1000\"]\n"));
    let cable = Cable::to(&stand.engine.socket());
    let health =
        stand.gate("health").args(["--timeout", "1000s", "gate/waits:1"]).env("DOCKER_HOST", cable.host());
    let mut process = started(health.env("IMAGE_GATE_VERBOSE", "1"));
    let mut err = BufReader::new(process.stderr.take().expect("a pipe"));
    while !line(&mut err).contains("event: start") {}
    cable.cut();
    let mut error = String::new();
    err.read_to_string(&mut error).expect("text");
    assert_eq!(process.wait().expect("an end").code(), Some(1), "{error}");
    stand.gate("prune").succeeds();
    stand.nothing_left();
}
