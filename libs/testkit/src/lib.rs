//! Tests only: what the tests of every crate need and no user ever gets. Nothing here is linked into a tool.

mod artifactory;
mod image;
mod proxy;
mod registry;
mod repository;
mod tool;
mod tunnel;

pub use artifactory::{Artifactory, ArtifactoryBuilder, Unannotated};
pub use image::{File, Image};
pub use proxy::{Answer, Cut, Fault, HeaderValue, Location, Passed, Proxy, ProxyBuilder, Rule, Tokens};
pub use registry::{KeyFiles, Registry, RegistryBuilder};
pub use repository::Repository;
pub use tool::{Output, Tool, binaries, tool, tools};
pub use tunnel::Tunnel;
