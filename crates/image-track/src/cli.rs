//! What is typed.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser as Filled;
use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::args::{Common, DryRunArgs, FormatArgs};
use registry::RegistryArgs;

/// Lets deployments follow the newest image that a semver range allows
///
/// Reads updatecli's manifests as they are. Nothing is written before every source is resolved and every file is computed;
/// in a file only the value changes, and no version ever goes down unasked.
#[derive(Parser, Debug)]
#[command(name = "image-track", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Check(Check),
    Apply(Apply),
    Publish(Publish),
    Trigger(Trigger),
    Run(Box<Run>),
    Notify(Notify),
    Adopt(Adopt),
}

/// Which manifests, and how their sources are resolved.
#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Manifests, or folders of them [default: updatecli.d, .updatecli or updatecli.yaml, whichever is there]
    #[arg(value_name = "MANIFEST")]
    pub(crate) manifests: Vec<PathBuf>,
    /// A YAML file with values for the manifests' {{ .name }}; can be given more than once, and a later one wins
    #[arg(long = "values", value_name = "VALUES", env = "IMAGE_TRACK_VALUES", value_delimiter = ',')]
    pub(crate) values: Vec<PathBuf>,
    /// Only what follows this image, chart or repository: its whole name, or the last part of it; can be given more than once
    #[arg(long = "only", value_name = "NAME", value_parser = Filled::new(), env = "IMAGE_TRACK_ONLY", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
}

/// How sources are resolved and what may be written.
#[derive(Args, Debug)]
pub(crate) struct Resolving {
    /// Go on where a source or target fails: what depends on it is left out, and the exit code is 1
    #[arg(long, env = "IMAGE_TRACK_KEEP_GOING")]
    pub(crate) keep_going: bool,
    /// Follow versions that are older than those in the files, too
    #[arg(long, env = "IMAGE_TRACK_ALLOW_DOWNGRADE")]
    pub(crate) allow_downgrade: bool,
    /// Keep lists of tags in this folder, and fetch only what has changed
    #[arg(long, value_name = "DIR", env = "IMAGE_TRACK_CACHE")]
    pub(crate) cache: Option<PathBuf>,
}

/// What every command has that reads manifests and writes.
#[derive(Args, Debug)]
pub(crate) struct Writing {
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Say what would change: exit code 0, or 3 with --exit-code when something would
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) resolving: Resolving,
    /// End with 3 when something would change
    #[arg(long, env = "IMAGE_TRACK_EXIT_CODE")]
    pub(crate) exit_code: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// Write the newest versions into the files
