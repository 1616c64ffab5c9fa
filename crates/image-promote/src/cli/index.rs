//! What is typed for `index`.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use contract::args::{DryRunArgs, FormatArgs};
use registry::{Reference, RegistryArgs, typed_reference};

use super::JobsArgs;

/// Assemble one image for several platforms out of an image for each
///
/// SRC is an image of one platform, or an index with one image in it, as buildx writes them; in any registry or layout
/// directory. What they consist of is brought to the repository of DST first, unchanged, and the tag is written last.
/// The same images in the same order give the same digest. A tag that leads to another digest is left alone (exit code
/// 3) unless --move is given. Prints the digest.
#[derive(Args, Debug)]
pub(crate) struct Index {
    /// Where the index goes, with its tag
    #[arg(value_name = "DST", value_parser = typed_reference)]
    pub(crate) destination: Reference,
    /// The images, one for each platform
    #[arg(value_name = "SRC", required = true, value_parser = typed_reference)]
    pub(crate) sources: Vec<Reference>,
    /// Note this on the index; can be given more than once
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    pub(crate) annotations: Vec<Annotation>,
    /// Keep or drop what buildx attests of the images
    #[arg(long, value_enum, value_name = "WHAT", default_value_t, env = "IMAGE_PROMOTE_ATTESTATIONS")]
    pub(crate) attestations: Attestations,
    /// Let tags move that lead to another digest
    #[arg(long = "move", env = "IMAGE_PROMOTE_MOVE")]
    pub(crate) move_tag: bool,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// What becomes of attestations.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Attestations {
    /// They go into the index too
    #[default]
    Keep,
    /// They are left out
    Drop,
}

/// `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) key: String,
    pub(crate) value: String,
}

impl FromStr for Annotation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((_, "")) => {
                Err("the value is empty\n\ntip: see that the variable is set that it comes from".into())
            }
            Some((key, value)) if !key.trim().is_empty() => Ok(Self { key: key.into(), value: value.into() }),
            _ => Err("expected KEY=VALUE".into()),
        }
    }
}
