//! What can go wrong with marks.

use contract::{Exit, Explain};
use http::StatusCode;

use crate::{Choice, InvalidMark, Key};

/// A mark that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry or the layout failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// No answer came.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// A key or a value that cannot be a mark.
    #[error(transparent)]
    Invalid(#[from] InvalidMark),
    /// The tag of a mark leads to something else.
    #[error("{what} is where a mark is kept, but it is none: {reason}")]
    NotAMark {
        /// The reference.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The backend that was asked for cannot keep marks there.
    #[error("the backend {choice} keeps no marks of {repository}")]
    WrongBackend {
        /// The backend.
        choice: Choice,
        /// The repository.
        repository: String,
    },
    /// The registry's own list was asked for, and it keeps none.
    #[error("{repository}: this registry keeps no list of what refers to an image")]
    NoReferrers {
        /// The repository.
        repository: String,
    },
    /// Artifactory copies images only between its own repositories.
    #[error("{to} is not known to be a repository of the Artifactory that has {from}")]
    OtherServer {
        /// The repository of the image.
        from: String,
        /// Where it was to go.
        to: String,
    },
    /// Artifactory was asked for, and it is none.
    #[error("{host} does not say that it is Artifactory")]
    NotArtifactory {
        /// The registry.
        host: String,
    },
    /// Artifactory's API answered with an error.
    #[error("cannot {action}: {host} answers {status}{}", told(.message))]
    Api {
        /// What was attempted, on what.
        action: String,
        /// The server.
        host: String,
        /// The status of its answer.
        status: StatusCode,
        /// What it says, which may be nothing.
        message: String,
    },
    /// What answers is not Artifactory's API.
    #[error("cannot {action}: what answers at {url} is not Artifactory's API: {reason}")]
    NotTheApi {
        /// What was attempted, on what.
        action: String,
        /// Where.
        url: String,
        /// How that shows.
        reason: String,
    },
    /// Artifactory left out a part of a search's results, so that nobody knows which.
    #[error("cannot {action}: the server cut the results off ({notification})")]
    Trimmed {
        /// What was attempted, on what.
        action: String,
        /// The server's own words.
        notification: String,
    },
    /// A search that Artifactory would refuse for its length.
    #[error("the search for so many marks is {length} characters long, and Artifactory takes {limit}")]
    QueryTooLong {
        /// The length of the query.
        length: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A key that means something to Artifactory or to this library.
    #[error("the key {key} is not free: {owner} keeps properties under such names")]
    Reserved {
        /// The key.
        key: Key,
        /// Whose it is.
        owner: &'static str,
    },
    /// The files of one image say different things.
    #[error("the tags of {digest} say different things of {key}: {one} and {other}")]
    Contradiction {
        /// The image.
        digest: String,
        /// The key.
        key: Key,
        /// What one file says.
        one: String,
        /// What another one says.
        other: String,
    },
    /// The registry has an image, and the storage under it has no file of it.
    #[error("Artifactory has no manifest of {digest} under {place}")]
    NoFile {
        /// The image.
        digest: String,
        /// Where it was looked for.
        place: String,
    },
    /// One name stands for several repositories.
    #[error("{key} stands for several repositories that hold this image: {}", .repositories.join(", "))]
    Ambiguous {
        /// The key of a virtual repository.
        key: String,
        /// The repositories behind it.
        repositories: Vec<String>,
    },
    /// A value that the old way of setting properties cannot carry.
    #[error("the value of {key} holds a ';', and this Artifactory cannot take it: it has no api/metadata")]
    Semicolon {
        /// The key.
        key: Key,
    },
}

fn told(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl Error {
    /// The error with its innermost cause, for a report of several.
    pub(crate) fn in_a_line(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        let text = match causes.last() {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        };
        contract::output::printable(&contract::redact::redact(&text))
    }

    /// Is what was asked about not there?
    pub fn is_about_absence(&self) -> bool {
        matches!(self, Self::Registry(registry::Error::NotFound { .. }))
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            // An image in a directory that is not there is an image that is not there.
            Self::Registry(registry::Error::Layout { directory, .. }) if !directory.exists() => Exit::Failed,
            Self::Registry(error) => error.exit(),
            Self::Http(error) => error.exit(),
            Self::Invalid(_)
            | Self::WrongBackend { .. }
            | Self::NotArtifactory { .. }
            | Self::NoReferrers { .. }
            | Self::OtherServer { .. }
            | Self::Reserved { .. }
            | Self::QueryTooLong { .. }
            | Self::Ambiguous { .. }
            | Self::Semicolon { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Registry(error) => return error.hint(),
            Self::Http(error) => return error.hint(),
            Self::Invalid(error) => error.advice(),
            Self::NotAMark { .. } => "remove it; nothing but marks may be kept there",
            Self::WrongBackend { .. } => {
                "leave --backend out; layout is for oci:DIR, artifactory and oci for registries"
            }
            Self::NotArtifactory { .. } => {
                "leave --backend out; behind a proxy that drops X-Artifactory-Docker-Registry, props takes --repo-key"
            }
            Self::OtherServer { .. } => "leave --via out; then the image goes by way of the registries",
            Self::NoReferrers { .. } => "leave --oci-scheme out: then every mark gets a tag of its own",
            Self::Api { status, .. } => return api_hint(*status),
            Self::NotTheApi { .. } => {
                "name it with --artifactory-url, as https://HOST/artifactory; it often has another host than the registry"
            }
            Self::Trimmed { .. } => {
                "half an answer is none; ask an administrator to raise aql.search.query.max.limit, or clean the repository up"
            }
            Self::QueryTooLong { .. } => "ask for fewer marks at a time",
            Self::Reserved { .. } => "take another key",
            Self::Contradiction { .. } => "set the mark again, which writes it to all of them",
            Self::NoFile { .. } => {
                "--repo-key KEY names the repository; -v shows which one was looked into and why"
            }
            Self::Ambiguous { .. } => "name the one that is meant with --repo-key KEY",
            Self::Semicolon { .. } => "leave the ';' out, or update Artifactory to 6.1 or later",
        };
        Some(text.to_owned())
    }
}

fn api_hint(status: StatusCode) -> Option<String> {
    let text = match status {
        StatusCode::UNAUTHORIZED => {
            "set ARTIFACTORY_TOKEN, or ARTIFACTORY_USER and ARTIFACTORY_PASSWORD, and ARTIFACTORY_HOST or --artifactory-url \
             to say which server may have them"
        }
        StatusCode::FORBIDDEN => {
            "ask for the right to read and to annotate this repository, or check which account is used (-v)"
        }
        StatusCode::NOT_FOUND => "check the repository's key; -v shows how it was found",
        StatusCode::TOO_MANY_REQUESTS => "the server limits requests; run it again later",
        StatusCode::REQUEST_TIMEOUT => "the search took too long for the server; run it again later",
        status if status.is_server_error() => "the server has trouble of its own; run it again later",
        _ => return None,
    };
    Some(text.to_owned())
}
