//! What a user reads when something went wrong: one line that says what was attempted, on what and what came back,
//! and where possible a second one that says what to do next.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use crate::Exit;
use crate::redact::redact;

/// An error of a library that knows how a tool should end because of it, and what its user can try next.
pub trait Explain: Error + Send + Sync + Sized + 'static {
    /// The exit code; [`Exit::Failed`] unless the input was at fault or the error is an answer.
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    /// One sentence that names the next step, if there is one that helps.
    fn hint(&self) -> Option<String> {
        None
    }
}

/// Why a tool ends without having done what it was asked to do.
///
/// Every [`Explain`] error turns into one by `?`. Others are wrapped where they happen, by [`Failure::because`].
pub struct Failure {
    exit: Exit,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure with the given exit code; `message` says what was attempted and on what.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), hint: None, source: None }
    }

    /// It was tried and did not work: exit code 1.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line or an input is wrong: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The answer is no: exit code 3.
    pub fn no(message: impl Into<String>) -> Self {
        Self::new(Exit::No, message)
    }

    /// Adds the cause. Its innermost error is shown behind the message, the whole chain with `-v`.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Adds what to do next, as one sentence. It replaces an earlier hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Ends the run with this code instead.
    #[must_use]
    pub fn exits(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The exit code this failure stands for.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The message and the innermost cause, as one line.
    pub fn summary(&self) -> String {
        let mut line = self.message.clone();
        if let Some(root) = self.causes().last() {
            line.push_str(": ");
            line.push_str(&root.to_string());
        }
        one_line(&redact(&line))
    }

    fn causes(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let first = self.source.as_deref().map(|source| source as &(dyn Error + 'static));
        std::iter::successors(first, |error| (*error).source())
    }

    /// Writes what the user reads: at most two lines, and with `verbose` every cause on a line of its own.
    pub(crate) fn render(&self, tool: &str, verbose: bool, err: &mut dyn Write) -> io::Result<()> {
        writeln!(err, "{tool}: {}", self.summary())?;
        if let Some(hint) = &self.hint {
            writeln!(err, "  hint: {}", one_line(&redact(hint)))?;
        }
        if verbose {
            for cause in self.causes() {
                writeln!(err, "  caused by: {}", one_line(&redact(&cause.to_string())))?;
            }
        }
        Ok(())
    }
}

impl<E: Explain> From<E> for Failure {
    fn from(error: E) -> Self {
        let (exit, hint, message) = (error.exit(), error.hint(), error.to_string());
        // The error itself is the message; what stands below it in its chain is the cause.
        let has_cause = error.source().is_some();
        let source = has_cause.then(|| Box::new(Below(error)) as Box<dyn Error + Send + Sync>);
        Self { exit, message, hint, source }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({:?}, {:?}, hint {:?})", self.exit, self.summary(), self.hint)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}

/// An error whose own text was already told: it stands for the first of its causes.
#[derive(Debug)]
struct Below<E>(E);

impl<E: Error + 'static> fmt::Display for Below<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.source() {
            Some(cause) => fmt::Display::fmt(cause, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl<E: Error + 'static> Error for Below<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source().and_then(Error::source)
    }
}

/// Servers send bodies of many lines and with control characters; an error is a line.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot reach the registry {host}")]
    struct Unreachable {
        host: String,
        source: io::Error,
    }

    impl Explain for Unreachable {
        fn hint(&self) -> Option<String> {
            Some("check that it is running".into())
        }
    }

    fn rendered(failure: &Failure, verbose: bool) -> String {
        let mut text = Vec::new();
        failure.render("image-promote", verbose, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn an_error_is_a_line_with_its_root_cause_and_a_hint() {
        let source = io::Error::other("connection refused");
        let failure = Failure::from(Unreachable { host: "localhost:5000".into(), source });
        let expected = "image-promote: cannot reach the registry localhost:5000: connection refused\n  hint: check that it is running\n";
        assert_eq!(rendered(&failure, false), expected);
        assert_eq!(rendered(&failure, true), format!("{expected}  caused by: connection refused\n"));
        assert_eq!(failure.exit(), Exit::Failed);
    }

    #[test]
    fn a_body_of_many_lines_stays_one_line_and_loses_its_control_characters() {
        let failure = Failure::failed("the server said\n<html>\r\n\x1b[31mno</html>");
        assert_eq!(rendered(&failure, false), "image-promote: the server said <html> [31mno</html>\n");
    }

    #[test]
    fn credentials_in_a_message_or_hint_are_not_shown() {
        let failure =
            Failure::usage("cannot read https://bob:s3cret@host/x?token=abc").hint("see https://u:p@host");
        let text = rendered(&failure, true);
        for secret in ["s3cret", "abc", "u:p"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
