//! Files that other programs wrote about our code, and what can be wrong with them.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use contract::{Exit, Explain};

/// The text of a report. `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<String, ReportError> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|source| ReportError::Unreadable { path: path.to_owned(), source })?;
    if bytes.starts_with(b"SQLite format 3\0") {
        return Err(ReportError::new(path, Reason::Database));
    }
    let text = String::from_utf8(bytes).map_err(|_| ReportError::new(path, Reason::NoText))?;
    match text.strip_prefix('\u{FEFF}') {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// Why there is no number for a badge.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// The file is not there or cannot be read.
    #[error("cannot read the report '{}'", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file is there and does not say it.
    #[error("no coverage in '{}': {reason}", path.display())]
    Wrong { path: PathBuf, reason: Reason },
}

impl ReportError {
    pub(crate) fn new(path: &Path, reason: Reason) -> Self {
        Self::Wrong { path: path.to_owned(), reason }
    }
}

impl Reason {
    /// That text is no JSON. A report that was cut off is the likeliest: it ends, or a line does, in the middle of a text.
    pub(crate) fn malformed_json(error: &serde_json::Error) -> Self {
        let line = error.line() - usize::from(error.column() == 0 && error.line() > 1);
        let reason = error.to_string();
        Self::Malformed(if error.is_eof() {
            format!("its JSON ends in the middle, in line {line}")
        } else if reason.starts_with("control character") {
            format!("a text in its JSON has no end, in line {line}")
        } else {
            format!("it is not well-formed JSON: {reason}")
        })
    }
}

/// What is wrong with the content of a report.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    #[error("the file is empty")]
    Blank,
    #[error("it is no UTF-8 text")]
    NoText,
    #[error("it is coverage.py's database, not a report")]
    Database,
    #[error("it is {0}, not Cobertura XML, JSON of coverage.py, lcov or JaCoCo XML")]
    Unknown(String),
    #[error("it is what type-coverage writes")]
    TypeCoverage,
    #[error("it is JSON, but not that of type-coverage: {0}")]
    NotTypeCoverage(String),
    #[error("{0}")]
    Malformed(String),
    #[error("it measured nothing")]
    Nothing,
}

impl Explain for ReportError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable { source, .. } => Exit::of_unreadable(source),
            // It is a whole report, and the answer is that there is nothing.
            Self::Wrong { reason: Reason::Nothing, .. } => Exit::No,
            Self::Wrong { .. } => Exit::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable { .. } => "check the name, and that the tests wrote the report before",
            Self::Wrong { reason, .. } => match reason {
                Reason::Blank => "the program that writes it may have failed: look at its output",
                Reason::Database => "run 'coverage xml' or 'coverage json' and give the file that writes",
                Reason::NoText | Reason::Unknown(_) => {
                    "let the test runner write one of them, for example 'coverage xml' or 'jest --coverageReporters=cobertura'"
                }
                Reason::TypeCoverage => "use 'loc-badge type-coverage'",
                Reason::NotTypeCoverage(_) => "give the output of 'type-coverage --json-output'",
                Reason::Malformed(_) => "it may be cut off: run the program that writes it again",
                Reason::Nothing => "no badge was written; check which files the test runner measures",
            },
        };
        Some(hint.to_owned())
    }
}
