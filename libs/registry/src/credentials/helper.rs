//! Programs that know credentials: `docker-credential-NAME get`
//! (<https://github.com/docker/docker-credential-helpers#development>).

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::Secret;
use serde::Deserialize;

use super::Login;

/// No honest answer is longer, in bytes.
const ANSWER_LIMIT: u64 = 64 * 1024;
/// How often to look whether a helper has ended.
const GLANCE: Duration = Duration::from_millis(5);
/// How long reading what a helper has said may take when it has ended.
const LINGER: Duration = Duration::from_millis(250);
/// The user that says: the secret is an identity token.
const TOKEN_USER: &str = "<token>";
const NOT_FOUND: &str = "credentials not found";

/// The helpers of a run. Each is asked for a registry once, and not before somebody wants to know.
#[derive(Debug, Default)]
pub(super) struct Helpers {
    patience: Duration,
    known: Mutex<HashMap<(String, String), Option<Login>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Answer {
    username: String,
    secret: String,
}

impl Helpers {
    /// Helpers that get so much time for an answer.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, known: Mutex::default() }
    }

    /// What the helper with this name knows of a registry. `setting` is what names it, for messages.
    pub(super) fn ask(&self, name: &str, host: &str, setting: &str) -> Option<Login> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name.to_owned(), host.to_owned());
        let place = format!("docker-credential-{name} ({setting})");
        let asked = known.entry(key).or_insert_with(|| match self.run(name, host) {
            Ok(answer) => answer.map(|answer| answer.login(place)),
            Err(reason) => {
                tracing::warn!("no credentials for {host} from {place}: {reason}; looking elsewhere");
                None
            }
        });
        asked.clone()
    }

    fn run(&self, name: &str, host: &str) -> Result<Option<Answer>, String> {
        if name.contains(['/', '\\']) {
            return Err("this is no name of a helper".into());
        }
        let mut child = Command::new(format!("docker-credential-{name}"))
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => "it is not installed".to_owned(),
                _ => format!("it does not start ({error})"),
            })?;
        if let Some(mut stdin) = child.stdin.take() {
            // A helper that does not read is judged by what it says. Dropping the pipe ends its input.
            let _ = stdin.write_all(server(host).as_bytes());
        }
        let (told, complaint) = (Pipe::read(child.stdout.take()), Pipe::read(child.stderr.take()));
        match wait(&mut child, Instant::now() + self.patience) {
            Some(status) => read(status.success(), &told.take(), &complaint.take()),
            None => {
                // It may have ended just now; what matters is that it is gone.
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("it gave no answer within {} s", self.patience.as_secs()))
            }
        }
    }
}

impl Answer {
    fn login(self, place: String) -> Login {
        let secret = Some(Secret::new(&self.secret));
        if self.username == TOKEN_USER {
            Login { identity: secret, place, ..Login::default() }
        } else {
            Login { user: self.username, password: secret, place, ..Login::default() }
        }
    }
}

/// The name under which `docker login` keeps a registry.
fn server(host: &str) -> &str {
    if host == "docker.io" { "https://index.docker.io/v1/" } else { host }
}

/// A pipe that is read beside us: a helper that fills one of two would wait for ever otherwise.
struct Pipe {
    text: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Pipe {
    fn read(pipe: Option<impl Read + Send + 'static>) -> Self {
        let (sender, end) = channel();
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut pipe = pipe.map(|pipe| pipe.take(ANSWER_LIMIT));
            let mut piece = [0; 4096];
            // What cannot be read is not there.
            while let Some(Ok(length @ 1..)) = pipe.as_mut().map(|pipe| pipe.read(&mut piece)) {
                shared.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&piece[..length]);
            }
            // Nobody may be waiting any more.
            let _ = sender.send(());
        });
        Self { text, end }
    }

    /// What a program that has ended has said. A process that it left behind may hold the pipe open for ever.
    fn take(self) -> Vec<u8> {
        let _ = self.end.recv_timeout(LINGER);
        std::mem::take(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(GLANCE),
            _ => return None,
        }
    }
}

/// Understands an answer: none when the helper does not know the registry. The error shows nothing that may be secret.
fn read(succeeded: bool, told: &[u8], complaint: &[u8]) -> Result<Option<Answer>, String> {
    if succeeded {
        let answer: Answer =
            serde_json::from_slice(told).map_err(|_| "its answer makes no sense".to_owned())?;
        let empty = answer.username.is_empty() && answer.secret.is_empty();
        return Ok((!empty).then_some(answer));
    }
    let (told, complaint) = (String::from_utf8_lossy(told), String::from_utf8_lossy(complaint));
    if told.contains(NOT_FOUND) || complaint.contains(NOT_FOUND) {
        return Ok(None);
    }
    // By the protocol a failure is told on stdout; what looks like an answer stays here all the same.
    let told = told.lines().next().filter(|line| !line.trim().is_empty() && !line.contains('{'));
    let last = complaint.lines().rfind(|line| !line.trim().is_empty());
    let reason = told.or(last).map(|line| line.trim().chars().take(200).collect::<String>());
    Err(match reason {
        Some(reason) => format!("it failed: {reason}"),
        None => "it failed without a word".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_login_or_nothing_or_a_reason_without_a_secret() {
        let user = r#"{"ServerURL":"h","Username":"robot","Secret":"s3cret"}"#;
        let token = r#"{"ServerURL":"h","Username":"<token>","Secret":"s3cret"}"#;
        let table = [
            (true, user, "", "robot/s3cret/-"),
            (true, token, "", "/-/s3cret"),
            (true, r#"{"Username":"","Secret":""}"#, "", "nothing"),
            (true, "s3cret", "", "its answer makes no sense"),
            (true, "", "", "its answer makes no sense"),
            (false, "credentials not found in native keychain\n", "", "nothing"),
            (false, "", "Error: credentials not found in native keychain", "nothing"),
            (
                false,
                "pass not initialized: exit status 1\n",
                "more",
                "it failed: pass not initialized: exit status 1",
            ),
            (false, "", "first\nERROR: not logged in\n\n", "it failed: ERROR: not logged in"),
            (false, user, "", "it failed without a word"),
            (false, "", "", "it failed without a word"),
        ];
        for (succeeded, told, complaint, expected) in table {
            let found = match read(succeeded, told.as_bytes(), complaint.as_bytes()) {
                Ok(Some(answer)) => {
                    let Login { user, password, identity, .. } = answer.login("here".into());
                    let show = |secret: Option<Secret>| secret.map_or("-".into(), |s| s.expose().to_owned());
                    format!("{user}/{}/{}", show(password), show(identity))
                }
                Ok(None) => "nothing".into(),
                Err(reason) => reason,
            };
            assert_eq!(found, expected, "{succeeded} {told} {complaint}");
        }
    }

    #[test]
    fn a_helper_is_a_name_and_not_a_path() {
        let helpers = Helpers::new(Duration::from_secs(1));
        assert_eq!(helpers.run("../x", "h").err().as_deref(), Some("this is no name of a helper"));
        assert_eq!(helpers.run("no-such-helper", "h").err().as_deref(), Some("it is not installed"));
    }
}
