//! What is typed. The names of GitLab's and the pipeline's variables stand here and nowhere else but in messages.

mod images;
mod sources;
mod tag;
mod versions;

pub(crate) use images::{
    BaseArgs, EnvArgs, EnvFormat, ImageArgs, ImageRepositoryArgs, Kind, LabelsArgs, LabelsFormat,
    ProjectArgs, TagsArgs, TagsFormat,
};
pub(crate) use sources::{CommitArgs, GitlabArgs, HistoryArgs, Source, Step, StepArgs};
pub(crate) use tag::{TagArgs, Via};
pub(crate) use versions::{CheckArgs, CompareArgs, LatestArgs, ReadingArgs, SortArgs};

use clap::{Args, Parser, Subcommand};
use contract::args::Common;
use http::NetworkArgs;

/// The versions, tags, image references and labels of this commit
///
/// The version of a commit is the version tag on it (a release before a pre-release, then the highest), else the highest
/// release that it is built on, through any parent, with the commit's id behind it: 1.4.3+g1a2b3c4d. Where nothing is
/// released yet that is the highest pre-release, else 0.0.0.
///
/// The next version is the last release, bumped by what the Conventional Commits since then announce: a breaking change
/// major (minor below 1.0.0), feat minor, fix, perf and revert patch. A release ends its pre-releases; the first is
/// 0.1.0.
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
    /// Print the version of this commit
    Current(CurrentArgs),
    /// Print the version of the next release; with nothing to release, that of the last one
    ///
    /// --bump patch makes every merge a release. Without any release yet the first is 0.1.0, and 1.0.0 with --bump major.
    /// --prerelease numbers on from the tags there are; with nothing new since the last pre-release, it is that one.
    Next(NextArgs),
    /// Ask whether a text is a version, is in a range, is a release: exit code 0 or 3; a version is printed without v
    ///
    /// In a range of several parts, blanks and commas mean and, || means or. A pre-release is in a range only where a
    /// part of it names one (masterminds), or names one of the same three numbers (node).
    Check(CheckArgs),
    /// Print -1, 0 or 1: whether A is lower than B, equal or higher, by SemVer's precedence
    Compare(CompareArgs),
    /// Print the versions of stdin, one a line, in their order, the lowest first
    Sort(SortArgs),
    /// Print the highest of several versions, as it was written; pre-releases only where --range or --prereleases has them
    ///
    /// What is no version is passed over, but an empty argument is wrong usage. Nothing that matches is exit code 3.
    Latest(LatestArgs),
    /// Print the image tags of this pipeline
    ///
    /// The commit's short id, always. On a release tag 1.4.3 also 1.4.3, and 1.4, 1 and latest unless that would move them
    /// backwards: no higher release of their line may be known, from the git tags, or with --image from a registry. 0 is
    /// never one. A pre-release has its own tag alone. Then the environments, which cannot be called like one of these.
    /// + in a version is _ in a tag.
    Tags(TagsArgs),
    /// Print the full reference of an image of this commit
    ///
    /// Before /ci and /release stands --image-base; without it, $ARTIFACTORY_HOST/$DOCKER_TEAM_REGISTRY_PREFIX, PROJECT_SLUG
    /// and /$CI_PROJECT_NAME; without an Artifactory, $CI_REGISTRY_IMAGE, or on GitHub ghcr.io/OWNER/NAME in lower case.
    /// Upper case elsewhere is refused, as Docker refuses it.
    Image(ImageArgs),
    /// Print the labels of an image of this commit: org.opencontainers.image.*, and commit, branch and version
    ///
    /// What is not known, as on a laptop, is left out, and stderr says so.
    Labels(LabelsArgs),
    /// Print all of it as variables, for artifacts:reports:dotenv, $GITHUB_OUTPUT or a shell
    ///
    /// VERSION, NEXT_VERSION, SHORT_SHA, COMMIT_SHA, BRANCH, IMAGE_TAGS (with commas between them, as image-promote takes them), CI_IMAGE and
    /// RELEASE_IMAGE. What is not known, as a registry on a laptop, is left out, and stderr says so. In a pipeline for a
    /// release, a clone that cannot tell IMAGE_TAGS is an error.
    Env(EnvArgs),
    /// Print the tag of the next release, and with --push make it on the server
    ///
    /// With nothing to release it is the last tag. It may run twice: a commit that has a release tag, here or on the
    /// server, gets no other. When two pipelines race for one tag, one makes it; the other says so, and ends with exit
    /// code 3 unless its commit is part of that release. The tag starts with v if the last one did. A pipeline whose commit is
    /// not in this repository makes none.
    Tag(TagArgs),
}

#[derive(Args, Debug)]
pub(crate) struct CurrentArgs {
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Args, Debug)]
pub(crate) struct NextArgs {
    #[command(flatten)]
    pub(crate) step: StepArgs,
    #[command(flatten)]
    pub(crate) history: HistoryArgs,
    #[command(flatten)]
    pub(crate) commit: CommitArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}
