//! What can go wrong, and what to do then.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use contract::{Exit, Explain};

use crate::Tag;

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {what} '{}' is not valid: {reason}", shortened(text))]
pub struct Invalid {
    what: &'static str,
    text: String,
    reason: String,
    hint: Option<&'static str>,
}

impl Invalid {
    /// `what` is the term for what `text` should be; `reason` says in a few words why it is not.
    pub fn new(what: &'static str, text: &str, reason: impl Into<String>) -> Self {
        Self { what, text: text.to_owned(), reason: reason.into(), hint: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl Explain for Invalid {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        let unset = self.text.is_empty().then_some("is the variable set that it comes from?");
        self.hint.or(unset).map(str::to_owned)
    }
}

/// An error is a line, however long the text was that caused it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Why a forge did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file, or something else, is where the forge's directory should be.
    #[error("cannot use {} as a forge: it is not a directory", path.display())]
    NoDirectory {
        /// The path that was given.
        path: PathBuf,
    },
    /// Nothing was ever kept in a directory that is asked about.
    #[error("cannot find releases in {}: {}", path.display(), if *is_there { "nothing was ever released there" } else { "there is no such directory" })]
    NothingKept {
        /// The directory.
        path: PathBuf,
        /// Whether there is a directory at all.
        is_there: bool,
    },
    /// The file system did not let us read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file system did not let us write.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A release record does not parse, or says what cannot be.
    #[error("the release record {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A release record holds the release of another tag than its file name says.
    #[error("the release record {} holds the release '{tag}', which belongs into {expected}", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The tag it holds.
        tag: String,
        /// The file name that goes with this tag.
        expected: String,
    },
    /// No answer came from the server.
    #[error("cannot {what}")]
    NoAnswer {
        /// What was attempted, and on what.
        what: String,
        /// Why none came.
        source: http::Error,
    },
    /// The server said no, or that it cannot.
    #[error("cannot {what}: {server} answered {status}{}", with_colon(said))]
    Refused {
        /// What was attempted, and on what.
        what: String,
        /// Which server.
        server: &'static str,
        /// The status of its answer.
        status: http::StatusCode,
        /// What it said besides.
        said: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// The server's answer is not what its documentation says.
    #[error("cannot {what}: the answer of {server} is not understood")]
    NotUnderstood {
        /// What was attempted, and on what.
        what: String,
        /// Which server.
        server: &'static str,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A page for people came back where the server's API should have answered.
    #[error("cannot {what}: instead of the API of {server} there answered {page}")]
    NotTheApi {
        /// What was attempted, and on what.
        what: String,
        /// Which server.
        server: &'static str,
        /// The page, by its title.
        page: String,
    },
    /// The notes of a release, with what stands below them, are longer than the server takes.
    #[error(
        "the notes of {tag} are too long for {server}: with what stands below them they have {length} characters, {limit} are allowed"
    )]
    LongNotes {
        /// The release.
        tag: Tag,
        /// How long they are, in characters.
        length: usize,
        /// How long they may be.
        limit: usize,
        /// Which server.
        server: &'static str,
    },
    /// There is no token that is good for this.
    #[error("cannot {what}: {reason}")]
    NoToken {
        /// What was attempted, and on what.
        what: String,
        /// Which token would do, and why another one does not.
        reason: String,
        /// Which variable to set.
        hint: String,
    },
    /// The tag is not in the repository, and nobody said where to put it.
    #[error("the tag '{tag}' is not in {project}, and no --ref says which commit to put it on")]
    NoTag {
        /// The tag.
        tag: Tag,
        /// The project.
        project: String,
    },
    /// The tag stands on another commit than the one to be released.
    #[error("the tag '{tag}' stands on {there}, not on {wanted}")]
    TagElsewhere {
        /// The tag.
        tag: Tag,
        /// Its commit.
        there: String,
        /// The commit of `--ref`.
        wanted: String,
    },
    /// A document that the tool keeps on the server is not as it left it.
    #[error("the document {place} is damaged")]
    DamagedDocument {
        /// Where it is.
        place: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A document that the tool keeps on the server is longer than it would ever write.
    #[error("the document {place} is longer than {limit} bytes")]
    LongDocument {
        /// Where it is.
        place: String,
        /// The most that is read, in bytes.
        limit: usize,
    },
    /// Others write at the same time, again and again.
    #[error("cannot {what}: others changed it at the same time, {attempts} times in a row")]
    Contended {
        /// What was attempted.
        what: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// This forge has no such thing.
    #[error("cannot {what}: {forge} has no such thing")]
    Unsupported {
        /// What was attempted.
        what: String,
        /// The forge.
        forge: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// A variable is missing, or says what cannot be.
    #[error("cannot find the project: {reason}")]
    NoProject {
        /// What is missing.
        reason: String,
        /// What to do.
        hint: &'static str,
    },
}

fn with_colon(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

impl Error {
    /// Whether nothing is wrong but that a right or a token for it is missing: other work can go on.
    pub fn is_missing_right(&self) -> bool {
        match self {
            Self::NoToken { .. } => true,
            Self::Refused { status, .. } => matches!(status.as_u16(), 401 | 403 | 404),
            _ => false,
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoDirectory { .. }
            | Self::Damaged { .. }
            | Self::Misplaced { .. }
            | Self::TagElsewhere { .. }
            | Self::NoTag { .. }
            | Self::NothingKept { .. }
            | Self::LongNotes { .. }
            | Self::Unsupported { .. }
            | Self::NoProject { .. } => Exit::Usage,
            Self::NoAnswer { source, .. } => source.exit(),
            // What the server finds wrong with the input stays wrong.
            Self::Refused { status, .. } if matches!(status.as_u16(), 400 | 413 | 422) => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoDirectory { .. } => "name a directory, or a path where one can be created",
            Self::Damaged { .. } | Self::Misplaced { .. } => {
                "nothing was written; repair the file or move it away, then run again"
            }
            Self::Read { source, .. } | Self::Write { source, .. } => match source.kind() {
                ErrorKind::PermissionDenied => {
                    "let this user read and write there, or name another directory"
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on this disk, then run again",
                ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
                    "something else is where a directory should be; move it away, or name another directory"
                }
                _ => return None,
            },
            Self::NoAnswer { source, .. } => {
                return match source.without_tls() {
                    Some(host) => Some(format!(
                        "{host} does not speak TLS there; if that is meant, its address has to begin with http://"
                    )),
                    None => source.hint(),
                };
            }
            Self::Refused { hint, .. } => return hint.clone(),
            Self::NoToken { hint, .. } => return Some(hint.clone()),
            Self::NotUnderstood { .. } => {
                "check that the address is that of the API, and of a version of it that is not too old"
            }
            Self::NoTag { .. } => "push the tag, or let the server make it with --ref SHA",
            Self::TagElsewhere { there, .. } => {
                return Some(format!(
                    "a tag stays where it is: release another one, or this commit with --ref {there}"
                ));
            }
            Self::DamagedDocument { .. } => {
                "nothing was written; delete that package file, and record each environment again"
            }
            Self::LongDocument { .. } => {
                "nothing was written; see what is in that package file, delete it, and record each environment again"
            }
            Self::NotTheApi { .. } => {
                "a proxy or a login page stands in between: check the server's address, the proxy, and that the token is good there"
            }
            Self::LongNotes { .. } => "shorten them, and link to the full text with --asset",
            Self::NothingKept { .. } => {
                "check the path of --forge dir:PATH; release create begins it, and one with an empty folder 'releases' is an empty one"
            }
            Self::Contended { .. } => {
                "run it again; in GitLab, a resource_group lets such jobs wait for each other"
            }
            Self::Unsupported { hint, .. } | Self::NoProject { hint, .. } => hint,
        };
        Some(hint.into())
    }
}
