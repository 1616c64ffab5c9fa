//! What is typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use contract::args::{Common, DryRunArgs, FormatArgs};

/// Changes in compose files what you mean, and not one byte more
///
/// The result is printed unless --in-place or --output is given. Comments, blank lines, quotes and line endings stay; what
/// would change more than was asked for is refused with the reason (exit code 3), and then nothing is written. A service,
/// path or file that is not there, and a file that cannot be read as YAML, is a mistake (exit code 2). Without FILE it is
/// the one that compose finds: COMPOSE_FILE, else compose.yaml, compose.yml, docker-compose.yml or docker-compose.yaml
/// here or in a folder above.
#[derive(Parser, Debug)]
#[command(name = "compose-rewrite", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Image(Image),
    Set(Set),
    Delete(Delete),
    Get(Get),
    List(List),
    Mirror(Mirror),
    #[cfg(feature = "pin")]
    Pin(Pin),
    Strip(Strip),
}

/// Where the result goes.
#[derive(Args, Debug, Default)]
pub(crate) struct Target {
    /// Change the files themselves instead of printing the result
    #[arg(short, long)]
    pub(crate) in_place: bool,
    /// Write the result to this file instead of printing it, - for standard output
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    pub(crate) output: Option<PathBuf>,
    /// Print what changes, as a unified diff, instead of the result
    #[arg(long, env = "COMPOSE_REWRITE_DIFF")]
    pub(crate) diff: bool,
    /// Write nothing; exit code 3 when something would change
    #[arg(long, env = "COMPOSE_REWRITE_CHECK")]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

/// Let services use an image instead of building one
///
/// The build section of each service gives its place to 'image: REF'; an image that is there already is overwritten.
/// What stands in the way, such as a build that comes in through << or extends, is refused with exit code 3: then
/// --override-out leaves the file as it is, and --inline changes more of it. Files that a service extends are read, and
/// stay as they are. A service that is not there is a mistake, exit code 2, and the nearest name is suggested; a
/// pull_policy of build or never is a warning, or with --fix-pull-policy is mended.
#[derive(Args, Debug)]
#[command(override_usage = "compose-rewrite image [OPTIONS] <REF|--from-env> [FILE]...")]
pub(crate) struct Image {
    /// The image, HOST[:PORT]/PATH[:TAG][@DIGEST], then the compose files, - for standard input [default: the file that
    /// compose finds]. What compose interpolates, as in ${TAG}, is left as it is
    #[arg(value_name = "REF FILE")]
    pub(crate) reference_and_files: Vec<OsString>,
    /// Take the image from CI_IMAGE, as 'versioner env' names it, instead of REF
    #[arg(long, env = "COMPOSE_REWRITE_FROM_ENV")]
    pub(crate) from_env: bool,
    /// A service that gets the image; can be given more than once, or with commas between
    #[arg(
        long = "service",
        value_name = "NAME",
        env = "COMPOSE_REWRITE_SERVICE",
        default_value = "application",
        value_delimiter = ','
    )]
    pub(crate) services: Vec<String>,
    /// Every service that has a build, its own or not, whatever --service says
    #[arg(long, env = "COMPOSE_REWRITE_ALL_BUILT")]
    pub(crate) all_built: bool,
    /// Write a small override file instead, for 'docker compose -f FILE -f OUT', - for standard output; works for merged,
    /// extended and included services too (docker compose 2.18 or newer)
    #[arg(long, value_name = "OUT", conflicts_with_all = ["in_place", "output", "inline"])]
    pub(crate) override_out: Option<PathBuf>,
    /// Where a build comes in through <<, write out what << brings along, without it; where it comes through extends, take
    /// it away with 'build: !reset null'
    #[arg(long, env = "COMPOSE_REWRITE_INLINE")]
    pub(crate) inline: bool,
    /// Turn a pull_policy of build or never, with which the image would not be pulled, into missing; without this it stays,
    /// with a warning
    #[arg(long, env = "COMPOSE_REWRITE_FIX_PULL_POLICY")]
    pub(crate) fix_pull_policy: bool,
    /// Write every $ of REF as $$, so that compose takes it for a dollar sign
    #[arg(long, env = "COMPOSE_REWRITE_ESCAPE")]
    pub(crate) escape: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Give scalars other values
