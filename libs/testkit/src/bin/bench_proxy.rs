//! Slows a registry down and counts, for the benches: `bench-proxy UPSTREAM DELAY_MS…`.
//!
//! Prints one line with an address per delay. From then on it answers each line of its standard input with
//! `REQUESTS CONNECTIONS SENT RECEIVED`: what clients have done since the last one, in bytes as they saw them. It ends
//! with its standard input.

use std::error::Error;
use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use testkit::Proxy;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// As much as a socket gives at once on loopback, in bytes.
const CHUNK: usize = 64 * 1024;

#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [upstream, delays @ ..] = arguments.as_slice() else {
        return Err("usage: bench-proxy UPSTREAM DELAY_MS…".into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let counts = Arc::new(Counts::default());
    let (mut proxies, mut addresses) = (Vec::new(), Vec::new());
    for delay in delays {
        let proxy = Proxy::start(upstream, Duration::from_millis(delay.parse()?));
        addresses.push(relay(&runtime, proxy.address(), &counts)?);
        proxies.push(proxy);
    }
    let mut out = io::stdout();
    writeln!(out, "{}", addresses.join(" "))?;
    for line in io::stdin().lock().lines() {
        line?;
        let requests: usize = proxies.iter().map(|proxy| proxy.take_log().len()).sum();
        let [connections, sent, received] = [&counts.connections, &counts.sent, &counts.received]
            .map(|counter| counter.swap(0, Ordering::Relaxed));
        writeln!(out, "{requests} {connections} {sent} {received}")?;
    }
    Ok(())
}

/// Stands in front of a proxy, which sees requests but no connections and no headers. Returns its own address.
fn relay(runtime: &Runtime, proxy: String, counts: &Arc<Counts>) -> io::Result<String> {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?.to_string();
    let counts = Arc::clone(counts);
    runtime.spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            counts.connections.fetch_add(1, Ordering::Relaxed);
            let (proxy, counts) = (proxy.clone(), Arc::clone(&counts));
            tokio::spawn(async move {
                // A client that goes away in the middle is its own business.
                let _ = both_ways(client, &proxy, &counts).await;
            });
        }
    });
    Ok(address)
}

async fn both_ways(client: TcpStream, proxy: &str, counts: &Counts) -> io::Result<()> {
    let proxy = TcpStream::connect(proxy).await?;
    // The delay that is measured is the proxy's, not that of the kernel waiting for more to send.
    client.set_nodelay(true)?;
    proxy.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_proxy, to_proxy) = proxy.into_split();
    let up = pump(from_client, to_proxy, &counts.sent);
    let down = pump(from_proxy, to_client, &counts.received);
    let (up, down) = futures_util::future::join(up, down).await;
    up.and(down)
}

/// Counts bytes before it passes them on: whoever has seen an answer finds it counted.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    counter: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        counter.fetch_add(length as u64, Ordering::Relaxed);
        to.write_all(&buffer[..length]).await?;
    }
}
