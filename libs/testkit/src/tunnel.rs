//! A forward proxy: `CONNECT`, and nothing else (RFC 9110, section 9.3.6).
//!
//! Whatever host is asked for, it leads to one address: so a test can have a registry with a name of its own, which is
//! not loopback, and with TLS.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A running tunnel; it ends when this is dropped.
pub struct Tunnel {
    address: SocketAddr,
    hosts: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
}

impl Tunnel {
    /// Starts one that leads to this address, `127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(to: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap_or_else(|error| panic!("no runtime for the tunnel: {error}"));
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .unwrap_or_else(|error| panic!("no port for the tunnel: {error}"));
        let address =
            listener.local_addr().unwrap_or_else(|error| panic!("no address of the tunnel: {error}"));
        let hosts = Arc::new(Mutex::default());
        runtime.spawn(serve(listener, to.to_owned(), Arc::clone(&hosts)));
        Self { address, hosts, _runtime: runtime }
    }

    /// What `HTTPS_PROXY` has to be.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The hosts with ports that were asked for since the last call, a row per connection.
    pub fn take_hosts(&self) -> Vec<String> {
        std::mem::take(&mut self.hosts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(listener: TcpListener, to: String, hosts: Arc<Mutex<Vec<String>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (to, hosts) = (to.clone(), Arc::clone(&hosts));
        // A client or server that goes away in the middle is its own business.
        tokio::spawn(async move { lead(stream, &to, &hosts).await.ok() });
    }
}

async fn lead(stream: TcpStream, to: &str, hosts: &Mutex<Vec<String>>) -> std::io::Result<()> {
    // The client waits for the answer before it sends more, so nothing of what follows is left in the buffer.
    let mut stream = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line);
    }
    let mut words = lines.first().map(String::as_str).unwrap_or_default().split(' ');
    let (Some("CONNECT"), Some(host)) = (words.next(), words.next()) else {
        return stream.write_all(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n").await;
    };
    hosts.lock().unwrap_or_else(PoisonError::into_inner).push(host.to_owned());
    let mut server = TcpStream::connect(to).await?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await.map(drop)
}
