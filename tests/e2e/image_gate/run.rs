//! `image-gate run`: what goes in, what comes out, and how it ends.

use std::io::BufReader;

use testkit::Engine;

use super::stand::{GREEDY, Stand, line, started};
use crate::process::peak;

/// The most that a run may have in memory at once, in KiB, however much its command prints.
const MOST_KIB: u64 = 32 * 1024;

#[test]
fn the_exit_code_is_that_of_the_command() {
    let Some(stand) = Stand::new() else { return };
    for (script, code) in [
        ("true", 0),
        ("exit 7", 7),
        ("exit 125", 125),
        ("sh -c 'kill -KILL $$'; exit $?", 137),
        ("sh -c 'kill -ABRT $$'; exit $?", 134),
    ] {
        let output = stand.sh(&[], script).run();
        assert_eq!(output.code, Some(code), "{script}");
        let signal = ["SIGKILL", "SIGABRT"].iter().find(|name| output.stderr.contains(*name));
        assert_eq!(signal.is_some(), code > 128, "{output:?}");
    }
    // A program that is itself ended by a signal, as the first of its container.
    let traced = stand.sh(&[], "trap 'exit 3' USR1; echo up; while :; do sleep 0.1; done");
    let mut process = started(traced);
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "up");
    stand.engine.docker(&["kill", "--signal", "KILL", &stand.containers()[0]]);
    assert_eq!(process.wait().expect("an end").code(), Some(137));
    stand.nothing_left();
}

#[test]
fn what_cannot_be_run_is_told_apart_as_docker_does() {
    let Some(stand) = Stand::new() else { return };
    let run = |words: &[&str]| stand.gate("run").args([Engine::BASE, "--"]).args(words);
    let absent = run(&["no-such-program"]).fails(127);
    assert!(absent.error()[1].contains("the PATH of the image"), "{absent:?}");
    let why = "there is no such command in testkit/base:1: exec: \"no-such-program\": executable file not found in $PATH";
    assert!(absent.error()[0].ends_with(why), "{absent:?}");
    let folder = run(&["/etc"]).fails(126);
    assert!(folder.error()[1].contains("may execute"), "{folder:?}");
    assert!(folder.error()[0].contains("cannot be executed"), "{folder:?}");
    let file = run(&["/etc/passwd"]).fails(126);
    assert!(file.error()[0].contains("permission denied"), "{file:?}");
    let image = stand.gate("run").args(["--pull", "never", "no/such:image", "--", "true"]).fails(125);
    assert!(image.error()[0].contains("there is no image no/such:image on the engine"), "{image:?}");
    let nowhere = stand.gate("run").args(["127.0.0.1:1/no/such:image", "--", "true"]).fails(125);
    assert!(nowhere.error()[0].contains("cannot pull the image 127.0.0.1:1/no/such:image"), "{nowhere:?}");
    let mount = stand.sh(&["--mount", "absent:/x"], "true").fails(125);
    let whole = |attempt: &str| format!("cannot {attempt} {}: No such file", stand.path("absent").display());
    assert!(mount.error()[0].contains(&whole("mount")), "{mount:?}");
    let copy = stand.sh(&["--copy", "absent:/x"], "true").fails(125);
    assert!(copy.error()[0].contains(&whole("copy")), "{copy:?}");
    let user = stand.sh(&["--user", "nobody-knows"], "true").fails(125);
    assert!(user.error()[0].contains("nobody-knows") && user.error()[1].contains("UID:GID"), "{user:?}");
    let network = stand.sh(&["--network", "no-such-network"], "true").fails(125);
    assert!(
        network.error()[0].contains("no-such-network") && network.error()[1].contains("network create"),
        "{network:?}"
    );
    let memory = stand.sh(&["--memory", "1k"], "true").fails(125);
    assert!(
        memory.error()[0].contains("cannot make a container of gate/volume:1: Minimum memory"),
        "{memory:?}"
    );
    stand.nothing_left();
}

#[test]
fn both_outputs_arrive_as_they_are_and_apart() {
    let Some(stand) = Stand::new() else { return };
    let output = stand.sh(&[], "printf 'a\\000b\\r\\n'; echo error >&2; printf 'no end'").succeeds();
    assert_eq!(output.stdout, b"a\0b\r\nno end");
    assert_eq!(output.stderr, "error\n");
    stand.nothing_left();
}

