//! `ci/install.sh`, against a server with a release on it, by a newcomer who has a shell and little else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::FileServer;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ci/install.sh");
const VERSION: &str = "1.2.3";

/// A release with one archive of a tool that is a shell script, and one of all tools.
struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let release = Self { folder: tempfile::tempdir().expect("a folder") };
        release.archive("props", &["props"]);
        release.archive("pypelines", &["props", "versioner"]);
        release.sum();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    fn archive(&self, name: &str, tools: &[&str]) {
        let arch = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };
        let folder = format!("{name}-{VERSION}-linux-{arch}");
        let inside = self.folder.path().join(&folder);
        fs::create_dir_all(&inside).expect("a folder");
        fs::write(inside.join("README.md"), "# Tools\n").expect("a file");
        for tool in tools {
            fs::write(inside.join(tool), format!("#!/bin/sh\necho {tool} {VERSION}\n")).expect("a file");
            shell(&format!("chmod 755 '{}'", inside.join(tool).display()));
        }
        fs::create_dir_all(self.path("")).expect("a folder");
        let archive = self.path(&format!("{folder}.tar.gz"));
        shell(&format!("tar -czf '{}' -C '{}' {folder}", archive.display(), self.folder.path().display()));
    }

    fn sum(&self) {
        shell(&format!("cd '{}' && sha256sum *.tar.gz > SHA256SUMS", self.path("").display()));
    }

    /// What a person gets who types this behind `sh install.sh`.
    fn install(&self, arguments: &[&str], home: &Path) -> (Output, String) {
        let server = FileServer::start();
        for file in fs::read_dir(self.path("")).expect("files").flatten() {
            let name = format!("/1.2.3/{}", file.file_name().to_string_lossy());
            server.put(&name, fs::read(file.path()).expect("a file"));
        }
        let output = Command::new("sh")
            .arg(SCRIPT)
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("PYPELINES_BASE_URL", format!("{}/1.2.3/", server.url()))
            .env("PYPELINES_VERSION", VERSION)
            .output()
            .expect("sh runs");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, told)
    }
}

fn shell(line: &str) {
    let status = Command::new("sh").args(["-c", line]).status().expect("sh runs");
    assert!(status.success(), "{line}");
}

/// The tools that are installed in a home.
fn installed(home: &Path) -> Vec<String> {
    let found = fs::read_dir(home.join(".local/bin")).into_iter().flatten().flatten();
    let mut names: Vec<_> = found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn all_tools_are_installed_or_those_that_are_named_and_again() {
    let release = Release::new();
    let home = tempfile::tempdir().expect("a folder");
    for (arguments, expected) in [
        (&["props"][..], &["props"][..]),
        (&[], &["props", "versioner"]),
        (&["props"], &["props", "versioner"]),
    ] {
        let (output, told) = release.install(arguments, home.path());
        assert!(output.status.success(), "{arguments:?}: {told}");
        assert_eq!(installed(home.path()), expected, "{arguments:?}");
        assert!(told.contains("is not in PATH"), "{told}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("props 1.2.3"), "{output:?}");
    }
}

#[test]
fn what_is_not_right_is_named_and_nothing_is_installed() {
    type Spoil = fn(&Release);
    let rows: [(&str, &[&str], Spoil, i32, &str); 6] = [
        (
            "another file",
            &["props"],
            |release| {
                release.archive("props", &["props", "more"]);
            },
            1,
            "is not what SHA256SUMS says",
        ),
        (
            "half a download",
            &[],
            |release| {
                let name = fs::read_dir(release.path("")).expect("files").flatten().map(|entry| entry.path());
                let name = name
                    .into_iter()
                    .find(|path| path.to_string_lossy().contains("pypelines"))
                    .expect("it is there");
                let bytes = fs::read(&name).expect("a file");
                fs::write(&name, &bytes[..bytes.len() / 2]).expect("a file");
            },
            1,
            "the download was cut off",
        ),
        ("no such tool", &["propz"], |_| {}, 1, "it has for this platform and version: props pypelines"),
        ("no such version", &["--version", "9.9.9"], |_| {}, 1, "has no pypelines-9.9.9-linux-"),
        (
            "no checksums",
            &[],
            |release| {
                fs::remove_file(release.path("SHA256SUMS")).expect("it was there");
            },
            1,
            "check PYPELINES_BASE_URL",
        ),
        (
            "a folder that cannot be made",
            &["--to", "/dev/null/bin"],
            |_| {},
            1,
            "choose another one with --to",
        ),
    ];
    for (name, arguments, spoil, code, words) in rows {
        let release = Release::new();
        spoil(&release);
        let home = tempfile::tempdir().expect("a folder");
        let (output, told) = release.install(arguments, home.path());
        assert_eq!(output.status.code(), Some(code), "{name}: {told}");
        assert!(told.contains(words), "{name}: {told}");
        assert_eq!(installed(home.path()), Vec::<String>::new(), "{name}");
    }
}
