//! Tools as processes: with signals, and with a look at how much memory they take.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use testkit::Tool;

/// The same command, behind the words of another program.
fn behind(words: &[&str], command: &Command) -> Command {
    let (program, arguments) = words.split_first().expect("a program");
    let mut all = Command::new(program);
    all.args(arguments)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    all
}

/// The run, with the signals as a shell sets them: who runs the tests may ignore some, and that is inherited.
pub(crate) fn interruptible(command: &Command) -> Command {
    let mut all = behind(&["env", "--default-signal=INT,TERM,HUP,QUIT", "--"], command);
    all.stdin(Stdio::null());
    all
}

pub(crate) fn send(signal: &str, process: &Child) {
    let sent = Command::new("kill").args(["-s", signal, &process.id().to_string()]).status();
    assert!(sent.expect("procps").success(), "{signal} was not sent");
}

/// Runs it to a successful end, throws away what it prints, and says how much of it was in memory at most, in KiB.
pub(crate) fn peak(tool: Tool, told: &Path) -> u64 {
    let file = told.display().to_string();
    let mut timed = behind(&["time", "--format", "%M", "--output", &file], &tool.into_command());
    let output = timed.stdout(Stdio::null()).output().expect("GNU time is installed: apt-get install time");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = std::fs::read_to_string(told).expect("a number");
    told.trim().parse().unwrap_or_else(|error| panic!("{told}: {error}"))
}
