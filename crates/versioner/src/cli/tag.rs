//! What is typed to tag a release.

use clap::{Args, ValueEnum};
use contract::args::{DryRunArgs, FormatArgs};
use http::NetworkArgs;

use super::sources::{CommitArgs, HistoryArgs, StepArgs};

#[derive(Args, Debug)]
pub(crate) struct TagArgs {
    /// Make the tag on the server, annotated; a tag that is there stays as it is
    #[arg(long, env = "VERSIONER_PUSH")]
    pub(crate) push: bool,
    /// How the tag gets to the server; by default gitlab in a GitLab pipeline, else git
    #[arg(long, value_enum, value_name = "WAY", env = "VERSIONER_VIA")]
    pub(crate) via: Option<Via>,
    /// The message of the tag; by default its name
    #[arg(long, value_name = "TEXT", env = "VERSIONER_MESSAGE")]
    pub(crate) message: Option<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) step: StepArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// GitLab's API, with GENERIC_GITLAB_TOKEN
    Gitlab,
    /// The git binary, to --remote, with what git itself is set up with
    Git,
}
