//! Tests only: what the tests of every crate need and no user ever gets. Nothing here is linked into a tool.

mod artifactory;
mod browser;
mod engine;
mod files;
mod git_server;
mod github;
mod gitlab;
mod image;
mod proxy;
mod python;
mod registry;
mod repository;
mod server;
mod tool;
mod tunnel;

pub use artifactory::{Artifactory, ArtifactoryBuilder, Unannotated};
pub use browser::Browser;
pub use engine::{Cable, Engine};
pub use files::FileServer;
pub use git_server::GitServer;
pub use github::Github;
pub use gitlab::{Gitlab, GitlabBuilder, Role};
pub use image::{File, Image};
pub use proxy::{
    Answer, Cut, Fault, HeaderValue, Location, Passed, Proxy, ProxyBuilder, Referrers, Rule, Tokens,
};
pub use python::{python, skipped};
pub use registry::{KeyFiles, Registry, RegistryBuilder};
pub use repository::Repository;
pub use tool::{Output, Tool, binaries, tool, tools};
pub use tunnel::Tunnel;
