//! The line to the engine: a connection for each request, to a socket, or to a port with TLS or without.
//!
//! Requests are few, and many of them end in a stream that lives as long as a container, so connections are not shared.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::{BollardRequest, ClientVersion};
use bytes::Bytes;
use contract::Failure;
use http_body_util::Empty;
use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::Endpoint;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(15);

/// A way to an engine.
pub(super) struct Line {
    endpoint: Endpoint,
    tls: Option<TlsConnector>,
}

/// What a request may end with before the engine has answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error(transparent)]
    Connection(#[from] io::Error),
    #[error(transparent)]
    Request(#[from] hyper::Error),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Line {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// When the certificates of an engine behind TLS cannot be used.
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, Failure> {
        let tls = match &endpoint {
            Endpoint::Tcp { certificates: Some(folder), .. } => Some(connector(folder)?),
            _ => None,
        };
        Ok(Self { endpoint, tls })
    }

    /// Which version of its API the engine knows; none where it does not say.
    pub(super) async fn version(&self) -> Result<Option<ClientVersion>, Broken> {
        let request = Request::get("/_ping").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| Broken::Connection(io::Error::other(error)))?;
        let response = self.send(request).await?;
        if !response.status().is_success() {
            let error = io::Error::other(format!("it answers a ping with {}", response.status()));
            return Err(error.into());
        }
        let version = response.headers().get("api-version").and_then(|value| value.to_str().ok());
        Ok(version.and_then(parse_version))
    }

    async fn send<B>(&self, request: Request<B>) -> Result<Response<Incoming>, Broken>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let stream = tokio::time::timeout(CONNECT, self.connect())
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "nobody answers there")))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        // It ends with the response, or with the stream that the response becomes.
        tokio::spawn(connection.with_upgrades());
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse::<Uri>().map_err(io::Error::other)?;
        parts.headers.insert(HOST, HeaderValue::from_static("docker"));
        for name in ["x-registry-auth", "x-registry-config"] {
            if let Some(value) = parts.headers.get_mut(name) {
                *value = safe(value)?;
            }
        }
        Ok(sender.send_request(Request::from_parts(parts, body)).await?)
    }

    async fn connect(&self) -> io::Result<Box<dyn Stream>> {
        match &self.endpoint {
            Endpoint::Unix(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Endpoint::Tcp { host, port, .. } => {
                // Kinds of errors tell a name that nobody has from everything else.
                let unknown = |error| io::Error::new(io::ErrorKind::NotFound, error);
                let addresses: Vec<_> = lookup_host((host.as_str(), *port)).await.map_err(unknown)?.collect();
                let stream = TcpStream::connect(&addresses[..]).await?;
                stream.set_nodelay(true)?;
                let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                Ok(Box::new(tls.connect(name, stream).await?))
            }
        }
    }
}

/// The engine wants the alphabet of RFC 4648, section 5, for credentials; bollard writes that of section 4.
fn safe(value: &HeaderValue) -> io::Result<HeaderValue> {
    let text: Vec<u8> = value
        .as_bytes()
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    let mut safe = HeaderValue::from_bytes(&text).map_err(io::Error::other)?;
    safe.set_sensitive(true);
    Ok(safe)
}

/// For bollard, which knows no line of ours.
pub(super) fn send(
    line: Arc<Line>,
    request: BollardRequest,
) -> Pin<Box<dyn Future<Output = Result<Response<Incoming>, bollard::errors::Error>> + Send>> {
    Box::pin(async move {
        line.send(request).await.map_err(|error| match error {
            Broken::Connection(err) => bollard::errors::Error::IOError { err },
            Broken::Request(err) => bollard::errors::Error::HyperResponseError { err },
        })
    })
}

fn parse_version(text: &str) -> Option<ClientVersion> {
    let (major, minor) = text.split_once('.')?;
    Some(ClientVersion { major_version: major.parse().ok()?, minor_version: minor.parse().ok()? })
}

/// As docker speaks TLS: whoever has a certificate of this very authority is trusted, and nobody else.
fn connector(folder: &Path) -> Result<TlsConnector, Failure> {
    let wrong = |name: &str, why: String| {
        Failure::usage(format!("cannot speak TLS with the engine: {}: {why}", folder.join(name).display()))
            .hint("DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem")
    };
    let certificates = |name: &str| {
        let all =
            CertificateDer::pem_file_iter(folder.join(name)).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match all {
            Ok(all) if all.is_empty() => Err(wrong(name, "it holds no certificate".into())),
            all => all.map_err(|error| wrong(name, error.to_string())),
        }
    };
    let mut roots = RootCertStore::empty();
    for authority in certificates("ca.pem")? {
        roots.add(authority).map_err(|error| wrong("ca.pem", error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("", error.to_string()))?
        .with_root_certificates(roots);
    // An engine need not ask who we are.
    let config = if folder.join("cert.pem").exists() {
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))
            .map_err(|error| wrong("key.pem", error.to_string()))?;
        config
            .with_client_auth_cert(certificates("cert.pem")?, key)
            .map_err(|error| wrong("cert.pem", error.to_string()))?
    } else {
        config.with_no_client_auth()
    };
    Ok(TlsConnector::from(Arc::new(config)))
}
