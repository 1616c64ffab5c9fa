//! A git server that shows its references to whoever wants to fetch; the real git says what they are.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Repository;
use crate::server::{Reply, Server};

/// A running git server with one repository. It ends when this is dropped.
pub struct GitServer {
    server: Server,
}

impl GitServer {
    /// Serves a repository below `/repository.git`; who has a token has to show it as a password.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(repository: &Repository, token: Option<&str>) -> Self {
        let folder: PathBuf = repository.path().join(".git");
        let password = token.map(|token| format!("oauth2:{token}"));
        let server = Server::start(move |asked| {
            if asked.path != "/repository.git/info/refs" || asked.raw_query != "service=git-upload-pack" {
                return Reply::new(404, "not found");
            }
            let wanted = password.as_ref().map(|password| format!("Basic {}", STANDARD.encode(password)));
            if wanted.is_some() && asked.header("authorization") != wanted.as_deref() {
                return Reply::new(401, "who are you");
            }
            let output = Command::new("git")
                .args(["upload-pack", "--http-backend-info-refs"])
                .arg(&folder)
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .output()
                .unwrap_or_else(|error| panic!("cannot start git: {error}"));
            assert!(output.status.success(), "git upload-pack: {output:?}");
            let mut body = b"001e# service=git-upload-pack\n0000".to_vec();
            body.extend(output.stdout);
            Reply::new(200, body).with("content-type", "application/x-git-upload-pack-advertisement")
        });
        Self { server }
    }

    /// The address that git would clone from.
    pub fn url(&self) -> String {
        format!("http://{}/repository.git", self.server.address())
    }
}
