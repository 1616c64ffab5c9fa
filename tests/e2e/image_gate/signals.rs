//! Signals go to the command, and whatever happens nothing stays behind.

use std::io::BufReader;
use std::process::Child;

use super::stand::{IMAGE, Stand, line, started};
use crate::process::send;

fn begun(stand: &Stand, options: &[&str], script: &str) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut process = started(stand.sh(options, script));
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "begun");
    (process, out)
}

#[test]
fn a_signal_is_passed_on_and_the_command_has_the_last_word() {
    let Some(stand) = Stand::new() else { return };
    for (signal, script, code) in [
        ("TERM", "trap 'echo ending; exit 9' TERM", 9),
        ("INT", "trap 'echo ending; exit 9' INT", 9),
        ("HUP", "trap 'echo ending; exit 9' HUP", 9),
        // Whoever asked for the end must not take that for a success.
        ("TERM", "trap 'echo ending; exit 0' TERM", 143),
        ("INT", "trap 'echo ending; exit 0' INT", 130),
        ("USR1", "trap 'echo ending; exit 0' USR1", 0),
    ] {
        let (mut process, mut out) =
            begun(&stand, &[], &format!("{script}; echo begun; while :; do sleep 0.05; done"));
        send(signal, &process);
        assert_eq!(line(&mut out), "ending", "{signal}");
        assert_eq!(process.wait().expect("an end").code(), Some(code), "{signal}: {script}");
        stand.nothing_left();
    }
}

#[test]
fn a_command_that_does_not_listen_is_killed() {
    let Some(stand) = Stand::new() else { return };
    let deaf = "trap '' INT TERM; echo begun; while :; do sleep 1; done";
    let (mut process, _out) = begun(&stand, &["--stop-timeout", "0.2"], deaf);
    send("TERM", &process);
    assert_eq!(process.wait().expect("an end").code(), Some(137));
    stand.nothing_left();
    // Nobody has to wait for the time that it has: who asks twice is in a hurry.
    let (mut process, _out) = begun(&stand, &["--stop-timeout", "1000"], deaf);
    send("INT", &process);
    send("TERM", &process);
    assert_eq!(process.wait().expect("an end").code(), Some(137));
    stand.nothing_left();
}

#[test]
fn a_signal_while_setup_runs_ends_it() {
    let Some(stand) = Stand::new() else { return };
    let (mut process, _out) = begun(&stand, &["--setup", "echo begun; sleep 1000"], "echo never");
    send("TERM", &process);
    assert_eq!(process.wait().expect("an end").code(), Some(143));
    stand.nothing_left();
}

#[test]
fn a_signal_ends_whatever_is_under_way() {
    let Some(stand) = Stand::new() else { return };
    stand.write("Dockerfile", format!("FROM {IMAGE}\nRUN echo begun; sleep 1000\n"));
    let waits = "HEALTHCHECK CMD false\nCMD [\"sh\", \"-c\", \"while :; do sleep 0.1; done\"]";
    stand.engine.build("gate/undecided:1", &format!("FROM {IMAGE}\n{waits}\n"));
    let image = "image = 'gate/undecided:1'\n";
    stand.write("build.toml", "image = 'gate/never:1'\n[build]\n");
    stand.write("health.toml", format!("{image}[health]\ntimeout = '1000s'\n"));
    let setup = "[[gate]]\nname = 'a'\nrun = 'true'\nsetup = ['echo begun; sleep 1000']\n";
    stand.write("setup.toml", format!("{image}{setup}"));
    for (arguments, begins) in [
        (["health", "--timeout=1000", "gate/undecided:1"], "event: start"),
        (["pipeline", "-v", "build.toml"], "build | begun"),
        (["pipeline", "-v", "health.toml"], "event: start"),
        (["pipeline", "-v", "setup.toml"], "a | begun"),
    ] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let tool = stand.gate(arguments[0]).args(&arguments[1..]).env("IMAGE_GATE_VERBOSE", "1");
            let mut process = started(tool);
            let mut err = BufReader::new(process.stderr.take().expect("a pipe"));
            while !line(&mut err).contains(begins) {
                assert!(process.try_wait().expect("a process").is_none(), "{arguments:?} ended");
            }
            std::thread::spawn(move || std::io::copy(&mut err, &mut std::io::sink()));
            send(signal, &process);
            assert_eq!(process.wait().expect("an end").code(), Some(code), "{arguments:?} {signal}");
            stand.nothing_left();
        }
    }
}

#[test]
fn a_stalled_reader_does_not_keep_a_signal_away() {
    let Some(stand) = Stand::new() else { return };
    // More than all pipes on the way hold.
    let (mut process, out) = begun(&stand, &["--stop-timeout", "0"], "echo begun; yes | head -c 50000000");
    send("TERM", &process);
    assert_eq!(process.wait().expect("an end").code(), Some(137));
    drop(out);
    stand.nothing_left();
}
