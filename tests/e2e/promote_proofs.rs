//! What `image-promote copy` promises: it carries whatever an image may consist of, in little memory, and tells whatever
//! goes wrong. Judged by readers that share no code with it.

mod bad_input;
mod carries;
mod full_disk;
mod inventory;
mod memory;
mod reader;
mod schema1;
mod skopeo_wrote;

use testkit::{Tool, tool};

fn copy(source: &str, destination: &str) -> Tool {
    tool("image-promote").args(["copy", source, destination])
}
