//! The git binary, for what talks to a server: `--deepen` and `tag --push`. Everything else reads without it.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use contract::{Exit, Explain};
use tracing::debug;

use crate::cli::HistoryArgs;

/// What moves git from the folder that it is called in to another repository.
const ELSEWHERE: [&str; 5] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"];

/// Git in one repository.
pub(crate) struct Git {
    /// The folder that was named; without one git finds the repository as [`history::Repository::here`] does.
    folder: Option<PathBuf>,
    identity: Vec<(&'static str, String)>,
}

/// A call that did not do what it was for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error("cannot {action}: the git binary cannot be started")]
    NoGit { action: String, source: io::Error },
    #[error("cannot {action}: git says: {said}")]
    Refused { action: String, said: String },
}

impl Explain for GitError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoGit { .. } => "install git in the job's image".into(),
            Self::Refused { said, .. } if said.contains("dubious ownership") => {
                "run 'git config --global --add safe.directory DIR' for it, or clone as the user of this job"
                    .into()
            }
            Self::Refused { .. } => "the same command by hand tells more; -v shows it".into(),
        })
    }
}

impl Git {
    /// Git in the repository that the history is read from.
    pub(crate) fn of(history: &HistoryArgs) -> Self {
        Self { folder: history.repository.clone(), identity: Vec::new() }
    }

    /// Runs git and returns what it printed. `action` names what it is for: "push the tag 1.4.3".
    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        action: &str,
        args: impl IntoIterator<Item = S>,
        stdin: &str,
    ) -> Result<String, GitError> {
        let mut command = Command::new("git");
        if let Some(folder) = &self.folder {
            command.arg("-C").arg(folder);
            for name in ELSEWHERE {
                command.env_remove(name);
            }
        }
        command.args(args);
        // Its messages are looked into, and nobody is there to type a password.
        command.env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        command.envs(self.identity.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        debug!("{}", shown(&command));
        let failed = |source| GitError::NoGit { action: action.to_owned(), source };
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut pipe) = child.stdin.take() {
            // One that does not read its input says why in its own words.
            let _ = pipe.write_all(stdin.as_bytes());
        }
        let output = child.wait_with_output().map_err(failed)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            return Ok(text(&output.stdout));
        }
        Err(GitError::Refused { action: action.to_owned(), said: telling(&text(&output.stderr)) })
    }

    /// Fetches the history and the tags that a shallow clone left out. Without `trees` only commits come, which is a
    /// tenth of it or less.
    pub(crate) fn deepen(&self, remote: &str, trees: bool) -> Result<(), GitError> {
        let filter = if trees { "--filter=blob:none" } else { "--filter=tree:0" };
        self.fetch("the missing history", remote, &[filter, "--unshallow", "--tags"])
    }

    /// Fetches the tags of all branches.
    pub(crate) fn fetch_tags(&self, remote: &str) -> Result<(), GitError> {
        self.fetch("the tags", remote, &["--filter=blob:none", "--tags"])
    }

    /// Fetches the folders that a clone of commits alone has left out; git 2.36 and later can.
    pub(crate) fn fetch_trees(&self, remote: &str) -> Result<(), GitError> {
        self.fetch("the missing folders", remote, &["--refetch", "--filter=blob:none", "--tags"])
    }

    /// Fetches with a filter, which git notes for all fetches to come. That is taken back: whoever fetches next, and be
    /// it the next job in a kept clone, wants the files that it checks out.
    fn fetch(&self, what: &str, remote: &str, options: &[&str]) -> Result<(), GitError> {
        let noted = format!("remote.{remote}.partialclonefilter");
        let config = |args: &[&str]| self.run("keep the clone's filter", [&["config"], args].concat(), "");
        let before = config(&["--get", &noted]).ok();
        let args = [&["fetch", "--quiet"], options, &["--", remote]].concat();
        let fetched = self.run(&format!("fetch {what} from {remote}"), args, "");
        match before {
            Some(filter) => config(&[&noted, &filter]).map(drop)?,
            // Nothing is noted where the server knows no filters.
            None => drop(config(&["--unset", &noted])),
        }
        fetched.map(drop)
    }

    /// Makes sure that git knows whose name to write into a tag: its own configuration, else the pipeline's person.
    pub(crate) fn identify(&mut self) -> Result<String, GitError> {
        let action = "find out who makes the tag";
        let own = self.run(action, ["var", "GIT_COMMITTER_IDENT"], "");
        let person = |name: [&str; 2]| {
            let value = |name: &&str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
            name.iter().find_map(value)
        };
        let name = person(["GITLAB_USER_NAME", "GITHUB_ACTOR"]);
        match (own, name) {
            (Err(GitError::Refused { .. }), Some(name)) => {
                let email =
                    person(["GITLAB_USER_EMAIL", "EMAIL"]).unwrap_or_else(|| "noreply@localhost".into());
                self.identity = vec![("GIT_COMMITTER_NAME", name), ("GIT_COMMITTER_EMAIL", email)];
                self.run(action, ["var", "GIT_COMMITTER_IDENT"], "")
            }
            (own, _) => own,
        }
    }
}

fn shown(command: &Command) -> String {
    let words = command.get_args().map(OsStr::to_string_lossy);
    format!("git {}", words.collect::<Vec<_>>().join(" "))
}

/// The line that says what went wrong, among advice and progress.
fn telling(stderr: &str) -> String {
    let lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:"));
    let lines: Vec<&str> = lines.collect();
    let first = |marks: &[&str]| lines.iter().find(|line| marks.iter().any(|mark| line.contains(mark)));
    let line = first(&["fatal: "]).or_else(|| first(&["error: ", "rejected]"])).or(lines.last());
    line.map_or_else(|| "nothing".into(), |line| (*line).trim_start_matches("fatal: ").to_owned())
}
