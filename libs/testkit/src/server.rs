//! A small HTTP server for the doubles: it hands over whole requests and sends whole answers.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::registry::KeyFiles;

/// A running server on a free port of the loopback address; it ends when this is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    _runtime: Runtime,
}

/// A request, read to its end.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// As it was sent: percent-encoded.
    pub(crate) path: String,
    /// The host that was asked, whether as a server or as a proxy.
    pub(crate) host: String,
    /// What stands behind the `?`, as it was sent.
    pub(crate) raw_query: String,
    /// The same, decoded, in the order in which they came.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// The value of a header, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Server {
    /// Starts it. `answer` is called by one request at a time, or by several.
    ///
    /// # Panics
    /// When no port can be had.
    pub(crate) fn start(answer: impl Fn(Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(None, answer)
    }

    /// The same, with TLS where there is a certificate.
    pub(crate) fn start_with(
        certificate: Option<&KeyFiles>,
        answer: impl Fn(Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let tls = certificate.map(acceptor);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime for the server: {error}"));
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", 0)))
            .unwrap_or_else(|error| panic!("no port for the server: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address of the server: {error}"));
        let answer = Arc::new(answer);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, tls) = (Arc::clone(&answer), tls.clone());
                // A client that goes away in the middle is its own business.
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, answer).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, answer).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, _runtime: runtime }
    }

    /// Its address, `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Arc<impl Fn(Asked) -> Reply + Send + Sync + 'static>,
) {
    let service = service_fn(move |request| respond(request, Arc::clone(&answer)));
    let connection = hyper::server::conn::http1::Builder::new();
    drop(connection.serve_connection(TokioIo::new(stream), service).await);
}

fn acceptor(files: &KeyFiles) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|error| panic!("no TLS: {error}"))
        .with_no_client_auth();
    let chain = CertificateDer::pem_file_iter(&files.certificate).and_then(Iterator::collect);
    let chain = chain.unwrap_or_else(|error| panic!("{:?}: {error}", files.certificate));
    let key =
        PrivateKeyDer::from_pem_file(&files.key).unwrap_or_else(|error| panic!("{:?}: {error}", files.key));
    let config = config.with_single_cert(chain, key);
    TlsAcceptor::from(Arc::new(config.unwrap_or_else(|error| panic!("no TLS with {files:?}: {error}"))))
}

async fn respond(
    request: Request<Incoming>,
    answer: Arc<impl Fn(Asked) -> Reply>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let raw_query = head.uri.query().unwrap_or_default().to_owned();
    let query = form(&raw_query);
    // A client that takes this for its proxy sends the whole URL.
    let told = head.uri.authority().map(ToString::to_string);
    let header = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = told.unwrap_or_else(|| header.to_owned());
    let body = body.collect().await?.to_bytes();
    let path = head.uri.path().to_owned();
    let reply =
        answer(Asked { method: head.method, path, host, raw_query, query, headers: head.headers, body });
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or_else(|error| panic!("status {}: {error}", reply.status));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    for (name, value) in &reply.headers {
        let value =
            HeaderValue::from_str(value).unwrap_or_else(|error| panic!("no header value {value:?}: {error}"));
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    Ok(response)
}

/// The pairs of a query or of a form.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    let pairs = reqwest::Url::parse(&format!("http://form/?{text}"));
    pairs.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// A part of a path, decoded.
pub(crate) fn decoded(part: &str) -> String {
    let pairs = form(&format!("x={}", part.replace('+', "%2B")));
    pairs.into_iter().next().map(|(_, value)| value).unwrap_or_default()
}
