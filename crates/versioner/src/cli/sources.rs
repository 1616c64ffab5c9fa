//! What is typed to say which history and which commit is meant.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use contract::Secret;
use history::{CommitId, Repository};

use crate::{next, tags};

/// Where versions are read from.
#[derive(Args, Debug)]
#[command(next_help_heading = None::<&'static str>)]
pub(crate) struct HistoryArgs {
    /// The git repository, or a folder in it; by default what $GIT_DIR names, else the one of the current folder
    #[arg(long, value_name = "DIR", env = "VERSIONER_REPOSITORY")]
    pub(crate) repository: Option<PathBuf>,
    /// Read only tags that start with this and go on with a version, such as service-a/
    #[arg(long, value_name = "PREFIX", env = "VERSIONER_TAG_PREFIX", value_parser = tags::prefix)]
    pub(crate) tag_prefix: Option<String>,
    /// Where the clone is shallow and that matters, fetch the missing history and tags, with the git binary
    #[arg(long, env = "VERSIONER_DEEPEN")]
    pub(crate) deepen: bool,
    /// Where the clone is shallow and that matters, read what is missing from here
    #[arg(long = "history", value_enum, value_name = "WHERE", env = "VERSIONER_HISTORY", default_value_t)]
    pub(crate) source: Source,
    /// The remote that is fetched from and pushed to
    #[arg(long, value_name = "NAME", env = "VERSIONER_REMOTE", default_value = "origin", value_parser = remote)]
    pub(crate) remote: String,
    #[command(flatten)]
    pub(crate) gitlab: GitlabArgs,
}

impl HistoryArgs {
    /// Opens the repository.
    pub(crate) fn open(&self) -> Result<Repository, history::Error> {
        self.repository.as_deref().map_or_else(Repository::here, Repository::discover)
    }
}

/// What starts with a dash would be an option to git, and some of those run programs.
fn remote(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.starts_with('-') {
        Err("this is no name of a remote")
    } else {
        Ok(text.to_owned())
    }
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// The clone alone
    #[default]
    Clone,
    /// GitLab's API, with GENERIC_GITLAB_TOKEN
    Api,
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
}

impl GitlabArgs {
    /// The token of somebody who may list commits and make tags. A job's own token may not.
    pub(crate) fn token() -> Option<Secret> {
        let value = std::env::var("GENERIC_GITLAB_TOKEN").ok()?;
        (!value.trim().is_empty()).then(|| Secret::new(&value))
    }
}

/// What the pipeline says about its commit.
///
/// On GitHub, its variables give what is not set here (`github.rs`).
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Commit")]
pub(crate) struct CommitArgs {
    #[command(flatten)]
    pub(crate) sha: CommitSha,
    /// The commit's id in image tags and versions; by default its first eight characters
    #[arg(long, value_name = "SHA", env = "CI_COMMIT_SHORT_SHA", value_parser = abbreviated)]
    pub(crate) commit_short_sha: Option<String>,
    /// The tag this pipeline runs for
    #[arg(long, value_name = "TAG", env = "CI_COMMIT_TAG")]
    pub(crate) commit_tag: Option<String>,
    /// The branch this pipeline runs for
    #[arg(long, value_name = "NAME", env = "CI_COMMIT_BRANCH")]
    pub(crate) commit_branch: Option<String>,
    /// The branch of the merge request this pipeline runs for
    #[arg(long, value_name = "NAME", env = "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME")]
    pub(crate) merge_request_branch: Option<String>,
}

/// The commit that is meant, and who says so: what is typed has to be there, while a pipeline's commit may be missing in
/// what its job has checked out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CommitSha {
    pub(crate) id: Option<CommitId>,
    pub(crate) is_typed: bool,
}

#[derive(Args)]
struct CommitShaArgs {
    /// The commit, if it is not HEAD
    #[arg(long, value_name = "SHA", env = "CI_COMMIT_SHA")]
    commit_sha: Option<CommitId>,
}

impl FromArgMatches for CommitSha {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let CommitShaArgs { commit_sha: id } = CommitShaArgs::from_arg_matches(matches)?;
        Ok(Self { id, is_typed: matches.value_source("commit_sha") == Some(ValueSource::CommandLine) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for CommitSha {
    fn augment_args(command: Command) -> Command {
        CommitShaArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        CommitShaArgs::augment_args_for_update(command)
    }
}

/// What the next version is made of.
#[derive(Args, Debug)]
#[command(next_help_heading = "Next version")]
pub(crate) struct StepArgs {
    /// Which number grows; auto: what the Conventional Commits since the last release ask for
    #[arg(long, value_enum, value_name = "PART", env = "VERSIONER_BUMP", default_value_t)]
    pub(crate) bump: Step,
    /// Make it a pre-release with this name, numbered on: rc gives 1.5.0-rc.1, then 1.5.0-rc.2
    #[arg(long, value_name = "NAME", env = "VERSIONER_PRERELEASE", value_parser = next::prerelease_name)]
    pub(crate) prerelease: Option<String>,
    /// Count only commits that change something in this folder, named from the repository's root; may be repeated
    #[arg(long, value_name = "DIR", env = "VERSIONER_PATH", value_delimiter = ',')]
    pub(crate) path: Vec<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Step {
    /// A breaking change major (minor below 1.0.0), feat minor, fix, perf and revert patch, all others nothing
    #[default]
    Auto,
    /// Any commit: the first number; leads from 0.x to 1.0.0
    Major,
    /// Any commit: the second number
    Minor,
    /// Any commit: the third number
    Patch,
}

/// Four digits are git's shortest abbreviation.
fn abbreviated(text: &str) -> Result<String, String> {
    let is_hex = text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    if is_hex && (4..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("expected 4 to 64 hexadecimal digits in lower case".into())
    }
}
