//! What can go wrong with a registry or a layout.

use std::io;
use std::path::{Path, PathBuf};

use contract::{Exit, Explain};
use http::StatusCode;
use serde::Deserialize;

use crate::{Digest, layout};

/// A request to a registry, or to a layout directory, that did not do what it was for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such image.
    #[error("there is no {what}")]
    NotFound {
        /// The reference that leads nowhere.
        what: String,
    },
    /// An image leads to something that is not there.
    #[error("{what} is missing, and the image is not complete without it")]
    Missing {
        /// The reference by digest that leads nowhere.
        what: String,
    },
    /// The registry answered with an error.
    #[error("cannot {action}: {host} answers {status}{}", told(.problems))]
    Answer {
        /// What was attempted, on what: "read localhost:5000/app:1".
        action: String,
        /// The registry.
        host: String,
        /// The status of its answer.
        status: StatusCode,
        /// The codes and messages of its body, where it had some.
        problems: Vec<Problem>,
    },
    /// The registry wants a proof of identity that we have not, or does not accept the one we have.
    #[error("cannot {action}: {reason}")]
    Unauthorized {
        /// What was attempted, on what.
        action: String,
        /// The registry.
        host: String,
        /// What came back.
        reason: String,
        /// Where the credentials came from, if there were any.
        credentials: Option<String>,
    },
    /// The registry did something the specification does not allow.
    #[error("cannot {action}: {host} {fault}")]
    Protocol {
        /// What was attempted, on what.
        action: String,
        /// The registry.
        host: String,
        /// What it did.
        fault: String,
    },
    /// No answer came, or it broke off.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// Content is not what its digest says.
    #[error("{what} is spoiled: expected {expected}, got {found}")]
    Digest {
        /// What was read.
        what: String,
        /// The digest that leads to it.
        expected: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// Content is longer or shorter than its descriptor says.
    #[error("{what} is spoiled: expected {expected} bytes, got {found}")]
    Size {
        /// What was read.
        what: String,
        /// The size its descriptor gives, in bytes.
        expected: u64,
        /// The bytes that came.
        found: u64,
    },
    /// Bytes that are no manifest.
    #[error("the manifest of {what} cannot be used: {reason}")]
    Manifest {
        /// The reference or digest.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Docker's first manifest format, which has no digests of its own and no platforms.
    #[error("{what} has a manifest of Docker schema 1")]
    Schema1 {
        /// The reference or digest.
        what: String,
    },
    /// A directory that is no OCI layout.
    #[error("{} is no OCI image layout: {reason}", directory.display())]
    Layout {
        /// The directory.
        directory: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was attempted: "write".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
    /// A file of credentials that cannot be used.
    #[error("cannot use the credentials in {place}: {reason}")]
    Credentials {
        /// The file or the variable.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// One entry of a registry's error body (distribution-spec, "Error Codes").
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// `MANIFEST_UNKNOWN`, `DENIED`, …
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

impl Error {
    /// Did a registry refuse a manifest because of content that it has not, whatever it said before?
    pub fn is_about_missing_content(&self) -> bool {
        // Docker's registry says DIGEST_INVALID when it meets a blob that another upload is just writing.
        let codes = [
            "MANIFEST_BLOB_UNKNOWN",
            "BLOB_UNKNOWN",
            "MANIFEST_INVALID",
            "MANIFEST_UNKNOWN",
            "DIGEST_INVALID",
        ];
        matches!(self, Self::Answer { status, problems, .. } if status.is_client_error()
            && problems.iter().any(|problem| codes.contains(&problem.code.as_str())))
    }
}

fn told(problems: &[Problem]) -> String {
    let texts: Vec<_> =
        problems.iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect();
    if texts.is_empty() { String::new() } else { format!(": {}", texts.join("; ").trim()) }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Http(error) => error.exit(),
            Self::Layout { .. } | Self::Credentials { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => {
                Some("check the name and the tag; what was never pushed is not there".into())
            }
            Self::Answer { status, host, action, problems } => answer_hint(*status, host, action, problems),
            Self::Missing { .. } => {
                Some("it was deleted, or never arrived; push or copy the image there anew".into())
            }
            Self::Unauthorized { host, credentials, .. } => Some(match credentials {
                Some(place) => format!("the credentials of {place} were used; check that they may do this"),
                None => format!(
                    "there are no credentials for {host}; log in with 'docker login {host}' or 'skopeo login {host}'"
                ),
            }),
            Self::Http(error) => match error.without_tls() {
                Some(host) => Some(format!("{host} does not speak TLS there; --plain-http allows plain HTTP")),
                None => error.hint(),
            },
            Self::Digest { .. } | Self::Size { .. } => {
                Some("nothing was tagged; run it again, or push it anew".into())
            }
            Self::Schema1 { .. } => {
                Some("pull and push it once with a current Docker, which converts it".into())
            }
            Self::Layout { directory, reason } => Some(layout_hint(directory, reason)),
            Self::File { path, source, .. } => Some(file_hint(source.kind(), path)),
            Self::Credentials { .. } => Some(
                "mend it, or take it away to go without; it has to be readable, and as 'docker login' writes it: \
                 {\"auths\":{\"HOST\":{\"auth\":\"...\"}}}"
                    .into(),
            ),
            _ => None,
        }
    }
}

/// What was a layout once wants another advice than what never was one.
fn layout_hint(directory: &Path, reason: &str) -> String {
    if reason == layout::ABSENT {
        "check the path; what is read has to be there already".into()
    } else if directory.join(layout::MARKER).exists() {
        "what is in it cannot be used; copy its images anew, into a new or empty directory".into()
    } else {
        "name a directory that holds oci-layout, index.json and blobs; images can be copied into a new or empty one, too".into()
    }
}

fn file_hint(kind: io::ErrorKind, path: &Path) -> String {
    let folder = path.parent().unwrap_or(path).display();
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!(
                "the file system of {folder} is full; make room there, or name another directory, and run it again"
            )
        }
        io::ErrorKind::FileTooLarge => {
            format!(
                "the file system of {folder} or a limit (ulimit -f) allows no file of this size; run it again elsewhere"
            )
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            format!("see who may write to {folder}, or name another directory, and run it again")
        }
        _ => format!("see what is the matter with {folder}, and run it again"),
    }
}

fn answer_hint(status: StatusCode, host: &str, action: &str, problems: &[Problem]) -> Option<String> {
    let hint = match status {
        StatusCode::FORBIDDEN => forbidden_hint(host, action, problems),
        StatusCode::NOT_FOUND => "check the name of the repository".into(),
        StatusCode::METHOD_NOT_ALLOWED => {
            format!("{host} does not allow this; it may be read-only, or keep no images under that path")
        }
        StatusCode::BAD_REQUEST => {
            format!("{host} does not understand the request; if it speaks TLS, leave --plain-http out")
        }
        StatusCode::TOO_MANY_REQUESTS => {
            format!("{host} limits requests; wait, or log in to get a higher limit")
        }
        StatusCode::INSUFFICIENT_STORAGE => format!("{host} is out of space"),
        status if status.is_server_error() => format!("{host} has trouble of its own; run it again later"),
        _ => return None,
    };
    Some(hint)
}

/// 403 has two more meanings than its own: ECR says it of a login that has expired, and virtual repositories of
/// Artifactory say it of a tag that is not there.
fn forbidden_hint(host: &str, action: &str, problems: &[Problem]) -> String {
    let expired = |problem: &Problem| problem.message.to_lowercase().contains("expired");
    let reads = ["read ", "look up "].iter().any(|verb| action.starts_with(verb));
    if problems.iter().any(expired) && host.ends_with(".amazonaws.com") {
        format!(
            "the login has expired; log in again: aws ecr get-login-password | docker login --username AWS --password-stdin {host}"
        )
    } else if problems.iter().any(expired) {
        format!("the login for {host} has expired; log in again")
    } else if reads {
        "check which account is used (-v), and that the tag exists: virtual repositories of Artifactory answer this when it does not".into()
    } else {
        format!("ask for the right to do this on {host}, or check which account is used (-v)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_of_a_403_names_what_it_may_mean() {
        let expired = "Your authorization token has expired. Reauthenticate and try again.";
        let ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
        let table = [
            (ecr, "read a:1", expired, "aws ecr get-login-password"),
            ("registry.example", "write a:1", expired, "the login for registry.example has expired"),
            (ecr, "read a:1", "not authorized to perform ecr:BatchGetImage", "that the tag exists"),
            ("art.example", "look up art.example/docker/a:1", "", "virtual repositories of Artifactory"),
            ("registry.example", "write a:1", "denied", "ask for the right"),
        ];
        for (host, action, message, expected) in table {
            let problems = vec![Problem { code: "DENIED".into(), message: message.into() }];
            let (status, host) = (StatusCode::FORBIDDEN, host.to_owned());
            let error = Error::Answer { action: action.into(), host, status, problems };
            let hint = error.hint().unwrap();
            assert!(hint.contains(expected), "{hint}");
        }
    }
}
