//! Stands between a client and a registry: counts what passes, and makes it slower.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, BodyStream, Empty, StreamBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::header::{CONNECTION, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

type Body = BoxBody<Bytes, reqwest::Error>;

/// One request that passed, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What the registry answered.
    pub status: u16,
}

/// A running proxy; it ends when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Passed>>>,
    // Declared last, so dropped last: the tasks that use the rest run in it.
    _runtime: Runtime,
}

impl Proxy {
    /// Starts one in front of `upstream` (`127.0.0.1:PORT`) that holds every request back for `delay`.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(upstream: &str, delay: Duration) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime for the proxy: {error}"));
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap_or_else(|error| panic!("no port for the proxy: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address of the proxy: {error}"));
        let log = Arc::new(Mutex::new(Vec::new()));
        let forward =
            Forward { client: client(), upstream: upstream.to_owned(), delay, log: Arc::clone(&log) };
        runtime.spawn(serve(listener, Arc::new(forward)));
        Self { address, log, _runtime: runtime }
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// What has passed since the last call, in the order of arrival of the answers.
    pub fn take_log(&self) -> Vec<Passed> {
        std::mem::take(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Forward {
    client: reqwest::Client,
    upstream: String,
    delay: Duration,
    log: Arc<Mutex<Vec<Passed>>>,
}

fn client() -> reqwest::Client {
    // Plain HTTP only, but the library wants to know about TLS all the same; a proxy follows no redirects.
    let roots = rustls::RootCertStore::empty();
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap_or_else(|error| panic!("no TLS versions: {error}"))
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_else(|error| panic!("no client for the proxy: {error}"))
}

async fn serve(listener: TcpListener, forward: Arc<Forward>) {
    while let Ok((stream, _)) = listener.accept().await {
        let forward = Arc::clone(&forward);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let forward = Arc::clone(&forward);
                async move { Ok::<_, Infallible>(forward.answer(request).await) }
            });
            // A client that goes away in the middle is its own business.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Forward {
    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let method = request.method().to_string();
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        tokio::time::sleep(self.delay).await;
        let answer = self.pass_on(request, &target).await;
        let answer = answer.unwrap_or_else(|_| {
            let mut bad = Response::new(Empty::new().map_err(|never| match never {}).boxed());
            *bad.status_mut() = StatusCode::BAD_GATEWAY;
            bad
        });
        let passed = Passed { method, target, status: answer.status().as_u16() };
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(passed);
        answer
    }

    /// The Host header stays as it came, so that the registry's Location headers lead back through the proxy.
    async fn pass_on(
        &self,
        request: Request<Incoming>,
        target: &str,
    ) -> Result<Response<Body>, reqwest::Error> {
        let (parts, body) = request.into_parts();
        let url = format!("http://{}{target}", self.upstream);
        let mut headers = parts.headers;
        headers.remove(CONNECTION);
        headers.remove(TRANSFER_ENCODING);
        let has_body = !body.is_end_stream();
        let mut sent = self.client.request(parts.method, url).headers(headers);
        if has_body {
            let stream = BodyStream::new(body).try_filter_map(|frame| async { Ok(frame.into_data().ok()) });
            sent = sent.body(reqwest::Body::wrap_stream(stream));
        }
        let answer = sent.send().await?;
        let mut response = Response::builder().status(answer.status());
        if let Some(kept) = response.headers_mut() {
            kept.extend(answer.headers().clone());
            kept.remove(CONNECTION);
            kept.remove(TRANSFER_ENCODING);
        }
        let body = StreamBody::new(answer.bytes_stream().map_ok(Frame::data)).boxed();
        Ok(response.body(body).unwrap_or_else(|error| panic!("an answer that cannot be passed on: {error}")))
    }
}
