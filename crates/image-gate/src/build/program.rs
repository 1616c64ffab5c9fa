//! Other programs: buildx, and those that know tags and labels.

use std::path::Path;
use std::process::Stdio;

use contract::Failure;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use super::say;
use crate::gate::Output;

/// So much is read at once.
const PIECE: usize = 16 * 1024;

/// Runs it, and passes on what it prints.
///
/// # Errors
/// When it is not there, or fails.
pub(crate) async fn passed_on(words: &[String], folder: &Path, output: &Output) -> Result<(), Failure> {
    let mut child = command(words, folder)?
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| absent(words, error))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    tokio::join!(pass(out, output), pass(err, output));
    let status = child.wait().await.map_err(|error| failed(words).because(error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::failed(format!("{} ended with {status}", shown(words))))
    }
}

/// Runs it, and returns what it prints.
///
/// # Errors
/// When it is not there, fails, or prints no text.
pub(crate) async fn asked(words: &[String], folder: &Path) -> Result<String, Failure> {
    let output = command(words, folder)?
        .stderr(Stdio::inherit())
        .output()
        .await
        .map_err(|error| absent(words, error))?;
    if !output.status.success() {
        return Err(Failure::failed(format!("{} ended with {}", shown(words), output.status))
            .hint("what it said stands above"));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(words).because(error))
}

fn command(words: &[String], folder: &Path) -> Result<Command, Failure> {
    let (program, arguments) = words.split_first().ok_or_else(|| {
        Failure::usage("a command of gates.toml is empty")
            .hint("labels-from and tags-from are a program and its arguments: [\"versioner\", \"tags\"]")
    })?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

async fn pass(from: Option<impl AsyncRead + Unpin>, output: &Output) {
    let Some(mut from) = from else { return };
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        say(output, piece[..length].to_vec()).await;
    }
}

fn shown(words: &[String]) -> String {
    words.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn failed(words: &[String]) -> Failure {
    Failure::failed(format!("cannot run {}", shown(words)))
}

fn absent(words: &[String], error: std::io::Error) -> Failure {
    let program = words.first().map(String::as_str).unwrap_or_default();
    let failure = failed(words).because(error);
    failure.hint(match program {
        "docker" => "builder = \"buildx\" needs the docker command with buildx; without it only builder = \"engine\" works".to_owned(),
        program => format!("{program} has to be in the PATH"),
    })
}
