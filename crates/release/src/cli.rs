//! What is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use contract::args::{Common, DryRunArgs, FormatArgs};

/// A release record and a releases page, safe to run again
#[derive(Parser, Debug)]
#[command(name = "release", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Create the release of a tag, or bring it up to date, and the releases page with it
    ///
    /// The options say all of the release: what a later run leaves out is taken away, but for the time of release, which
    /// stays that of the first run.
    Create(Create),
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The git tag to release: a semantic version, with or without a v in front
    #[arg(value_name = "TAG", env = "CI_COMMIT_TAG")]
    pub(crate) tag: String,
    /// Where releases are kept: dir:PATH is a directory, with records in PATH/releases and the page in PATH/public
    #[arg(long, value_name = "FORGE", env = "RELEASE_FORGE")]
    pub(crate) forge: String,
    /// The commit that is released
    #[arg(long = "ref", value_name = "SHA", env = "CI_COMMIT_SHA")]
    pub(crate) git_ref: Option<String>,
    /// The title of the release [default: the tag]
    #[arg(long, value_name = "NAME", env = "RELEASE_NAME")]
    pub(crate) name: Option<String>,
    /// A file with the notes, in Markdown
    #[arg(long, value_name = "FILE", env = "RELEASE_NOTES")]
    pub(crate) notes: Option<PathBuf>,
    /// A link to something that was built; can be given more than once, and is one a line in the variable
    ///
    /// The name ends at the first =. The type is image, package, runbook or other. A comma within the URL that a word
    /// and = follow is written as %2C.
    #[arg(long = "asset", value_name = "NAME=URL[,type=TYPE][,path=/PATH]", env = "RELEASE_ASSETS")]
    pub(crate) assets: Vec<String>,
    /// The container image of this release, with its digest if that is known
    #[arg(long, value_name = "REF", env = "RELEASE_IMAGE")]
    pub(crate) image: Option<String>,
    /// When it was released, as in 2026-11-21T08:00:00Z [default: the time of the first run]
    #[arg(long, value_name = "TIME", env = "RELEASE_RELEASED_AT")]
    pub(crate) released_at: Option<String>,
    /// The project's name in the page's title
    #[arg(long, value_name = "NAME", env = "CI_PROJECT_NAME")]
    pub(crate) project: Option<String>,
    /// Accept a tag that is no semantic version
    #[arg(long, env = "RELEASE_ANY_TAG")]
    pub(crate) any_tag: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}
