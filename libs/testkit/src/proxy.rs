//! Stands between a client and a registry: counts what passes, asks for tokens, redirects, and lets things go wrong.
//!
//! What goes wrong is data: a [`Rule`] says which requests a [`Fault`] hits and how often. Nothing here depends on the
//! clock but the faults that are about time.

mod body;
mod fault;
mod forward;
mod log;
mod referrers;
mod socket;
mod token;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

pub use fault::{Answer, Cut, Fault, HeaderValue, Location, Rule};
pub use log::Passed;
pub use referrers::Referrers;
pub use token::Tokens;

use fault::Rules;
use forward::Forward;
use log::Log;
use referrers::Lists;
use socket::{ResetSwitch, Socket};
use token::Guard;

/// A running proxy; it ends when this is dropped.
pub struct Proxy {
    address: SocketAddr,
    log: Arc<Log>,
    rules: Arc<Rules>,
    // Declared last, so dropped last: the tasks that use the rest run in it.
    _runtime: Runtime,
}

/// A proxy to be.
#[must_use]
pub struct ProxyBuilder {
    upstream: String,
    delay: Duration,
    tokens: Option<Tokens>,
    redirects: bool,
    referrers: Option<Referrers>,
    rules: Vec<Rule>,
}

impl ProxyBuilder {
    /// Holds every request back for this long.
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Lets no request pass without a token, and issues tokens at `/token`.
    pub fn tokens(self, tokens: Tokens) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Redirects who reads a blob to another origin, which answers without a token and refuses who sends one
    /// ([`Passed::is_at_storage`]).
    pub fn redirect_blobs(self) -> Self {
        Self { redirects: true, ..self }
    }

    /// Deals with manifests that refer to others in another way than the registry behind, which knows nothing of that.
    pub fn referrers(self, referrers: impl Into<Option<Referrers>>) -> Self {
        Self { referrers: referrers.into(), ..self }
    }

    /// Lets something go wrong.
    pub fn fault(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(self) -> Proxy {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime for the proxy: {error}"));
        let (log, rules) = (Arc::new(Log::new()), Arc::new(Rules::default()));
        self.rules.into_iter().for_each(|rule| rules.add(rule));
        let entered = runtime.enter();
        let (reserved, address) = reserve();
        let storage = self.redirects.then(reserve);
        let (down, downs) = unbounded_channel();
        let forward = Arc::new(Forward {
            client: client(),
            upstream: self.upstream,
            delay: self.delay,
            log: Arc::clone(&log),
            rules: Arc::clone(&rules),
            guard: self.tokens.map(|tokens| Guard::new(tokens, &address.to_string())),
            referrers: self.referrers.map(Lists::new),
            storage: storage.as_ref().map(|(_, address)| address.to_string()),
            down,
        });
        if let Some((reserved, address)) = storage {
            // It never goes down: nobody holds the other end of its channel.
            let (_, never) = unbounded_channel();
            runtime.spawn(serve(reserved, listen(address), never, Arc::clone(&forward)));
        }
        runtime.spawn(serve(reserved, listen(address), downs, forward));
        drop(entered);
        Proxy { address, log, rules, _runtime: runtime }
    }
}

impl Proxy {
    /// A proxy in front of `upstream` (`127.0.0.1:PORT`).
    pub fn builder(upstream: &str) -> ProxyBuilder {
        ProxyBuilder {
            upstream: upstream.to_owned(),
            delay: Duration::ZERO,
            tokens: None,
            redirects: false,
            referrers: None,
            rules: Vec::new(),
        }
    }

    /// Starts one in front of `upstream` that holds every request back for `delay`, and does nothing else.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(upstream: &str, delay: Duration) -> Self {
        Self::builder(upstream).delay(delay).start()
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lets something go wrong from now on, besides what goes wrong already.
    pub fn fault(&self, rule: Rule) {
        self.rules.add(rule);
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        self.rules.clear();
    }

    /// What has passed since the last call, in the order of the answers, requests that got none among them.
    pub fn take_log(&self) -> Vec<Passed> {
        self.log.take()
    }

    /// How many requests have arrived since the start.
    pub fn arrived(&self) -> usize {
        self.log.arrived()
    }

    /// How many requests were in flight at once at most: arrived, and their answers not sent to the end.
    pub fn most_in_flight(&self) -> usize {
        self.log.most_in_flight()
    }

    /// Waits until so many requests have arrived since the start, and says whether they have: `done` ends the waiting,
    /// by saying that no more will come.
    ///
    /// # Panics
    /// After a minute without the request.
    pub fn wait_for(&self, requests: usize, done: impl FnMut() -> bool) -> bool {
        self.log.wait_for(requests, done)
    }
}

/// A client that knows nothing but what it is told.
pub(crate) fn client() -> reqwest::Client {
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

/// A socket that holds a free port without listening: as long as nobody else listens there, connections are refused,
/// and nobody else gets the port.
fn reserve() -> (TcpSocket, SocketAddr) {
    let socket = bound(SocketAddr::from(([127, 0, 0, 1], 0)));
    let address = socket.local_addr().unwrap_or_else(|error| panic!("no address of the proxy: {error}"));
    (socket, address)
}

fn bound(address: SocketAddr) -> TcpSocket {
    let bind = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.set_reuseport(true)?;
        socket.bind(address).map(|()| socket)
    };
    bind().unwrap_or_else(|error| panic!("no port for the proxy: {error}"))
}

fn listen(address: SocketAddr) -> TcpListener {
    bound(address)
        .listen(1024)
        .unwrap_or_else(|error| panic!("the proxy cannot listen at {address}: {error}"))
}

/// Serves until the runtime ends, but for the times when the server is down.
async fn serve(
    _reserved: TcpSocket,
    mut listener: TcpListener,
    mut downs: UnboundedReceiver<Duration>,
    forward: Arc<Forward>,
) {
    let address = listener.local_addr().unwrap_or_else(|error| panic!("no address of the proxy: {error}"));
    let mut connections = JoinSet::new();
    loop {
        let down = async {
            match downs.recv().await {
                Some(time) => time,
                None => std::future::pending().await,
            }
        };
        let event = match select(pin!(listener.accept()), pin!(down)).await {
            Either::Left((accepted, _)) => Either::Left(accepted),
            Either::Right((time, _)) => Either::Right(time),
        };
        match event {
            Either::Left(Ok((stream, _))) => {
                // Those that have ended would pile up otherwise.
                while connections.try_join_next().is_some() {}
                connections.spawn(connection(stream, Arc::clone(&forward)));
            }
            Either::Left(Err(_)) => return,
            Either::Right(time) => {
                drop(listener);
                connections.shutdown().await;
                tokio::time::sleep(time).await;
                listener = listen(address);
            }
        }
    }
}

async fn connection(stream: TcpStream, forward: Arc<Forward>) {
    let switch = ResetSwitch::default();
    let socket = TokioIo::new(Socket::new(stream, switch.clone()));
    let service = service_fn(|request| {
        let (forward, switch) = (Arc::clone(&forward), switch.clone());
        async move { forward.answer(request, &switch).await }
    });
    // A client that goes away in the middle is its own business.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(socket, service).await;
}
