//! What `compose-rewrite` does, seen by a parser that it shares nothing with: PyYAML.

use std::path::Path;
use std::process::Command;

use testkit::{binaries, python};

#[test]
fn an_independent_parser_sees_the_asked_for_change_and_no_other() {
    let Some(python) = python("yaml") else { return };
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
