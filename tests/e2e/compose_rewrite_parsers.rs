//! What `compose-rewrite` does, seen by a parser that it shares nothing with: PyYAML.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use testkit::binaries;

/// The Python that `ci/test` prepares, or one of the system with PyYAML; none is no failure outside of `ci/test`.
fn python() -> Option<OsString> {
    if let Some(prepared) = env::var_os("E2E_PYTHON") {
        return Some(prepared);
    }
    let has_yaml = Command::new("python3").args(["-c", "import yaml"]).output();
    has_yaml.is_ok_and(|output| output.status.success()).then(|| "python3".into())
}

#[test]
fn an_independent_parser_sees_the_asked_for_change_and_no_other() {
    let Some(python) = python() else {
        // A test that did not run must not look like one that passed.
        eprintln!("NOT TESTED: no python3 with PyYAML here; set E2E_PYTHON or run ci/test");
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/compose_rewrite_parsers");
    let output = Command::new(python)
        .arg(folder.join("compare.py"))
        .arg(binaries().join("compose-rewrite"))
        .arg(folder.join("files"))
        .output()
        .expect("python starts");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    // Every variant of every service was compared, or refused for the reasons that the file was written for.
    assert_eq!(said.lines().last(), Some("48 good, 30 refused, 0 wrong, 0 unreadable"), "{said}");
}
