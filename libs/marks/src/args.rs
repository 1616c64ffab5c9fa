//! The arguments of every tool that reads or writes marks.

use std::fmt;

use clap::{Args, ValueEnum};
use http::Url;

/// What keeps the marks.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// A layout directory for oci:DIR; else whatever the registry turns out to be
    #[default]
    Auto,
    /// Properties of Artifactory
    Artifactory,
    /// Manifests in the registry, one tag for each mark
    Oci,
    /// Manifests in the OCI layout directory
    Layout,
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

/// Where marks are kept.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Marks options")]
pub struct MarksArgs {
    /// What keeps the marks
    #[arg(long, value_enum, value_name = "BACKEND", default_value_t)]
    pub backend: Choice,
    /// Where Artifactory's own API is; https://HOST/artifactory unless given
    #[arg(long, value_name = "URL", env = "ARTIFACTORY_URL")]
    pub artifactory_url: Option<Url>,
    /// The key of the image's repository in Artifactory, where the registry does not tell it
    #[arg(long, value_name = "KEY", env = "ARTIFACTORY_REPO_KEY")]
    pub repo_key: Option<String>,
}
