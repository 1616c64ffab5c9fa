//! Serves files by their paths, with entity tags, and counts what was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::server::{Reply, Server};

/// A running file server. It ends when this is dropped.
pub struct FileServer {
    server: Server,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// The content of each path, and the path of the next page.
    files: BTreeMap<String, (Vec<u8>, Option<String>)>,
    /// Status by request, in their order.
    log: Vec<(String, u16)>,
}

impl FileServer {
    /// Starts one without files.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let inner = Arc::clone(&shared);
        let server = Server::start(move |asked| {
            let mut shared = inner.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = match shared.files.get(&asked.path) {
                None => Reply::new(404, "not found"),
                Some((text, next)) => {
                    let digest = Sha256::digest(text);
                    let etag: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                    let etag = format!("\"{etag}\"");
                    let is_known = asked.header("if-none-match") == Some(etag.as_str());
                    let reply = if is_known { Reply::new(304, "") } else { Reply::new(200, text.clone()) };
                    let reply = reply.with("etag", &etag);
                    match next {
                        Some(next) => reply.with("link", &format!("<{next}>; rel=\"next\"")),
                        None => reply,
                    }
                }
            };
            shared.log.push((asked.path.clone(), reply.status));
            reply
        });
        Self { server, shared }
    }

    /// Puts a file at a path, which begins with a slash.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        self.put_page(path, content, None);
    }

    /// The same, with a `Link` to the next page of a list.
    pub fn put_page(&self, path: &str, content: impl AsRef<[u8]>, next: Option<&str>) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.files.insert(path.to_owned(), (content.as_ref().to_vec(), next.map(str::to_owned)));
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What was asked for since the last call, with the status of each answer.
    pub fn take_log(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner).log)
    }
}
