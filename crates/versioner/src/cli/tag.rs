//! What is typed to tag a release.

use clap::{Args, ValueEnum};
use contract::Secret;
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
    pub(crate) gitlab: GitlabArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// GitLab's API, with GENERIC_GITLAB_TOKEN
    Gitlab,
    /// The git binary, to --remote, with what git itself is set up with
    Git,
}

/// Where GitLab is. The token comes from the environment alone.
#[derive(Args, Debug)]
#[command(next_help_heading = "GitLab")]
pub(crate) struct GitlabArgs {
    /// The root of GitLab's API, https://gitlab.example.com/api/v4
    #[arg(long, value_name = "URL", env = "CI_API_V4_URL")]
    pub(crate) gitlab_api: Option<String>,
    /// The project's number, or its path
    #[arg(long, value_name = "ID", env = "CI_PROJECT_ID")]
    pub(crate) project_id: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

impl GitlabArgs {
    /// The token of somebody who may make tags. A job's own token may not.
    pub(crate) fn token() -> Option<Secret> {
        let value = std::env::var("GENERIC_GITLAB_TOKEN").ok()?;
        (!value.trim().is_empty()).then(|| Secret::new(&value))
    }
}
