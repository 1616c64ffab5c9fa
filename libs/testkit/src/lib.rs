//! Tests only: what the tests of every crate need and no user ever gets. Nothing here is linked into a tool.

mod image;
mod proxy;
mod registry;
mod repository;
mod tool;

pub use image::{File, Image};
pub use proxy::{Passed, Proxy};
pub use registry::Registry;
pub use repository::Repository;
pub use tool::{Output, Tool, binaries, tool, tools};
