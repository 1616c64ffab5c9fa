//! Marks on images: `tested`, `scanned`, `release-prod`. A mark belongs to a digest, never to a tag.
//!
//! A mark is kept as an image manifest whose `subject` is the image (image-spec, manifest.md, "Guidelines for Artifact
//! Usage"), one tag per mark, so that setting one is a single atomic write and no two marks share anything that could be
//! lost. [`Mark`] is the model, [`LayoutMarks`] keeps marks in an OCI layout directory.

mod error;
mod layout;
mod manifest;
mod mark;
mod verdict;

pub use error::Error;
pub use layout::LayoutMarks;
pub use mark::{Assignment, Change, InvalidMark, Key, Mark, Provenance, Value};
pub use verdict::{Unmet, unmet};
