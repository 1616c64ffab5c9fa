//! Makes git repositories with the real git: the same script gives the same commit ids on every machine and day.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The date of the first commit, 2024-01-01T00:00:00Z. Each later one is a minute younger.
const FIRST: u64 = 1_704_067_200;
const STEP: u64 = 60;

/// A git repository being written. Its files are gone when it is dropped, unless it was made [`Repository::at`] a path.
pub struct Repository {
    folder: PathBuf,
    clock: u64,
    _temporary: Option<TempDir>,
}

impl Repository {
    /// An empty repository on branch `main`, in a temporary folder.
    pub fn new() -> Self {
        Self::with_options(&[])
    }

    /// An empty repository on branch `main` in this folder, which is made if need be.
    pub fn at(folder: &Path) -> Self {
        Self::init(folder, &[])
    }

    /// Like [`Repository::new`], with options for `git init`, such as `--object-format=sha256`.
    pub fn with_options(options: &[&str]) -> Self {
        let temporary = temporary();
        Self::init(temporary.path(), options).keep(temporary)
    }

    fn init(folder: &Path, options: &[&str]) -> Self {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("cannot make {folder:?}: {error}"));
        let repository = Self { folder: folder.to_owned(), clock: FIRST, _temporary: None };
        repository.git(["init", "--quiet"].iter().chain(options));
        repository
    }

    fn keep(mut self, temporary: TempDir) -> Self {
        self._temporary = Some(temporary);
        self
    }

    /// Where its working tree is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of the working tree, and the folders above it.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.join(path);
        let written =
            path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, content));
        written.unwrap_or_else(|error| panic!("cannot write {path:?}: {error}"));
        self
    }

    /// Commits whatever is in the working tree, even if nothing has changed, and returns the commit's id.
    pub fn commit(&mut self, message: &str) -> String {
        self.clock += STEP;
        self.git(["add", "--all"]);
        self.git([
            "commit",
            "--quiet",
            "--allow-empty",
            "--allow-empty-message",
            "--cleanup=verbatim",
            "-m",
            message,
        ]);
        self.head()
    }

    /// Puts a light tag on HEAD.
    pub fn tag(&self, name: &str) -> &Self {
        self.git(["tag", name]);
        self
    }

    /// Puts an annotated tag on HEAD, dated after everything before it.
    pub fn annotated_tag(&mut self, name: &str, message: &str) -> &mut Self {
        self.clock += STEP;
        self.git(["tag", "--annotate", name, "-m", message]);
        self
    }

    /// Makes a branch at HEAD and switches to it.
    pub fn branch(&self, name: &str) -> &Self {
        self.git(["switch", "--quiet", "--create", name]);
        self
    }

    /// Switches to a branch that exists.
    pub fn switch(&self, name: &str) -> &Self {
        self.git(["switch", "--quiet", name]);
        self
    }

    /// Leaves the branch, as a CI job's checkout does.
    pub fn detach(&self) -> &Self {
        self.git(["switch", "--quiet", "--detach"]);
        self
    }

    /// Merges a branch into the current one, always with a commit, and returns its id.
    pub fn merge(&mut self, branch: &str, message: &str) -> String {
        self.clock += STEP;
        self.git(["merge", "--quiet", "--no-ff", "-m", message, branch]);
        self.head()
    }

    /// A clone of the current branch with only the newest `depth` commits, with the tags that stand on them.
    pub fn clone_at_depth(&self, depth: u32) -> Self {
        let temporary = temporary();
        let clone = temporary.path().join("clone");
        let source = format!("file://{}", self.folder.display());
        let depth = depth.to_string();
        let target = clone.to_string_lossy();
        self.git(["clone", "--quiet", "--depth", depth.as_str(), source.as_str(), &target]);
        Self { folder: clone, clock: self.clock, _temporary: None }.keep(temporary)
    }

    /// The id of the commit that is checked out.
    pub fn head(&self) -> String {
        self.git(["rev-parse", "HEAD"])
    }

    /// Moves the clock to this many seconds after 1970; the next commit is a minute younger.
    pub fn set_clock(&mut self, seconds: u64) -> &mut Self {
        self.clock = seconds;
        self
    }

    /// Runs git in the working tree, and returns what it printed, without the last line's end.
    ///
    /// # Panics
    /// With what git said, when it fails.
    pub fn git<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> String {
        let mut command = Command::new("git");
        let date = format!("@{} +0000", self.clock);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in HERMETIC {
            command.env(name, value);
        }
        command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        for (name, value) in CONFIGURATION {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        command.args(args).current_dir(&self.folder);
        let output = command.output().unwrap_or_else(|error| panic!("cannot start git: {error}"));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        assert!(output.status.success(), "{command:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}

/// What of the machine and its user git must not see.
const HERMETIC: [(&str, &str); 9] = [
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("HOME", "/nonexistent"),
    ("LC_ALL", "C.UTF-8"),
    ("GIT_AUTHOR_NAME", "Test"),
    ("GIT_AUTHOR_EMAIL", "test@example.com"),
    ("GIT_COMMITTER_NAME", "Test"),
    ("GIT_COMMITTER_EMAIL", "test@example.com"),
];

const CONFIGURATION: [(&str, &str); 6] = [
    ("init.defaultBranch", "main"),
    ("commit.gpgSign", "false"),
    ("tag.gpgSign", "false"),
    ("core.hooksPath", "/dev/null"),
    ("advice.detachedHead", "false"),
    ("maintenance.auto", "false"),
];

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("cannot make a temporary folder: {error}"))
}

#[cfg(test)]
mod tests {
    use super::Repository;

    #[test]
    fn the_same_script_gives_the_same_commit() {
        let play = || {
            let mut repository = Repository::new();
            repository.write("a/b", "text");
            repository.commit("feat: one");
            repository.branch("side");
            repository.commit("fix: two");
            repository.switch("main").detach().switch("main");
            repository.merge("side", "Merge branch 'side'")
        };
        let first = play();
        assert_eq!(first.len(), 40);
        assert_eq!(first, play());
    }

    #[test]
    fn a_shallow_clone_ends_early() {
        let mut repository = Repository::new();
        for message in ["one", "two", "three"] {
            repository.commit(message);
        }
        let clone = repository.clone_at_depth(2);
        assert_eq!(clone.git(["log", "--format=%s"]), "three\ntwo");
        assert_eq!(clone.head(), repository.head());
    }
}
