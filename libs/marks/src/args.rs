//! The arguments of every tool that reads or writes marks.

use std::fmt;
use std::str::FromStr;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use http::Url;

use crate::InvalidMark;

/// What keeps the marks.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// A layout directory for oci:DIR; else whatever the registry turns out to be
    #[default]
    Auto,
    /// Properties of Artifactory
    Artifactory,
    /// Manifests in the registry that refer to the image
    Oci,
    /// Manifests in the OCI layout directory
    Layout,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Referrers => "referrers",
            Self::Tags => "tags",
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Artifactory => "artifactory",
            Self::Oci => "oci",
            Self::Layout => "layout",
        })
    }
}

/// How a registry keeps marks.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Whichever the registry can, which it is asked
    #[default]
    Auto,
    /// In its own list of what refers to an image
    Referrers,
    /// Under one tag for each mark
    Tags,
}

/// What keeps marks, for tools that speak to several repositories.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Marks options")]
pub struct KeepingArgs {
    /// What keeps the marks
    #[arg(long, value_enum, value_name = "BACKEND", default_value_t)]
    pub backend: Choice,
    /// How a registry keeps marks; all who work on a repository have to say the same
    #[arg(long, value_enum, value_name = "SCHEME", default_value_t)]
    pub oci_scheme: Scheme,
    /// Where Artifactory's own API is; https://HOST/artifactory unless given
    #[arg(long, value_name = "URL", env = "ARTIFACTORY_URL")]
    pub artifactory_url: Option<Url>,
}

/// Where the marks of one repository are kept.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Marks options")]
pub struct MarksArgs {
    /// What keeps them.
    #[command(flatten)]
    pub keeping: KeepingArgs,
    /// The key of the image's repository in Artifactory, where the registry does not tell it
    #[arg(long, value_name = "KEY", env = "ARTIFACTORY_REPO_KEY", value_parser = NonEmptyStringValueParser::new())]
    pub repo_key: Option<String>,
}

/// Reads a key or an assignment that somebody has typed.
///
/// # Errors
/// The message, and below it the hint as clap's errors have theirs.
pub fn typed<T: FromStr<Err = InvalidMark>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidMark| format!("{error}\n\ntip: {}", error.advice()))
}
