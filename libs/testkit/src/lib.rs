//! Tests only: what the tests of every crate need and no user ever gets. Nothing here is linked into a tool.

mod tool;

pub use tool::{Output, Tool, tool, tools};
