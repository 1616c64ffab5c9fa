//! What went wrong with one source or target, while others may go on.

use std::fmt;

use contract::{Exit, Explain, Failure};

/// Why something cannot be done, for people. Unlike a [`Failure`] it can be told several times: sources that ask for
/// the same repository fail alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Trouble {
    /// It was tried and did not work.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), hint: None }
    }

    /// The input is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), hint: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// An error of a library with its first cause.
    pub(crate) fn of<E: Explain>(error: &E) -> Self {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let message = match causes.last() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self { exit: error.exit(), message, hint: error.hint() }
    }

    /// What to do next. Input that is wrong is a manifest, or values that are put into one, unless somebody knows better.
    pub(crate) fn advice(&self) -> Option<String> {
        let of_manifests = || "docs/image-track.md has what manifests may say, and an example".to_owned();
        self.hint.clone().or_else(|| (self.exit == Exit::Usage).then(of_manifests))
    }

    /// The same, with where it happened in front.
    #[must_use]
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { message: format!("{place}: {}", self.message), ..self }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let hint = trouble.advice();
        let failure = Self::new(trouble.exit, trouble.message);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
