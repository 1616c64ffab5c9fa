//! Serves files by their paths, with entity tags, and counts what was sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::registry::certificates::Certificates;
use crate::server::{Asked, Reply, Server};

/// A running file server. It ends when this is dropped.
pub struct FileServer {
    server: Server,
    shared: Arc<Mutex<Shared>>,
    certificates: Option<(Certificates, TempDir)>,
}

#[derive(Default)]
struct Shared {
    /// The content of each path, and the path of the next page.
    files: BTreeMap<String, (Vec<u8>, Option<String>)>,
    /// Status by request, in their order.
    log: Vec<(String, u16)>,
    /// The names and values of all headers that came.
    headers: Vec<(String, String)>,
    /// The header without which everything leads to a page where one signs in.
    wanted: Option<(String, String)>,
    /// The server to which everything else leads that ends so.
    moved: Option<(String, String)>,
}

impl FileServer {
    /// Starts one without files.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same with TLS, by a certificate for loopback of an authority of its own.
    ///
    /// # Panics
    /// When no port can be had, or no certificate be made.
    pub fn start_with_tls() -> Self {
        let folder =
            tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for certificates: {error}"));
        let certificates = Certificates::make(folder.path());
        let certificates = certificates.unwrap_or_else(|error| panic!("no certificates: {error}"));
        Self::start_with(Some((certificates, folder)))
    }

    fn start_with(certificates: Option<(Certificates, TempDir)>) -> Self {
        let shared = Arc::new(Mutex::new(Shared::default()));
        let inner = Arc::clone(&shared);
        let certificate = certificates.as_ref().map(|(certificates, _)| &certificates.server);
        let server = Server::start_with(certificate, move |asked| {
            let mut shared = inner.lock().unwrap_or_else(PoisonError::into_inner);
            let reply = shared.answer(&asked);
            for (name, value) in &asked.headers {
                shared
                    .headers
                    .push((name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
            }
            shared.log.push((asked.path, reply.status));
            reply
        });
        Self { server, shared, certificates }
    }

    /// Puts a file at a path, which begins with a slash.
    pub fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        self.put_page(path, content, None);
    }

    /// The same, with a `Link` to the next page of a list.
    pub fn put_page(&self, path: &str, content: impl AsRef<[u8]>, next: Option<&str>) {
        self.lock().files.insert(path.to_owned(), (content.as_ref().to_vec(), next.map(str::to_owned)));
    }

    /// From now on whoever comes without this header is sent to a page where one signs in, as GitLab does.
    pub fn want(&self, header: &str, value: &str) {
        self.lock().wanted = Some((header.to_owned(), value.to_owned()));
    }

    /// From now on paths that end so lead to another server, whose address is `url`.
    pub fn move_to(&self, end: &str, url: &str) {
        self.lock().moved = Some((end.to_owned(), url.to_owned()));
    }

    /// Its address, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        let scheme = if self.certificates.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.server.address())
    }

    /// The file of the authority that has signed its certificate.
    ///
    /// # Panics
    /// When it speaks plain HTTP.
    pub fn authority(&self) -> &Path {
        let certificates =
            self.certificates.as_ref().map(|(certificates, _)| certificates.authority.as_path());
        certificates.unwrap_or_else(|| panic!("this server speaks plain HTTP"))
    }

    /// What was asked for since the last call, with the status of each answer.
    pub fn take_log(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.lock().log)
    }

    /// The names, in small letters, and values of all headers that came since the last call.
    pub fn take_headers(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.lock().headers)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn answer(&self, asked: &Asked) -> Reply {
        const SIGN_IN: &str = "/users/sign_in";
        if asked.path == SIGN_IN {
            return Reply::new(200, "<html>Who are you?</html>");
        }
        if let Some((name, value)) = &self.wanted
            && asked.header(name) != Some(value)
        {
            return Reply::new(302, "").with("location", SIGN_IN);
        }
        if let Some((end, url)) = &self.moved
            && asked.path.ends_with(end.as_str())
        {
            return Reply::new(302, "").with("location", &format!("{url}{}", asked.path));
        }
        let Some((text, next)) = self.files.get(&asked.path) else { return Reply::new(404, "not found") };
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
}
