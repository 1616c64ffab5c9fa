//! Why no answer came.

use std::path::PathBuf;

use contract::Explain;
use contract::redact::redact;
use reqwest::{Method, Url};

use crate::proxy::Through;

/// A request that got no answer, or a client that could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No answer came, whatever was tried.
    #[error("{method} {} got no answer{}{}", redact(url.as_str()), through(proxy.as_ref()), tries(*attempts))]
    NoAnswer {
        /// The request's method.
        method: Method,
        /// The request's URL; it is redacted when shown.
        url: Box<Url>,
        /// How often it was sent.
        attempts: u32,
        /// The proxy it was sent through.
        proxy: Option<Through>,
        /// Did the server ask for a client certificate?
        asked_for_certificate: bool,
        /// What the last attempt ended with.
        source: reqwest::Error,
    },
    /// The time for the request, its retries included, is over.
    #[error("{method} {} was not answered{} within {seconds} seconds", redact(url.as_str()), through(proxy.as_ref()))]
    TooLate {
        /// The request's method.
        method: Method,
        /// The request's URL; it is redacted when shown.
        url: Box<Url>,
        /// The proxy it was sent through.
        proxy: Option<Through>,
        /// The deadline.
        seconds: u64,
    },
    /// The answer began, and then broke off.
    #[error("the answer of {} broke off", redact(url.as_str()))]
    BrokeOff {
        /// Where the answer came from; it is redacted when shown.
        url: Box<Url>,
        /// How it broke off.
        source: reqwest::Error,
    },
    /// The answer is longer than any honest one.
    #[error("the answer of {} is longer than {limit} bytes", redact(url.as_str()))]
    TooLong {
        /// Where the answer came from; it is redacted when shown.
        url: Box<Url>,
        /// The most that was accepted, in bytes.
        limit: usize,
    },
    /// The file of `--ca-cert` holds no certificates, or cannot be read.
    #[error("cannot read certificates from {}: {reason}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The files of `--client-cert` and `--client-key` hold no certificate with its key, or cannot be read.
    #[error("cannot use the client certificate in {}: {reason}", path.display())]
    ClientCertificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A proxy that cannot be one. Its URL may hold a password, so it is not shown.
    #[error("the variable {variable} holds no URL of a proxy")]
    Proxy {
        /// The variable that names it.
        variable: &'static str,
        /// What is wrong with it.
        source: reqwest::Error,
    },
    /// The TLS or HTTP library refused its settings.
    #[error("cannot set up the HTTP client")]
    Setup {
        /// Its reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// The error of an answer that broke off.
    pub fn broke_off(response: &reqwest::Response, source: reqwest::Error) -> Self {
        Self::BrokeOff { url: Box::new(response.url().clone()), source: source.without_url() }
    }

    /// The server that was spoken to by TLS and does not speak it, with its port. What to do about it depends on how its
    /// address was given, so whoever knows that says it.
    pub fn without_tls(&self) -> Option<String> {
        match self {
            Self::NoAnswer { url, source, .. } if source.is_connect() && is_no_tls(&root_cause(source)) => {
                Some(host_and_port(url))
            }
            _ => None,
        }
    }
}

fn is_no_tls(text: &str) -> bool {
    text.contains("InvalidContentType") || text.contains("corrupt message")
}

fn host_and_port(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

fn through(proxy: Option<&Through>) -> String {
    proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" in {attempts} attempts") } else { String::new() }
}

impl Explain for Error {
    fn exit(&self) -> contract::Exit {
        match self {
            Self::Certificates { .. } | Self::ClientCertificate { .. } | Self::Proxy { .. } => {
                contract::Exit::Usage
            }
            _ => contract::Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAnswer { url, source, asked_for_certificate: true, .. } if was_hung_up_on(source) => {
                let host = url.host_str().unwrap_or_default();
                Some(format!("{host} asks for a client certificate that it trusts; name one with --client-cert"))
            }
            Self::NoAnswer { url, source, proxy, .. } if source.is_connect() => {
                Some(connect_hint(url, source, proxy.as_ref()))
            }
            Self::NoAnswer { .. } | Self::BrokeOff { .. } => {
                Some("run it again; -v shows every attempt".into())
            }
            Self::TooLate { .. } => Some("allow more time with --timeout SECONDS".into()),
            Self::Certificates { .. } => {
                Some("--ca-cert wants a PEM file with one or more CERTIFICATE blocks".into())
            }
            Self::ClientCertificate { .. } => {
                Some("--client-cert and --client-key want PEM files: a CERTIFICATE, and its PRIVATE KEY without a passphrase".into())
            }
            Self::Proxy { .. } => Some("it has to be http://HOST:PORT or https://HOST:PORT".into()),
            Self::TooLong { .. } | Self::Setup { .. } => None,
        }
    }
}

/// Did the server end the conversation? It may say why in an alert (RFC 8446, section 6.2), which may not get to us.
fn was_hung_up_on(source: &reqwest::Error) -> bool {
    let text = root_cause(source).to_lowercase();
    ["received fatal alert", "connection closed", "reset", "broken pipe"]
        .iter()
        .any(|part| text.contains(part))
}

/// What an error began with, in its own words.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut root: &dyn std::error::Error = error;
    while let Some(next) = root.source() {
        root = next;
    }
    root.to_string()
}

/// A wrong certificate, a plain HTTP port and a server that is down all show as "cannot connect".
fn connect_hint(url: &Url, source: &reqwest::Error, proxy: Option<&Through>) -> String {
    let name = url.host_str().unwrap_or_default();
    let host = host_and_port(url);
    let text = root_cause(source);
    if text.contains("certificate") || text.contains("UnknownIssuer") {
        format!(
            "if {host} uses a private certificate authority, name its file with --ca-cert or SSL_CERT_FILE"
        )
    } else if is_no_tls(&text) {
        format!("{host} does not speak TLS there; check its port")
    } else if let Some(proxy) = proxy {
        format!(
            "check that the proxy {proxy} is up and lets you through to {host}; NO_PROXY={name} goes there without it"
        )
    } else if text.contains("lookup") || text.contains("dns") || text.contains("resolve") {
        format!("check the name {name} and, behind a proxy, HTTPS_PROXY")
    } else {
        format!("check that {host} is up and can be reached from here")
    }
}
