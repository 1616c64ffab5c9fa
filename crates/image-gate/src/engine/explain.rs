//! What the engine says, as people have to know it.

use std::error::Error as _;
use std::io;

use bollard::errors::Error;
use contract::Failure;

use super::Endpoint;
use super::transport::Broken;

/// An attempt that failed: on what, what came back, what to do next.
pub(crate) fn explain(endpoint: &Endpoint, attempt: &str, error: Error) -> Failure {
    match error {
        Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message } => {
            Failure::failed(format!("cannot {attempt}: {message}"))
        }
        Error::IOError { err } => lost(endpoint, attempt, &err),
        error => {
            let text = innermost(&error);
            Failure::failed(format!("cannot {attempt}: the engine at {endpoint} broke off: {text}"))
                .hint("see whether it still runs: docker info")
        }
    }
}

fn innermost(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

fn lost(endpoint: &Endpoint, attempt: &str, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot {attempt}: the engine at {endpoint} does not answer any more: {error}"))
        .hint("see whether it still runs: docker info")
}

/// There is no engine to begin with.
pub(super) fn unreachable(endpoint: &Endpoint, error: &Broken) -> Failure {
    let failure = Failure::failed(format!("cannot reach the Docker engine at {endpoint}: {}", told(error)));
    let Broken::Connection(error) = error else { return failure };
    failure.hint(match (error.kind(), endpoint) {
        (io::ErrorKind::PermissionDenied, Endpoint::Unix(path)) => {
            format!("join the group that owns {}, or be root; it is as good as root", path.display())
        }
        (io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused, Endpoint::Unix(_)) => {
            "start it, or set DOCKER_HOST to where it is".into()
        }
        (io::ErrorKind::InvalidData, _) => {
            "its certificate has to be of the authority in ca.pem of DOCKER_CERT_PATH, and for this name"
                .into()
        }
        (io::ErrorKind::NotFound, Endpoint::Tcp { host, .. }) => {
            format!("no machine called {host} is known here: see DOCKER_HOST, which is such as tcp://HOST:PORT or unix:///var/run/docker.sock")
        }
        (_, Endpoint::Tcp { certificates: None, .. }) => {
            "set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH if it speaks TLS, as port 2376 does".into()
        }
        _ => "see whether it runs there, and whether DOCKER_HOST is right".into(),
    })
}

fn told(error: &Broken) -> String {
    match error {
        // The library's own sentence says only that it did not work.
        Broken::Request(error) => error.source().map_or_else(|| error.to_string(), ToString::to_string),
        Broken::Connection(error) => error.to_string(),
    }
}

/// What the engine itself has said.
pub(crate) fn said(error: &Error) -> Option<(u16, &str)> {
    match error {
        Error::DockerResponseServerError { status_code, message } => Some((*status_code, message)),
        _ => None,
    }
}

/// Is what was asked for not there?
pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(said(error), Some((404, _)))
}

/// Is somebody else at it?
pub(crate) fn is_conflict(error: &Error) -> bool {
    matches!(said(error), Some((409, _)))
}
