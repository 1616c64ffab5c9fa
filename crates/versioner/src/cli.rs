//! What is typed. The names of GitLab's and the pipeline's variables stand here and nowhere else but in messages.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::args::Common;
use history::CommitId;

/// The next version, the image references and the variables of this commit
///
/// VERSION is the version tag on the commit (a release before a pre-release, then the highest), else the highest one on
/// any commit it is built on, with the commit's id behind it: 1.4.3+g1a2b3c4d.
///
/// NEXT_VERSION is the last release, bumped by what the Conventional Commits since then announce: a breaking change major
/// (minor below 1.0.0), feat minor, fix, perf and revert patch. A release ends its pre-releases; the first is 0.1.0.
///
/// Tags may start with v, versions do not. What a shallow clone leaves out is never guessed.
#[derive(Parser, Debug)]
#[command(name = "versioner", version)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Print VERSION, NEXT_VERSION, SHORT_SHA, CI_IMAGE and RELEASE_IMAGE, for artifacts:reports:dotenv
    ///
    /// Without a registry, as on a laptop, the two images are left out, and stderr says so.
    Env(EnvArgs),
    /// Print the version of the next release; with nothing to release, that of the last one
    Next(NextArgs),
    /// Print the full reference of an image of this commit
    ///
    /// Before /ci and /release stands --image-base; without it, $ARTIFACTORY_HOST/$DOCKER_TEAM_REGISTRY_PREFIX, PROJECT_SLUG
    /// and /$CI_PROJECT_NAME; without an Artifactory, $CI_REGISTRY_IMAGE. Upper case in a path is refused, as Docker
    /// refuses it.
    Image(ImageArgs),
}

#[derive(Args, Debug)]
pub(crate) struct EnvArgs {
    /// How the variables are written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) base: BaseArgs,
}

#[derive(Args, Debug)]
pub(crate) struct NextArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ImageArgs {
    /// Which image
    #[arg(value_enum, value_name = "KIND")]
    pub(crate) kind: Kind,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) base: BaseArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
pub(crate) enum Format {
    /// NAME=value lines as GitLab reads them: no quotes, $ doubled
    #[default]
    Dotenv,
    /// One JSON document, with "schema": 1
    Json,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// What was built: …/ci, tagged with the commit's short id
    Ci,
    /// What is released: …/release, tagged with the version of the release tag, else with the short id
    Release,
}

/// Where versions are read from.
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// The git repository, or a folder in it
    #[arg(long, value_name = "DIR", env = "VERSIONER_REPOSITORY", default_value = ".")]
    pub(crate) repository: PathBuf,
    /// Read only tags that start with this and go on with a version, such as service-a/
    #[arg(long, value_name = "PREFIX", env = "VERSIONER_TAG_PREFIX")]
    pub(crate) tag_prefix: Option<String>,
}

/// What the pipeline says about its commit.
#[derive(Args, Debug)]
#[command(next_help_heading = "Commit")]
pub(crate) struct CommitArgs {
    /// The commit, if it is not HEAD
    #[arg(long, value_name = "SHA", env = "CI_COMMIT_SHA")]
    pub(crate) commit_sha: Option<CommitId>,
    /// The commit's id in image tags and versions; by default its first eight characters
    #[arg(long, value_name = "SHA", env = "CI_COMMIT_SHORT_SHA", value_parser = abbreviated)]
    pub(crate) commit_short_sha: Option<String>,
    /// The tag this pipeline runs for
    #[arg(long, value_name = "TAG", env = "CI_COMMIT_TAG")]
    pub(crate) commit_tag: Option<String>,
}

/// What image references are made of.
#[derive(Args, Debug)]
#[command(next_help_heading = "Images")]
pub(crate) struct BaseArgs {
    /// What stands before /ci and /release: HOST/PATH, or oci:DIR for an OCI layout directory
    #[arg(long, value_name = "BASE", env = "VERSIONER_IMAGE_BASE")]
    pub(crate) image_base: Option<String>,
    /// The registry of an Artifactory
    #[arg(long, value_name = "HOST", env = "ARTIFACTORY_HOST")]
    pub(crate) artifactory_host: Option<String>,
    /// The team's part of the path on the Artifactory
    #[arg(long, value_name = "PREFIX", env = "DOCKER_TEAM_REGISTRY_PREFIX")]
    pub(crate) registry_prefix: Option<String>,
    /// What stands between the prefix and the project's name, starting with /
    #[arg(long, value_name = "SLUG", env = "PROJECT_SLUG")]
    pub(crate) project_slug: Option<String>,
    /// The project's name in the path on the Artifactory
    #[arg(long, value_name = "NAME", env = "CI_PROJECT_NAME")]
    pub(crate) project_name: Option<String>,
    /// The project's place in GitLab's own registry
    #[arg(long, value_name = "PATH", env = "CI_REGISTRY_IMAGE")]
    pub(crate) registry_image: Option<String>,
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
