//! Chromium, headless, to look at what a person will look at.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::skipped;

/// A browser that is at hand.
pub struct Browser(());

impl Browser {
    /// The browser; none, after saying that nobody looked at `what`, where there is none.
    ///
    /// # Panics
    /// When there is none in CI: `ci/test` installs it.
    pub fn find(what: &str) -> Option<Self> {
        let version =
            Command::new("chromium").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        let found = version.is_ok_and(|status| status.success());
        assert!(found || std::env::var_os("CI").is_none(), "CI has to have chromium: ci/test installs it");
        if !found {
            skipped(&format!("{what} in a browser; there is no chromium here"));
        }
        found.then_some(Self(()))
    }

    /// Opens a page with these options, as somebody who was never here before, and returns what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub fn open(&self, page: &Path, options: &[&str]) -> Vec<u8> {
        let profile = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a profile: {error}"));
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(options)
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap_or_else(|error| panic!("chromium does not start: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}
