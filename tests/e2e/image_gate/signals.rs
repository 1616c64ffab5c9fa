//! Signals go to the command, and whatever happens nothing stays behind.

use std::io::BufReader;
use std::process::Child;

use super::stand::{Stand, line, started};
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
fn a_stalled_reader_does_not_keep_a_signal_away() {
    let Some(stand) = Stand::new() else { return };
    // More than all pipes on the way hold.
    let (mut process, out) = begun(&stand, &["--stop-timeout", "0"], "echo begun; yes | head -c 50000000");
    send("TERM", &process);
    assert_eq!(process.wait().expect("an end").code(), Some(137));
    drop(out);
    stand.nothing_left();
}
