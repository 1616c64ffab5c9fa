//! Asks a container over HTTP whether it is healthy.

use std::collections::BTreeSet;
use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use bytes::Bytes;
use contract::Failure;
use http_body_util::Empty;
use hyper::Request;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::engine::Endpoint;
use crate::image::Image;
use crate::values;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause between two questions, and the longest: it doubles.
const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(1);

/// What is asked, and where.
pub(crate) struct Probe {
    path: String,
    /// `8080/tcp`
    pub(crate) port: String,
    pause: Duration,
    /// Why nobody was healthy last.
    pub(crate) last: String,
}

impl Probe {
    /// At the port that was named, or the only one the image exposes.
    ///
    /// # Errors
    /// When it exposes none, or several.
    pub(crate) fn new(asked: &values::Probe, image: &Image, name: &str) -> Result<Self, Failure> {
        let tcp: Vec<&String> = image.ports.iter().filter(|port| port.ends_with("/tcp")).collect();
        let port = match (asked.port, &tcp[..]) {
            (Some(port), _) => format!("{port}/tcp"),
            (None, [one]) => (*one).clone(),
            (None, ports) => {
                let list =
                    ports.iter().map(|port| port.trim_end_matches("/tcp")).collect::<Vec<_>>().join(", ");
                let why = if ports.is_empty() { "exposes no port".into() } else { format!("exposes {list}") };
                return Err(Failure::usage(format!("cannot ask {name} over HTTP: it {why}"))
                    .hint(format!("name the port: --http {}:8080", asked.path)));
            }
        };
        Ok(Self { path: asked.path.clone(), port, pause: FIRST, last: "nobody was asked".into() })
    }

    /// Asks at every address, and again, until the answer is this. It may be dropped at any time, and called again.
    pub(crate) async fn until(&mut self, healthy: bool, addresses: &[String]) {
        while self.ask(addresses).await != healthy {
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST);
        }
    }

    /// Is somebody healthy at one of the addresses?
    async fn ask(&mut self, addresses: &[String]) -> bool {
        for address in addresses {
            let (good, answer) = match tokio::time::timeout(PATIENCE, get(address, &self.path)).await {
                Ok(Ok(status)) => (status < 400, status.to_string()),
                Ok(Err(error)) => (false, error.to_string()),
                Err(_) => (false, "no answer".into()),
            };
            self.last = format!("GET {} at {address}: {answer}", self.path);
            if good {
                return true;
            }
        }
        false
    }
}

async fn get(address: &str, path: &str) -> Result<u16, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get(path).header(HOST, address).header("user-agent", "image-gate");
    let answer = sender.send_request(request.body(Empty::<Bytes>::new())?).await;
    connection.abort();
    Ok(answer?.status().as_u16())
}

/// The address of the engine's machine that ports are published at.
pub(crate) fn published_at(endpoint: &Endpoint) -> String {
    // Whoever is elsewhere reaches no loopback there.
    if endpoint.is_local() { "127.0.0.1".into() } else { String::new() }
}

/// Where a port of a running container can be reached from here: as it is published, and, on this machine, by its own
/// address, which is the only one for who is in a container himself.
pub(crate) fn addresses(found: &ContainerInspectResponse, port: &str, endpoint: &Endpoint) -> Vec<String> {
    let Some(network) = &found.network_settings else { return Vec::new() };
    let bindings = network.ports.as_ref().and_then(|ports| ports.get(port)?.as_ref());
    let host = match endpoint {
        Endpoint::Tcp { host, .. } => host.as_str(),
        Endpoint::Unix(_) => "127.0.0.1",
    };
    let published = bindings.into_iter().flatten().filter_map(|binding| binding.host_port.as_deref());
    let published: BTreeSet<String> = published.map(|port| joined(host, port)).collect();
    let number = port.split('/').next().unwrap_or_default();
    let networks = network.networks.iter().flatten();
    let own = networks
        .filter_map(|(_, network)| network.ip_address.as_deref().filter(|address| !address.is_empty()));
    let own = own.filter(|_| endpoint.is_local()).map(|address| joined(address, number));
    // With the host's own network nothing is published and nothing has another address.
    let shared = found.host_config.as_ref().and_then(|config| config.network_mode.as_deref()) == Some("host");
    let shared = shared.then(|| joined(host, number));
    published.into_iter().chain(own).chain(shared).collect()
}

fn joined(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