#[test]
fn output_comes_while_the_command_runs() {
    let Some(stand) = Stand::new() else { return };
    let mount = format!("{}:/shared", stand.path("").display());
    let mut process =
        started(stand.sh(
            &["--mount", &mount],
            "echo first; until [ -e /shared/go ]; do sleep 0.05; done; echo second",
        ));
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    // It goes on only when its first line was read here.
    assert_eq!(line(&mut out), "first");
    stand.write("go", "");
    assert_eq!(line(&mut out), "second");
    assert!(process.wait().expect("an end").success());
    stand.nothing_left();
}

#[test]
fn a_reader_that_leaves_does_not_end_the_command() {
    let Some(stand) = Stand::new() else { return };
    let mut process = started(stand.sh(&[], "yes | head -c 1000000; exit 5"));
    let mut out = BufReader::new(process.stdout.take().expect("a pipe"));
    assert_eq!(line(&mut out), "y");
    drop(out);
    assert_eq!(process.wait().expect("an end").code(), Some(5));
    stand.nothing_left();
}

#[test]
fn a_hundred_megabytes_of_output_take_little_memory() {
    let Some(stand) = Stand::new() else { return };
    let loud = "yes 0123456789012345678901234567890123456789012345678901234567890 | head -c 100000000";
    let kib = peak(stand.sh(&[], loud), &stand.path("peak"));
    assert!(kib < MOST_KIB, "{kib} KiB");
    let counted = stand.sh(&["--env", "TOKEN"], loud).env("TOKEN", "not-in-there").run();
    assert_eq!((counted.code, counted.stdout.len()), (Some(0), 100_000_000));
    stand.nothing_left();
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let Some(stand) = Stand::new() else { return };
    let hangs = stand.sh(&["--timeout", "5s", "--stop-timeout", "0"], "echo begun; sleep 1000");
    let trap = "trap 'echo ending; exit 0' TERM; while :; do sleep 0.1; done";
    let obeys = stand.sh(&["--timeout", "5s", "--stop-timeout", "30"], trap);
    let setup = stand.sh(&["--setup", "sleep 1000", "--timeout", "1s"], "true");
    // At once, or this would be a test that waits.
    let [hangs, obeys, setup] = std::thread::scope(|scope| {
        [hangs, obeys, setup]
            .map(|tool| scope.spawn(move || tool.run()))
            .map(|run| run.join().expect("a run"))
    });
    assert_eq!((hangs.code, hangs.stdout()), (Some(124), "begun\n"), "{hangs:?}");
    assert!(hangs.stderr.contains("not through within 5.0 s and is ended"), "{hangs:?}");
    assert_eq!((obeys.code, obeys.stdout()), (Some(124), "ending\n"), "{obeys:?}");
    assert_eq!(setup.code, Some(124), "{setup:?}");
    assert!(setup.stderr.contains("before the command has begun"), "{setup:?}");
    stand.nothing_left();
}

#[test]
fn who_needs_too_much_memory_is_killed_and_it_is_said_why() {
    let Some(stand) = Stand::new() else { return };
    let greedy = stand.sh(&["--memory", "16m"], GREEDY).run();
    assert_eq!(greedy.code, Some(137), "{greedy:?}");
    assert!(greedy.stderr.contains("had used up its memory of 16777216 bytes"), "{greedy:?}");
    stand.nothing_left();
}

#[test]
fn secrets_go_in_by_name_and_are_shown_nowhere() {
    let Some(stand) = Stand::new() else { return };
    let options = ["--env", "TOKEN", "--env", "MODE=visible"];
    let script = "echo \"$TOKEN $MODE\"; printf %s \"$TOKEN\" | head -c 4; echo; echo \"$TOKEN\" >&2; [ ${#TOKEN} = 14 ]";
    let output =
        stand.sh(&options, script).env("TOKEN", "s3cret-t0ken-x").env("IMAGE_GATE_VERBOSE", "2").run();
    assert_eq!((output.code, output.stdout()), (Some(0), "*** visible\ns3cr\n"), "{output:?}");
    assert!(output.stderr.contains("***\n") && !output.stderr.contains("s3cret-t0ken-x"), "{output:?}");
    let unset = stand.sh(&["--env", "TOKEN"], "true").fails(2);
    assert!(unset.error()[0].contains("cannot hand over the variable TOKEN: it is not set"), "{unset:?}");
    stand.nothing_left();
}

