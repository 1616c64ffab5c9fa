//! What is typed to get the names and labels of images.

use clap::{Args, ValueEnum};
use http::NetworkArgs;
use registry::{Platform, Reference, RegistryArgs};

use super::sources::{CommitArgs, HistoryArgs, StepArgs};
use crate::image_tags;

#[derive(Args, Debug)]
pub(crate) struct ImageArgs {
    /// Which image
    #[arg(value_enum, value_name = "KIND")]
    pub(crate) kind: Kind,
    /// The image for one platform: its tag ends with -linux-amd64
    #[arg(long, value_name = "OS/ARCH", env = "VERSIONER_PLATFORM")]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) base: BaseArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Args, Debug)]
pub(crate) struct TagsArgs {
    /// Which image the references in the formats references, docker, buildctl, bake and json are of
    #[arg(value_enum, value_name = "KIND", default_value = "release")]
    pub(crate) kind: Kind,
    /// How the tags are written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: TagsFormat,
    /// The environment the image is deployed to, as one more tag; may be repeated
    #[arg(long, value_name = "NAME", env = "CI_ENVIRONMENT_SLUG", value_delimiter = ',', value_parser = image_tags::environment)]
    pub(crate) environment: Vec<String>,
    #[command(flatten)]
    pub(crate) asked: ImageRepositoryArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) base: BaseArgs,
}

#[derive(Args, Debug)]
pub(crate) struct LabelsArgs {
    /// How the labels are written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: LabelsFormat,
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Args, Debug)]
pub(crate) struct EnvArgs {
    /// How the variables are written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: EnvFormat,
    #[command(flatten)]
    pub(crate) step: StepArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) base: BaseArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// A repository of a registry that is asked for its tags.
#[derive(Args, Debug)]
#[command(next_help_heading = None::<&'static str>)]
pub(crate) struct ImageRepositoryArgs {
    /// Ask this repository of a registry which versions there are
    #[arg(long, value_name = "REF", env = "VERSIONER_IMAGE")]
    pub(crate) image: Option<Reference>,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
pub(crate) enum EnvFormat {
    /// NAME=value lines as GitLab reads them: no quotes, $ doubled
    #[default]
    Dotenv,
    /// For $GITHUB_OUTPUT and $GITHUB_ENV
    Github,
    /// One JSON document, with "schema": 1
    Json,
    /// export lines for eval
    Sh,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
pub(crate) enum TagsFormat {
    /// A tag a line
    #[default]
    Lines,
    /// A full reference a line, as docker/metadata-action hands them to docker/build-push-action
    References,
    /// One JSON document, with "schema": 1
    Json,
    /// The value of buildctl's --output
    Buildctl,
    /// --tag options for docker build
    Docker,
    /// A file for docker buildx bake, with the target versioner to inherit from
    Bake,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default)]
pub(crate) enum LabelsFormat {
    /// --label options for docker build, quoted for a shell's eval where need be
    #[default]
    Docker,
    /// --opt options for buildctl, quoted likewise
    Buildctl,
    /// A label a line, NAME=value, with nothing quoted
    Lines,
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

/// What the pipeline says about its project.
#[derive(Args, Debug)]
#[command(next_help_heading = "Project")]
pub(crate) struct ProjectArgs {
    /// Where the project is
    #[arg(long, value_name = "URL", env = "CI_PROJECT_URL")]
    pub(crate) project_url: Option<String>,
    /// How people call the project
    #[arg(long, value_name = "TEXT", env = "CI_PROJECT_TITLE")]
    pub(crate) project_title: Option<String>,
}

/// What image references are made of.
#[derive(Args, Debug, Default)]
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