#[derive(Args, Debug)]
pub(crate) struct Apply {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) resolving: Resolving,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// Where changes are proposed.
#[derive(Args, Debug)]
pub(crate) struct Proposing {
    /// Where the request is opened: gitlab, gitlab:URL of a project, github; by default as the manifests' scms say, or the
    /// forge in whose CI this runs
    #[arg(long, value_name = "FORGE", value_parser = Filled::new(), env = "IMAGE_TRACK_FORGE")]
    pub(crate) forge: Option<String>,
    /// The branch that is changed by the request [default: that of the manifests' scm, of the job, or main]
    #[arg(long, value_name = "BRANCH", value_parser = Filled::new(), env = "IMAGE_TRACK_BASE")]
    pub(crate) base: Option<String>,
    /// The branch of the request, which belongs to image-track [default: image-track/BASE]
    #[arg(long, value_name = "BRANCH", value_parser = Filled::new(), env = "IMAGE_TRACK_BRANCH")]
    pub(crate) branch: Option<String>,
    /// The title of the request and of its commit [default: what changes, in a few words]
    #[arg(long, value_name = "TEXT", value_parser = Filled::new(), env = "IMAGE_TRACK_TITLE")]
    pub(crate) title: Option<String>,
    /// A label for the request; can be given more than once
    #[arg(long = "label", value_name = "TEXT", value_parser = Filled::new(), env = "IMAGE_TRACK_LABEL", value_delimiter = ',')]
    pub(crate) labels: Vec<String>,
    /// Let the forge merge the request by itself as soon as its checks allow it
    #[arg(long, env = "IMAGE_TRACK_AUTO_MERGE")]
    pub(crate) auto_merge: bool,
    /// How the request is merged
    #[arg(long, value_enum, value_name = "METHOD", default_value_t, env = "IMAGE_TRACK_MERGE_METHOD")]
    pub(crate) merge_method: MergeMethod,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MergeMethod {
    /// One commit of all
    #[default]
    Squash,
    /// A merge commit
    Merge,
    /// No commit of its own
    Rebase,
}

/// Propose what apply has written: a branch, a commit, one pull or merge request with a summary
///
/// The values that stand in the files here are put into the files of the base branch as they are now, through the forge's
/// API; nothing else of the working folder gets there, and git is not needed. A request that is open is updated in its place.
#[derive(Args, Debug)]
pub(crate) struct Publish {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) proposing: Proposing,
    /// Propose versions that are older than those in the base branch, too
    #[arg(long, env = "IMAGE_TRACK_ALLOW_DOWNGRADE")]
    pub(crate) allow_downgrade: bool,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// What is started, with which variables.
#[derive(Args, Debug)]
pub(crate) struct Starting {
    /// The projects: a JSON list of objects with name, url (of the project or of its trigger), secret (the name of the
    /// variable that holds its trigger token) and, if it is not main, ref
    #[arg(long, value_name = "JSON", value_parser = Filled::new(), env = "PROJECTS")]
    pub(crate) projects: Option<String>,
    /// A variable of the pipelines; can be given more than once
    #[arg(long = "variable", value_name = "NAME=VALUE", env = "IMAGE_TRACK_VARIABLE")]
    pub(crate) variables: Vec<String>,
    /// What has happened: the variable CD_MESSAGE of the pipelines
    #[arg(long, value_name = "TEXT", env = "IMAGE_TRACK_MESSAGE")]
    pub(crate) message: Option<String>,
}

/// Start the pipelines of the environments
#[derive(Args, Debug)]
pub(crate) struct Trigger {
    #[command(flatten)]
    pub(crate) starting: Starting,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) network: http::NetworkArgs,
}

/// apply and publish in one, and with --trigger what follows
#[derive(Args, Debug)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) resolving: Resolving,
    #[command(flatten)]
    pub(crate) proposing: Proposing,
    /// Start the pipelines of the environments as well, when something was proposed
    #[arg(long, env = "IMAGE_TRACK_TRIGGER")]
    pub(crate) trigger: bool,
    #[command(flatten)]
    pub(crate) starting: Starting,
    #[command(flatten)]
    pub(crate) writing: Writing,
}

/// Tell a repository of manifests that something was published: its tracking workflow or pipeline is started
#[derive(Args, Debug)]
pub(crate) struct Notify {
    /// The repository and the name of the variable that holds a token for it. github: or gitlab: in front says where it is,
    /// and so does a web address; else it is where this runs, or on GitHub
    #[arg(value_name = "ORG/REPO:TOKEN-VARIABLE", value_parser = Filled::new(), required = true)]
    pub(crate) repositories: Vec<String>,
    /// The workflow's file, on GitHub
    #[arg(long, value_name = "WORKFLOW", value_parser = Filled::new(), default_value = "image-track.yml", env = "IMAGE_TRACK_WORKFLOW")]
    pub(crate) workflow: String,
    /// The branch it runs on
    #[arg(long, value_name = "BRANCH", value_parser = Filled::new(), default_value = "main", env = "IMAGE_TRACK_ON")]
    pub(crate) on: String,
    /// An input of the workflow, or a variable of the pipeline; can be given more than once
    #[arg(long = "variable", value_name = "NAME=VALUE", env = "IMAGE_TRACK_VARIABLE")]
    pub(crate) variables: Vec<String>,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) network: http::NetworkArgs,
}

/// Write manifests for the images in compose files, Helm values, Kubernetes manifests and Dockerfiles
///
/// Images whose tag is no version, or a variable, are named and left out. A manifest that is there already stays as it is.
#[derive(Args, Debug)]
pub(crate) struct Adopt {
    /// The files, or folders of them [default: the current folder]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The folder for the manifests
    #[arg(long, value_name = "DIR", default_value = "updatecli.d", env = "IMAGE_TRACK_INTO")]
    pub(crate) into: PathBuf,
    /// How far versions may go
    #[arg(long, value_enum, value_name = "STEP", default_value_t, env = "IMAGE_TRACK_STEP")]
    pub(crate) step: Step,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Step {
    /// New patches and minor versions of the same major one
    #[default]
    Major,
    /// New patches of the same minor version
    Minor,
}
