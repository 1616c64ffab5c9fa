//! What is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser as Filled;
use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::args::{Common, DryRunArgs, FormatArgs, duration};

use crate::values::{Artifact, Copy, Mount, Probe, Variable, bytes};

/// Runs quality gates inside the image that was built, and waits until it is healthy
///
/// The engine is the one that docker would use: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or the context of
/// DOCKER_CONTEXT. No docker command is needed. Whatever a run makes there is removed when it ends, however it ends.
#[derive(Parser, Debug)]
#[command(name = "image-gate", version, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Run(Run),
    Health(Health),
    Pipeline(Pipeline),
    Push(Push),
    Prune(Prune),
}

/// What holds for every container of a command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ContainerArgs {
    /// A variable of the container: NAME=VALUE, or NAME alone to hand over ours, which is then shown in no log (from 6
    /// characters on); may be repeated
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(crate) variables: Vec<Variable>,
    /// The network: none, bridge, host, or the name of one
    #[arg(long, value_name = "NAME", value_parser = Filled::new(), env = "IMAGE_GATE_NETWORK")]
    pub(crate) network: Option<String>,
    /// How much memory it may use: 512m, 2g
    #[arg(long, value_name = "SIZE", value_parser = bytes, env = "IMAGE_GATE_MEMORY")]
    pub(crate) memory: Option<i64>,
    /// When the image is pulled from its registry
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, env = "IMAGE_GATE_PULL")]
    pub(crate) pull: Pull,
    /// How long the container has to end by itself after a signal or a timeout
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "5", env = "IMAGE_GATE_STOP_TIMEOUT")]
    pub(crate) stop_timeout: Duration,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pull {
    /// When the engine has none of that name
    #[default]
    Missing,
    /// Before it is used
    Always,
    /// Never
    Never,
}

/// Run a command in an image, and end as it ends
///
/// The exit code is the command's own. 125: it was never run, or its end is not known; 126: it cannot be run; 127: it is
/// not there; 124: it took longer than --timeout. What it prints is passed on as it comes. Signals are passed on too.
#[derive(Args, Debug)]
#[command(override_usage = "image-gate run [OPTIONS] <IMAGE> -- <CMD>...")]
pub(crate) struct Run {
    /// The image, as docker would find it: NAME[:TAG], or an ID
    #[arg(value_name = "IMAGE", value_parser = Filled::new())]
    pub(crate) image: String,
    /// The command and its arguments [default: the image's own]
    #[arg(value_name = "CMD", last = true)]
    pub(crate) command: Vec<String>,
    /// A file or folder that the container sees at DST; with an engine elsewhere it is copied instead
    #[arg(long = "mount", value_name = "SRC:DST[:ro]")]
    pub(crate) mounts: Vec<Mount>,
    /// A file, or what is in a folder, copied to DST; it belongs to the user of the command
    #[arg(long = "copy", value_name = "SRC:DST")]
    pub(crate) copies: Vec<Copy>,
    /// Where the command runs
    #[arg(long, value_name = "DIR", value_parser = Filled::new(), env = "IMAGE_GATE_WORKDIR")]
    pub(crate) workdir: Option<String>,
    /// Who runs it: a name or number, with :GROUP if need be
    #[arg(long, value_name = "USER", value_parser = Filled::new(), env = "IMAGE_GATE_USER")]
    pub(crate) user: Option<String>,
    /// The program in the place of the image's own entry point; "" for none
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) entrypoint: Option<String>,
    /// A command of the image's shell that root runs first; may be repeated
    #[arg(long = "setup", value_name = "COMMAND", value_parser = Filled::new())]
    pub(crate) setup: Vec<String>,
    /// What of the container is kept, in which folder of ours, also when the command fails; may be repeated
    #[arg(long = "artifact", value_name = "PATH:DIR")]
    pub(crate) artifacts: Vec<Artifact>,
    /// How long all of it may take, with pull and --setup: 90, 20s, 10m, 1h30m
    #[arg(long, value_name = "SECONDS", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
}