///
/// A path is written services.db.image, "a.b"[0]. A value keeps the quotes that were there and its place, and
/// whatever is not there is a mistake unless --create is given. Where a file has several documents, each that has the
/// path is changed.
#[derive(Args, Debug)]
#[command(override_usage = "compose-rewrite set [OPTIONS] <PATH=VALUE>... [FILE]")]
pub(crate) struct Set {
    /// What is set, then the compose file, - for standard input [default: the file that compose finds]
    #[arg(value_name = "PATH=VALUE FILE", required = true)]
    pub(crate) assignments_and_file: Vec<OsString>,
    /// Add what is missing, behind what is there
    #[arg(long, env = "COMPOSE_REWRITE_CREATE")]
    pub(crate) create: bool,
    /// What the values are
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t, env = "COMPOSE_REWRITE_TYPE")]
    pub(crate) kind: Kind,
    /// Write every $ of a value as $$, so that compose takes it for a dollar sign
    #[arg(long, env = "COMPOSE_REWRITE_ESCAPE")]
    pub(crate) escape: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text where text stands; elsewhere a number, true, false or null if it reads as one
    #[default]
    Auto,
    /// Text, in quotes where a reader would take it for something else
    String,
    /// A whole number
    Int,
    /// true or false
    Bool,
    /// null; nothing stands behind the =
    Null,
}

/// Remove entries and items, with the comments on their lines
///
/// Several documents are treated alike. A mapping or list of which nothing is left becomes {} or [].
#[derive(Args, Debug)]
#[command(override_usage = "compose-rewrite delete [OPTIONS] <PATH>... [FILE]")]
pub(crate) struct Delete {
    /// What goes, then the compose file, - for standard input [default: the file that compose finds]
    #[arg(value_name = "PATH FILE", required = true)]
    pub(crate) paths_and_file: Vec<OsString>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Print a value
///
/// A scalar is printed without its quotes, a mapping or list as it is written, or, with --format json, with aliases and
/// merge keys resolved. What is not there is exit code 2.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Which one: services.db.image, "a.b"[0]
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// The compose file, - for standard input [default: the one that compose finds]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// List the services: image, build and how that got there, ports, bind mounts
///
/// Everything is listed as compose has it once << and extends are followed, in other files too; a build says which way it
/// came: own, merged, extended, other-file.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// The compose files, - for standard input [default: the one that compose finds]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Let every image come through a mirror
///
/// nginx:1 becomes PREFIX/docker.io/library/nginx:1, quay.io/a/b becomes PREFIX/quay.io/a/b. Left as they are: images that
/// are built here, that come through the mirror already, or from this machine; and, with a warning, those whose name
/// holds a variable (a variable as the tag is fine), ids such as sha256:..., and what is written in other files.
#[derive(Args, Debug)]
pub(crate) struct Mirror {
    /// The mirror: HOST[:PORT][/PATH], in which compose may have variables to fill in
    #[arg(value_name = "PREFIX")]
    pub(crate) prefix: String,
    /// The compose files, - for standard input [default: the one that compose finds]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The prefix mirrors this registry alone: only its images change, and its host is left out of their names, so that
    /// with --of docker.io nginx:1 becomes PREFIX/library/nginx:1
    #[arg(long, value_name = "HOST", env = "COMPOSE_REWRITE_OF")]
    pub(crate) of: Option<String>,
    #[command(flatten)]
    pub(crate) target: Target,
}

/// Pin images to digests, as their registries have them now
///
/// nginx:1.29 becomes nginx:1.29@sha256:...; the tag stays to be read. Left as they are: images with a digest, images that
/// are built here and, with a warning, those without a tag or with a variable in them, ids, and what is written in other
/// files.
#[cfg(feature = "pin")]
#[derive(Args, Debug)]
pub(crate) struct Pin {
    /// The compose files, - for standard input [default: the one that compose finds]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Ask anew for images that have a tag and a digest
    #[arg(long, env = "COMPOSE_REWRITE_UPDATE")]
    pub(crate) update: bool,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) registry: registry::RegistryArgs,
}

/// Take away what a CI run does not want, from every service
///
/// What a service would still have through extends of a file that was not named is refused, exit code 3. A list marked
/// !override becomes an empty one, so that what it overrides does not come back; what is marked !reset stays.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["ports", "bind_mounts", "restart"]))]
pub(crate) struct Strip {
    /// The compose files, - for standard input [default: the one that compose finds]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Published ports
    #[arg(long, env = "COMPOSE_REWRITE_PORTS")]
    pub(crate) ports: bool,
    /// Folders and files of the host; named volumes stay
    #[arg(long, env = "COMPOSE_REWRITE_BIND_MOUNTS")]
    pub(crate) bind_mounts: bool,
    /// Restart policies
    #[arg(long, env = "COMPOSE_REWRITE_RESTART")]
    pub(crate) restart: bool,
    #[command(flatten)]
    pub(crate) target: Target,
}
