//! A machine with nothing on it but busybox: a folder as the root of the file system.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An empty root with a shell.
pub(crate) struct Bare {
    root: tempfile::TempDir,
}

impl Bare {
    /// None, after saying so, where there is no static busybox or no right to change the root.
    pub(crate) fn new() -> Option<Self> {
        let bare = Self::at(tempfile::tempdir().expect("a folder"));
        // Where a program throws its output away is a file here: nobody may make a device.
        for folder in ["bin", "dev", "tmp", "home/me"] {
            fs::create_dir_all(bare.path(folder)).expect("a folder");
        }
        fs::write(bare.path("dev/null"), "").expect("a file");
        let is_there = fs::copy("/bin/busybox", bare.path("bin/busybox")).is_ok();
        if is_there && bare.run(&["/bin/busybox", "--install", "-s", "/bin"]).status.success() {
            return Some(bare);
        }
        testkit::skipped("an empty root: this needs Debian's busybox-static and the right to chroot");
        None
    }

    /// This folder as a root.
    pub(crate) fn at(root: tempfile::TempDir) -> Self {
        // Who is not root in there comes in, too.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        Self { root }
    }

    /// Where something of it is for the rest of the machine.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Puts a file there.
    pub(crate) fn put(&self, from: &Path, path: &str) {
        fs::copy(from, self.path(path)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    /// A program in there, with nothing in its environment but PATH and HOME.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.command_as(None, words)
    }

    /// The same as the user and group of this number; where the tests do not run as root, as root all the same.
    pub(crate) fn command_as(&self, user: Option<u32>, words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        match user {
            _ if !is_root => command.args(["--user", "--map-root-user"]),
            Some(user) => command.args([format!("--setuid={user}"), format!("--setgid={user}")]),
            None => &mut command,
        };
        command.arg("--root").arg(self.root.path()).args(words);
        command.env_clear().env("PATH", "/bin:/usr/bin:/home/me/.local/bin").env("HOME", "/home/me");
        command
    }

    /// Runs a program in there to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("unshare runs")
    }
}
