//! Python, for clients that were written by others.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python that has this module, or several with commas between; none, after saying so, where there is none.
///
/// `ci/test` installs what `ci/requirements.txt` names and sets `E2E_PYTHON`: a module that is missing there is an error.
///
/// # Panics
/// When `E2E_PYTHON` is set and has no such module.
pub fn python(module: &str) -> Option<PathBuf> {
    let named = std::env::var_os("E2E_PYTHON").map(PathBuf::from);
    let in_target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    let candidates = match &named {
        Some(named) => vec![named.clone()],
        None => vec![in_target, PathBuf::from("python3")],
    };
    let has = |python: &PathBuf| {
        let run = Command::new(python).args(["-c", &format!("import {module}")]).output();
        run.is_ok_and(|run| run.status.success())
    };
    let found = candidates.into_iter().find(has);
    assert!(found.is_some() || named.is_none(), "E2E_PYTHON has no module {module}: see ci/requirements.txt");
    if found.is_none() {
        skipped(&format!("no Python with the module {module}; ci/test installs one"));
    }
    found
}

/// Says that a test did not run, past the test harness, which keeps what a passing test says to itself.
pub fn skipped(why: &str) {
    use std::io::Write;
    // Nobody to tell is no reason to fail.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
