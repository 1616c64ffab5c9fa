//! Runs our own binaries as a user's shell would, but with a clean environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The names of all tools, as cargo and users know them.
pub fn tools() -> [&'static str; 8] {
    [
        "versioner",
        "loc-badge",
        "image-promote",
        "props",
        "compose-rewrite",
        "release",
        "image-track",
        "image-gate",
    ]
}

/// A run of the tool with this name, with no arguments yet.
///
/// # Panics
/// When the tools cannot be built: a test without the binary it tests has nothing to say.
pub fn tool(name: &str) -> Tool {
    assert!(tools().contains(&name), "no tool is called {name}");
    Tool::at(&binaries().join(name))
}

/// A command line being put together.
#[must_use]
pub struct Tool {
    name: String,
    command: Command,
    stdin: Option<Vec<u8>>,
}

impl Tool {
    /// A run of this program, whatever it is called.
    pub fn at(program: &Path) -> Self {
        let mut command = Command::new(program);
        // What the machine or the CI job has set must not change what a test sees.
        command.env_clear();
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        // Neither a folder of the user nor one of its session: logins are kept in both.
        command.env("HOME", "/nonexistent").env("XDG_RUNTIME_DIR", "/nonexistent");
        let name = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { name, command, stdin: None }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds several arguments.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the environment, which is otherwise empty but for PATH, HOME and the locale.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in this folder.
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Feeds these bytes to standard input, which is otherwise empty.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// The process to be, for tests that need its pipes.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn run(mut self) -> Output {
        let line = self.describe();
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.take()) {
            // A tool that ends before it has read all of its input closes the pipe; its exit code tells why.
            let _ = pipe.write_all(&bytes);
        }
        let output =
            child.wait_with_output().unwrap_or_else(|error| panic!("cannot wait for {line}: {error}"));
        Output {
            line,
            name: self.name,
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs it and expects exit code 0.
    ///
    /// # Panics
    /// With the whole output, when it ends otherwise.
    pub fn succeeds(self) -> Output {
        self.run().expect_code(0)
    }

    /// Runs it and expects this exit code, and an error message of at most two lines that names the tool.
    ///
    /// # Panics
    /// With the whole output, when it ends otherwise.
    pub fn fails(self, code: i32) -> Output {
        let output = self.run().expect_code(code);
        let error = output.error();
        assert!((1..=2).contains(&error.len()), "one or two lines of error expected from {output:?}");
        output
    }

    fn describe(&self) -> String {
        let args: Vec<OsString> = self.command.get_args().map(OsStr::to_owned).collect();
        let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        format!("{} {}", self.name, args.join(" "))
    }
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Output {
    line: String,
    name: String,
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Standard output as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap_or_else(|error| panic!("{}: stdout: {error}", self.line))
    }

    /// The lines of the error message, without warnings and progress before it.
    pub fn error(&self) -> Vec<&str> {
        let start = format!("{}: ", self.name);
        let lines: Vec<&str> = self.stderr.lines().collect();
        let first = lines.iter().rposition(|line| line.starts_with(&start)).unwrap_or(0);
        lines[first..].to_vec()
    }

    fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.line,
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        );
        self
    }
}

/// The folder of the binaries: `E2E_BIN_DIR`, or where this test was built, brought up to date first, because cargo
/// builds no binary of another package for a test and a stale one would be tested in silence.
///
/// # Panics
/// When the tools do not build.
pub fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| match env::var_os("E2E_BIN_DIR") {
        Some(folder) => folder.into(),
        None => build(),
    })
}

fn build() -> PathBuf {
    let test = env::current_exe().unwrap_or_else(|error| panic!("where is this test: {error}"));
    let folder =
        test.parent().and_then(Path::parent).unwrap_or_else(|| panic!("no target folder above {test:?}"));
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--workspace", "--bins", "--profile", profile]).current_dir(root);
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    let status = command.status().unwrap_or_else(|error| panic!("cannot start cargo: {error}"));
    assert!(status.success(), "the tools do not build");
    folder.to_owned()
}