#[test]
fn setup_is_done_by_root_and_the_command_by_its_user() {
    let Some(stand) = Stand::new() else { return };
    stand.write("code/tests/one", "1");
    let setup =
        ["--setup", "id -u > /by-root", "--setup", "chown 1000 /by-root; cat /app/tests/one >> /by-root"];
    let options = [&setup[..], &["--copy", "code:/app", "--user", "tester", "--workdir", "/app"]].concat();
    let output =
        stand.sh(&options, "id -u; id -g; cat /by-root; pwd; echo new > tests/two && ls tests").succeeds();
    assert_eq!(output.stdout(), "1000\n1000\n0\n1/app\none\ntwo\n");
    let fails = stand.sh(&["--setup", "exit 4", "--setup", "echo never"], "echo never").fails(125);
    assert_eq!(fails.stdout(), "");
    assert!(fails.error()[0].contains("--setup ended with 4"), "{fails:?}");
    assert!(fails.stderr.contains("--setup 'exit 4' ended with 4"), "{fails:?}");
    stand.nothing_left();
}

#[test]
fn volumes_of_an_image_pass_from_setup_to_the_command_and_go_with_it() {
    let Some(stand) = Stand::new() else { return };
    let setup = stand.sh(&["--setup", "echo kept > /data/x"], "cat /data/x").succeeds();
    assert_eq!(setup.stdout(), "kept\n");
    // A container that is there says that this counts volumes at all.
    let mounted = stand.sh(&[], "grep ' /data ' /proc/mounts").succeeds();
    assert!(!mounted.stdout().is_empty(), "{mounted:?}");
    stand.nothing_left();
}

#[test]
fn reports_come_back_whether_or_not_the_command_fails() {
    let Some(stand) = Stand::new() else { return };
    let script = "mkdir -p /out/html; echo '<x/>' > /out/junit.xml; echo page > /out/html/index.html; ln -s /etc /out/link; exit 6";
    let options =
        ["--artifact", "/out:reports", "--artifact", "/out/junit.xml:single", "--artifact", "absent:none"];
    let output = stand.sh(&options, script).run();
    assert_eq!(output.code, Some(6), "{output:?}");
    for (name, content) in [
        ("reports/junit.xml", "<x/>\n"),
        ("reports/html/index.html", "page\n"),
        ("single/junit.xml", "<x/>\n"),
    ] {
        assert_eq!(std::fs::read_to_string(stand.path(name)).ok().as_deref(), Some(content), "{name}");
    }
    assert!(!stand.path("reports/link").exists());
    assert!(output.stderr.contains("there is no /absent in the container"), "{output:?}");
    stand.nothing_left();
}

#[test]
fn the_image_says_what_is_run_unless_something_else_is_asked_for() {
    let Some(stand) = Stand::new() else { return };
    let dockerfile = format!("FROM {}\nENTRYPOINT [\"echo\", \"entry\"]\nCMD [\"own\"]\n", Engine::BASE);
    stand.engine.build("gate/entry:1", &dockerfile);
    for (options, command, expected) in [
        (vec![], vec![], "entry own\n"),
        (vec![], vec!["--", "mine"], "entry mine\n"),
        (vec!["--entrypoint", "printf"], vec!["--", "%s.", "a"], "a."),
        (vec!["--entrypoint", ""], vec!["--", "echo", "x"], "x\n"),
    ] {
        let output = stand.gate("run").args(&options).arg("gate/entry:1").args(&command).succeeds();
        assert_eq!(output.stdout(), expected, "{options:?} {command:?}");
    }
    let nothing = stand.gate("run").args(["--entrypoint", "", "gate/entry:1"]).fails(2);
    assert!(nothing.error()[0].contains("there is no command to run"), "{nothing:?}");
    stand.nothing_left();
}

#[test]
fn mounts_are_seen_and_may_be_for_reading_only() {
    let Some(stand) = Stand::new() else { return };
    stand.write("in/file", "content");
    let options = ["--mount", "in:/ro:ro", "--mount", "in:/rw"];
    let output = stand
        .sh(&options, "cat /ro/file; touch /ro/new 2>/dev/null || echo ' kept'; touch /rw/new")
        .succeeds();
    assert_eq!(output.stdout(), "content kept\n");
    assert!(stand.path("in/new").exists());
    stand.nothing_left();
}
