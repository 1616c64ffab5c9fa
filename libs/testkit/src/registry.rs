//! A real registry: Debian's `docker-registry`, on a free loopback port, with storage of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A running registry; it ends when this is dropped, and its storage goes with it.
pub struct Registry {
    process: Child,
    address: String,
    _storage: TempDir,
}

impl Registry {
    /// Starts one.
    ///
    /// # Panics
    /// When Debian's package `docker-registry` is not installed, or does not start.
    pub fn start() -> Self {
        let storage =
            tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the registry: {error}"));
        let config = storage.path().join("config.yml");
        // Port 0: the system picks a free one, and the log says which.
        let text = format!(
            "version: 0.1\nlog: {{level: info, formatter: text, accesslog: {{disabled: true}}}}\n\
             storage:\n  filesystem: {{rootdirectory: {:?}}}\n  delete: {{enabled: true}}\n\
             http: {{addr: '127.0.0.1:0', secret: testing}}\n",
            storage.path().join("data")
        );
        std::fs::write(&config, text).unwrap_or_else(|error| panic!("cannot write {config:?}: {error}"));
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
        Self { process, address, _storage: storage }
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
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
                rest.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
            std::thread::spawn(move || lines.for_each(drop));
            return address;
        }
        log.push(line);
    }
    panic!("docker-registry ended before it listened:\n{}", log.join("\n"));
}