/// Start an image, and say whether it becomes healthy
///
/// The image's HEALTHCHECK decides, or --http where it has none. Unhealthy, ended, started anew or too late is exit code 3,
/// with what the check said last and the end of the log on stderr.
#[derive(Args, Debug)]
pub(crate) struct Health {
    /// The image, as docker would find it: NAME[:TAG], or an ID
    #[arg(value_name = "IMAGE", value_parser = Filled::new())]
    pub(crate) image: String,
    /// How long it may take: 90, 20s, 10m
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "20")]
    pub(crate) timeout: Duration,
    /// How long it has to stay healthy
    #[arg(long, value_name = "SECONDS", value_parser = duration, default_value = "0", env = "IMAGE_GATE_STEADY")]
    pub(crate) steady: Duration,
    /// Ask the HEALTHCHECK this often, from the start [default: as the image says]
    #[arg(long, value_name = "SECONDS", value_parser = duration, env = "IMAGE_GATE_INTERVAL")]
    pub(crate) interval: Option<Duration>,
    /// Publish the ports that the image exposes, on free ports, and say which
    #[arg(long, env = "IMAGE_GATE_PUBLISH")]
    pub(crate) publish: bool,
    /// Healthy is who answers GET PATH with a status below 400, at the port that the image exposes, or at PORT
    #[arg(long, value_name = "PATH[:PORT]", env = "IMAGE_GATE_HTTP")]
    pub(crate) http: Option<Probe>,
    /// How many lines of the log are shown of an image that is not healthy
    #[arg(long, value_name = "LINES", default_value_t = 200, env = "IMAGE_GATE_LOG_TAIL")]
    pub(crate) log_tail: usize,
    #[command(flatten)]
    pub(crate) container: ContainerArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Build, run the gates, check health, tag and push, as one file describes
///
/// A gate that fails is exit code 3; its command's own code is in the report. What is behind it is skipped. What gates print
/// goes to stderr, the summary to stdout.
#[derive(Args, Debug)]
pub(crate) struct Pipeline {
    /// The description
    #[arg(value_name = "FILE", default_value = "gates.toml")]
    pub(crate) file: PathBuf,
    /// This step alone: build, the name of a gate, health or push; may be repeated
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = Filled::new(), env = "IMAGE_GATE_ONLY")]
    pub(crate) only: Vec<String>,
    /// Leave the containers where they are, to look at; 'image-gate prune --all' removes them
    #[arg(long, env = "IMAGE_GATE_KEEP")]
    pub(crate) keep: bool,
    /// Write a JUnit report to this file
    #[arg(long, value_name = "FILE", env = "IMAGE_GATE_JUNIT")]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// What the CI says about the commit.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Commit")]
pub(crate) struct EventArgs {
    /// The git tag of the commit; GITHUB_REF_NAME counts on GitHub
    #[arg(long, value_name = "TAG", env = "CI_COMMIT_TAG")]
    pub(crate) commit_tag: Option<String>,
    /// Its branch; GITHUB_REF_NAME counts on GitHub
    #[arg(long, value_name = "NAME", env = "CI_COMMIT_BRANCH")]
    pub(crate) commit_branch: Option<String>,
}

/// Tag what was built, and push it
///
/// A REF with a tag gets that tag. One without gets latest on a branch of --only-on. On a git tag it gets the version, which
/// of v1.4.0 is 1.4.0, and latest unless that is a pre-release. Other releases are not looked at: a fix of an older line
/// moves latest back, unless REFs name the tags that 'versioner tags release' prints. On any other branch nothing is pushed,
/// and exit code 0 says that this is right; where neither branch nor tag is known it is 2.
#[derive(Args, Debug)]
pub(crate) struct Push {
    /// The image that was built, as docker would find it
    #[arg(value_name = "IMAGE", value_parser = Filled::new())]
    pub(crate) image: String,
    /// Where it goes: HOST[:PORT]/PATH[:TAG]
    #[arg(value_name = "REF", required = true)]
    pub(crate) references: Vec<registry::Reference>,
    /// Branches that are pushed, with * for any characters; tag stands for every git tag
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = Filled::new(),
        default_value = "main,tag",
        env = "IMAGE_GATE_ONLY_ON"
    )]
    pub(crate) only_on: Vec<String>,
    #[command(flatten)]
    pub(crate) events: EventArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Remove what killed runs have left behind
///
/// Runs of this machine are looked for by their process. Of others nothing is known: what they made goes when its time is
/// over, which is --timeout and ten minutes, or a day. Every run does the same when it starts.
#[derive(Args, Debug)]
pub(crate) struct Prune {
    /// Everything that image-gate has made on this engine, of living runs too, and what --keep has kept
    #[arg(long, env = "IMAGE_GATE_ALL")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

#[cfg(test)]
mod tests {
    use super::Cli;

    #[test]
    fn only_what_the_ci_says_stands_below_commit_in_the_help() {
        let command = contract::command::<Cli>();
        for subcommand in command.get_subcommands() {
            for argument in subcommand.get_arguments() {
                let id = argument.get_id().as_str();
                let is_below = argument.get_help_heading() == Some("Commit");
                assert_eq!(is_below, id.starts_with("commit_"), "{} {id}", subcommand.get_name());
            }
        }
    }
}
