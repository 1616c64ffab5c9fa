//! Marks on images: `tested`, `scanned`, `release-prod`. A mark belongs to a digest, never to a tag.
//!
//! [`Mark`] is the model and [`Backend`] keeps marks, wherever that is: in an OCI layout directory or a registry as image
//! manifests whose `subject` is the image (image-spec, manifest.md, "Guidelines for Artifact Usage"), one tag per mark;
//! in Artifactory as properties of the manifest's file. What is the same everywhere is written once over it: setting and
//! unsetting with a look before and after ([`Backend::apply`]), moving a mark that only one image carries
//! ([`Backend::relocate`]), the verdict of a gate ([`unmet`]).

mod apply;
mod args;
mod artifactory;
mod backend;
mod error;
mod manifest;
mod mark;
mod relocate;
mod suggest;
mod tagged;
mod verdict;

pub use apply::Outcome;
pub use args::{Choice, KeepingArgs, MarksArgs, Scheme, typed};
pub use backend::{Backend, History, Image, Subject};
pub use error::Error;
pub use manifest::ARTIFACT_TYPE;
pub use mark::{Assignment, Change, InvalidMark, Key, Mark, Provenance, Record, State, Step, Value};
pub use relocate::{Cleared, Moved};
pub(crate) use suggest::suggest;
pub use verdict::{Unmet, unmet};

#[cfg(test)]
mod sequence_tests;
