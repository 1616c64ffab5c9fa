//! What killed runs leave behind, and who removes it.

use std::io::BufReader;
use std::process::Child;
use std::time::Duration;

use serde_json::Value;
use testkit::Cable;

use super::stand::{Stand, line, started};
use crate::process::send;

/// A run that is killed, and can remove nothing.
fn killed(stand: &Stand) {
    let mut process = started(stand.sh(&["--setup", "touch /x"], "echo begun; sleep 1000"));
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "begun");
    send("KILL", &process);
    process.wait().expect("an end");
    assert_eq!(stand.containers().len(), 2, "the container, and that of --setup");
}

#[test]
fn the_next_run_removes_what_a_killed_one_has_left() {
    let Some(stand) = Stand::new() else { return };
    killed(&stand);
    let next = stand.sh(&[], "true").succeeds();
    assert_eq!(next.stderr.matches("which a killed run had left").count(), 3, "{next:?}");
    stand.nothing_left();
}

#[test]
fn prune_removes_what_killed_runs_have_left_and_nothing_of_those_that_live() {
    let Some(stand) = Stand::new() else { return };
    killed(&stand);
    let mut alive = started(stand.sh(&[], "echo begun; while :; do sleep 0.1; done"));
    let mut out = BufReader::new(alive.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "begun");
    // The living run may have swept up already: its own container stays, and at most that.
    let dry = stand.gate("prune").args(["--dry-run", "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(dry.stdout()).expect("JSON");
    assert_eq!((&report["schema"], &report["dry_run"]), (&1.into(), &true.into()));
    stand.gate("prune").succeeds();
    assert_eq!(stand.containers().len(), 1, "that of the living run");
    assert!(alive.try_wait().expect("a process").is_none());
    let all = stand.gate("prune").arg("--all").succeeds();
    assert_eq!(all.stdout().lines().count(), 1, "{all:?}");
    assert_eq!(alive.wait().expect("an end").code(), Some(137), "its container was taken away");
    let nothing = stand.gate("prune").succeeds();
    assert_eq!(nothing.stdout(), "");
    assert!(nothing.stderr.contains("nothing was left behind"), "{nothing:?}");
    stand.nothing_left();
}

/// How long nothing has to happen before somebody looks whether the run has ended.
const MOMENT: Duration = Duration::from_millis(50);

/// Waits until the run has made so many requests; false when it ends before.
fn reaches(requests: usize, cable: &Cable, process: &mut Child) -> bool {
    (0..requests).all(|_| {
        while !cable.wait_for(1, MOMENT) {
            if process.try_wait().expect("a process").is_some() {
                return false;
            }
        }
        true
    })
}

/// Each request is a connection of its own, so the run is ended at every request that it makes, until it makes no more.
fn ended_at_every_request(stand: &Stand, signal: &str, step: usize) {
    let mut points = 0;
    for n in (1..).step_by(step) {
        let cable = Cable::to(&stand.engine.socket());
        let run = stand
            .sh(&["--setup", "touch /x", "--stop-timeout", "0"], "exit 7")
            .env("DOCKER_HOST", cable.host());
        let mut process = started(run);
        if !reaches(n, &cable, &mut process) {
            assert_eq!(process.wait().expect("an end").code(), Some(7));
            break;
        }
        send(signal, &process);
        process.wait().expect("an end");
        points += 1;
        if signal == "KILL" {
            // What the killed run has asked for last is made all the same.
            cable.settle();
            stand.gate("prune").succeeds();
        }
        stand.nothing_left();
    }
    assert!(points * step >= 12, "{points} points are too few for a run with --setup");
}

#[test]
fn a_run_that_is_asked_to_end_at_any_request_leaves_nothing() {
    let Some(stand) = Stand::new() else { return };
    ended_at_every_request(&stand, "TERM", 1);
}

#[test]
fn a_run_that_is_killed_at_any_request_leaves_nothing_that_is_not_found() {
    let Some(stand) = Stand::new() else { return };
    ended_at_every_request(&stand, "KILL", 2);
}
