//! What every tool promises, checked for every tool alike.

use testkit::{tool, tools};

#[test]
fn help_and_version_go_to_stdout() {
    for name in tools() {
        let help = tool(name).arg("--help").succeeds();
        assert!(help.stdout().contains(&format!("Usage: {name}")), "{help:?}");
        assert_eq!(help.stderr, "", "{name}");
        let version = tool(name).arg("--version").succeeds();
        assert_eq!(
            version.stdout(),
            format!("{name} {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[test]
fn an_unknown_flag_is_wrong_usage() {
    for name in tools() {
        let output = tool(name).arg("--no-such-flag").fails(2);
        assert!(output.error()[0].contains("--no-such-flag"), "{output:?}");
        assert_eq!(output.stdout(), "", "{name}");
    }
}
