//! A real registry: Debian's `docker-registry`, on a free loopback port, with storage of its own.

mod audit;
pub(crate) mod certificates;
mod fill;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use certificates::KeyFiles;

use certificates::Certificates;

/// The lowest cost that bcrypt knows: nobody attacks these passwords.
const BCRYPT_COST: u32 = 4;

/// A running registry; it ends when this is dropped, and its storage goes with it.
pub struct Registry {
    process: Child,
    address: String,
    certificates: Option<Certificates>,
    _storage: TempDir,
}

/// A registry to be.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RegistryBuilder {
    tls: bool,
    client_certificates: bool,
    accounts: Vec<(String, String)>,
    without_deletion: bool,
    read_only: bool,
    relative_locations: bool,
    ipv6: bool,
}

impl RegistryBuilder {
    /// Speaks TLS, with a certificate for `127.0.0.1`, `localhost` and `registry.example` from an authority of its own
    /// ([`Registry::authority`]).
    pub fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Speaks TLS with clients only that have a certificate of the same authority ([`Registry::client_certificate`]).
    pub fn client_certificates(self) -> Self {
        Self { tls: true, client_certificates: true, ..self }
    }

    /// Answers only who logs in with this user and password, by Basic authentication. There may be several.
    pub fn account(mut self, user: &str, password: &str) -> Self {
        self.accounts.push((user.to_owned(), password.to_owned()));
        self
    }

    /// Answers 405 to who wants to delete.
    pub fn without_deletion(self) -> Self {
        Self { without_deletion: true, ..self }
    }

    /// Answers 405 to who wants to write.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Gives Location headers without scheme and host.
    pub fn relative_locations(self) -> Self {
        Self { relative_locations: true, ..self }
    }

    /// Listens at `[::1]` instead of `127.0.0.1`.
    pub fn ipv6(self) -> Self {
        Self { ipv6: true, ..self }
    }

    /// Starts it.
    ///
    /// # Panics
    /// When Debian's package `docker-registry` is not installed, or does not start.
    pub fn start(self) -> Registry {
        let storage =
            tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the registry: {error}"));
        let certificates = self.tls.then(|| {
            Certificates::make(storage.path()).unwrap_or_else(|error| panic!("no certificates: {error}"))
        });
        let config = storage.path().join("config.yml");
        // JSON is YAML.
        let text = self.config(storage.path(), certificates.as_ref()).to_string();
        fs::write(&config, text).unwrap_or_else(|error| panic!("cannot write {config:?}: {error}"));
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .env_remove("OTEL_TRACES_EXPORTER")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot start docker-registry ({error}); apt-get install docker-registry")
            });
        let address = listening_address(&mut process);
        Registry { process, address, certificates, _storage: storage }
    }

    fn config(&self, folder: &Path, certificates: Option<&Certificates>) -> Value {
        let host = if self.ipv6 { "[::1]" } else { "127.0.0.1" };
        let mut config = json!({
            "version": "0.1",
            "log": { "level": "info", "formatter": "text", "accesslog": { "disabled": true } },
            "storage": {
                "filesystem": { "rootdirectory": folder.join("data") },
                "delete": { "enabled": !self.without_deletion },
                "maintenance": { "readonly": { "enabled": self.read_only } },
            },
            // Layers that their publisher keeps may be named in manifests; by default none may.
            "validation": { "manifests": { "urls": { "allow": ["."] } } },
            // Port 0: the system picks a free one, and the log says which.
            "http": { "addr": format!("{host}:0"), "secret": "testing", "relativeurls": self.relative_locations },
        });
        if let Some(Certificates { authority, server, .. }) = certificates {
            config["http"]["tls"] = json!({ "certificate": server.certificate, "key": server.key });
            if self.client_certificates {
                config["http"]["tls"]["clientcas"] = json!([authority]);
            }
        }
        if !self.accounts.is_empty() {
            let path = folder.join("htpasswd");
            let lines: String =
                self.accounts.iter().map(|(user, password)| account(user, password)).collect();
            fs::write(&path, lines).unwrap_or_else(|error| panic!("cannot write {path:?}: {error}"));
            config["auth"] = json!({ "htpasswd": { "realm": "testkit", "path": path } });
        }
        config
    }
}

fn account(user: &str, password: &str) -> String {
    let hash = bcrypt::hash(password, BCRYPT_COST).unwrap_or_else(|error| panic!("no hash: {error}"));
    format!("{user}:{hash}\n")
}

impl Registry {
    /// Starts one that speaks plain HTTP with everybody, and lets everybody do everything.
    ///
    /// # Panics
    /// When Debian's package `docker-registry` is not installed, or does not start.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// One that is set up otherwise.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// Its address, `127.0.0.1:PORT` or `[::1]:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its port.
    pub fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap_or_default()
    }

    /// The PEM file of the authority that has signed its certificate.
    ///
    /// # Panics
    /// When it speaks plain HTTP.
    pub fn authority(&self) -> &Path {
        &self.certificates().authority
    }

    /// A certificate that this registry accepts from a client.
    ///
    /// # Panics
    /// When it speaks plain HTTP.
    pub fn client_certificate(&self) -> &KeyFiles {
        &self.certificates().client
    }

    fn certificates(&self) -> &Certificates {
        self.certificates.as_ref().unwrap_or_else(|| panic!("this registry speaks plain HTTP"))
    }

    /// The digest a tag leads to, or none when there is no such tag, after everything below it was read from this very
    /// repository and compared with its digest. For registries that speak plain HTTP with everybody.
    ///
    /// # Errors
    /// What is missing or spoiled.
    pub fn audit(&self, repository: &str, tag: &str) -> Result<Option<String>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let url = format!("http://{}/v2/{repository}", self.address);
        runtime.block_on(audit::audit(&crate::proxy::client(), &url, tag))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have died before; there is nothing to do about that here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the log up to the line that names the address, and goes on reading in the background: a full pipe would stop
/// the registry.
fn listening_address(process: &mut Child) -> String {
    let stderr = process.stderr.take().unwrap_or_else(|| panic!("the registry has no stderr"));
    let mut lines = BufReader::new(stderr).lines();
    let mut log = Vec::new();
    for line in lines.by_ref() {
        let line = line.unwrap_or_default();
        if let Some((_, rest)) = line.split_once("listening on ") {
            let address: String =
                rest.chars().take_while(|c| c.is_ascii_digit() || ".:[]".contains(*c)).collect();
            std::thread::spawn(move || lines.for_each(drop));
            return address;
        }
        log.push(line);
    }
    panic!("docker-registry ended before it listened:\n{}", log.join("\n"));
}
