//! What is typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::args::{Common, DryRunArgs, FormatArgs};
use http::NetworkArgs;

/// Releases, version badges and a releases page, on GitLab, on GitHub, or in a directory; safe to run again
///
/// Whatever is there already and is right stays untouched; what an interrupted run has left undone the next one does.
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
    /// Create the release of a tag, or bring it up to date
    ///
    /// What the options say is made so; what they leave out stays as it is: notes that somebody has written by hand,
    /// links that another job has added. Links are known by their name, and by their address when they get a new name.
    /// With --replace the options say all of the release, and what they leave out is taken away, but for the time of
    /// release.
    Create(Box<Create>),
    /// Record which version runs in an environment, and update its badge and the releases page
    ///
    /// ENV is preview, production, or any other name; prev and prod are short for the first two. All environments are in
    /// one JSON document of the project. Jobs that may run at the same time should share a resource_group.
    Env(Box<Env>),
    /// Create a badge of the project, or bring it up to date; doubles of its name are removed
    Badge(Badge),
    /// Print release notes made from commit messages: Conventional Commits by their kind, what breaks first
    Notes(Notes),
    /// Write the releases page: HTML, JSON for programs, and an Atom feed
    Page(Page),
    /// Print a release, or what runs where and all releases
    Show(Show),
}

/// Which forge, and how to reach it.
#[derive(Args, Debug)]
pub(crate) struct ForgeArgs {
    /// Where releases are kept: gitlab, gitlab:URL of a project, github, dir:PATH [default: the forge whose CI this is]
    ///
    /// dir:PATH is a directory, with records in PATH/releases and the page in PATH/public; what writes makes it, and page
    /// and show want it to be there. For GitLab the tokens are in
    /// the environment: CI_JOB_TOKEN for releases, links and packages; GENERIC_GITLAB_TOKEN or GITLAB_TOKEN, an access
    /// token with the scope api, for badges (role Maintainer) and the wiki (Developer), and for the rest where there is
    /// no CI_JOB_TOKEN. For GitHub it is GITHUB_TOKEN.
    #[arg(long, value_name = "FORGE", env = "RELEASE_FORGE")]
    pub(crate) forge: Option<String>,
    /// The project's name, for titles
    #[arg(long, value_name = "NAME", env = "CI_PROJECT_NAME")]
    pub(crate) project: Option<String>,
    /// Where the releases page is served, for the links of its feed
    #[arg(long, value_name = "URL", env = "CI_PAGES_URL")]
    pub(crate) site_url: Option<String>,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// The releases page beside other work.
#[derive(Args, Debug)]
pub(crate) struct PageArgs {
    /// Write the releases page there as well, such as public for GitLab Pages; dir: always writes its own
    #[arg(long, value_name = "DIR", env = "RELEASE_PAGE")]
    pub(crate) page: Option<PathBuf>,
    /// Keep the releases page in the project's wiki as well, as the page Releases
    #[arg(long, env = "RELEASE_WIKI")]
    pub(crate) wiki: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The git tag to release: a semantic version, with or without a v in front [default: the tag this pipeline is for]
    #[arg(value_name = "TAG", env = "CI_COMMIT_TAG")]
    pub(crate) tag: Option<String>,
    /// The commit that is released; a server puts the tag there if there is none yet
    ///
    /// In a pipeline for a tag (CI_COMMIT_TAG; on GitHub GITHUB_REF_NAME) that is the tag to release, and has to be
    /// there; another one is refused unless --ref says where it is. In another pipeline it is the pipeline's own commit,
    /// CI_COMMIT_SHA or GITHUB_SHA: a tag that is not there is made on it, and the run says so.
    #[arg(long = "ref", value_name = "SHA", env = "RELEASE_REF")]
    pub(crate) git_ref: Option<String>,
    /// The title of the release [default: the tag]
    #[arg(long, value_name = "NAME", env = "RELEASE_NAME")]
    pub(crate) name: Option<String>,
    /// A file with the notes, in Markdown
    #[arg(long, value_name = "FILE", env = "RELEASE_NOTES", conflicts_with = "notes_from")]
    pub(crate) notes: Option<PathBuf>,
    /// Make the notes from the commits since the release before; see release notes --help
    #[arg(long, value_enum, value_name = "SOURCE", env = "RELEASE_NOTES_FROM")]
    pub(crate) notes_from: Option<NotesFrom>,
    /// The git repository, for --notes-from
    #[arg(long, value_name = "DIR", env = "RELEASE_REPOSITORY", default_value = ".")]
    pub(crate) repository: PathBuf,
    /// A link to something that was built; can be given more than once, and is one a line in the variable
    ///
    /// The name ends at the first =. The type is image, package, runbook or other. A comma within the URL that a word
    /// and = follow is written as %2C.
    #[arg(long = "asset", value_name = "NAME=URL[,type=TYPE][,path=/PATH]", env = "RELEASE_ASSETS")]
    pub(crate) assets: Vec<String>,
    /// A file to keep with the release and to link to under its name; can be given more than once
    ///
    /// On GitLab it goes into the project's generic package registry, and is not sent when it is there already.
    #[arg(long = "upload", value_name = "FILE", env = "RELEASE_UPLOADS", value_delimiter = '\n')]
    pub(crate) uploads: Vec<PathBuf>,
    /// The container image of this release, with its digest if that is known
    #[arg(long, value_name = "REF", env = "RELEASE_IMAGE")]
    pub(crate) image: Option<String>,
    /// The title of a milestone of the release; can be given more than once, and is one a line in the variable
    #[arg(long = "milestone", value_name = "TITLE", env = "RELEASE_MILESTONES", value_delimiter = '\n')]
    pub(crate) milestones: Vec<String>,
    /// When it was released, as in 2026-11-21T08:00:00Z [default: the time of the first run]
    #[arg(long, value_name = "TIME", env = "RELEASE_RELEASED_AT")]
    pub(crate) released_at: Option<String>,
    /// Take away what the options leave out: links, notes, image, milestones, the title
    #[arg(long, env = "RELEASE_REPLACE")]
    pub(crate) replace: bool,
    /// Accept a tag that is no semantic version
    #[arg(long, env = "RELEASE_ANY_TAG")]
    pub(crate) any_tag: bool,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

/// Where notes come from.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotesFrom {
    /// The messages of the commits since the release before
    Commits,
}

/// Where the picture of a badge is kept.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Picture {
    /// In the project's generic package registry, always at the same address
    #[default]
    Package,
    /// In a file, ENV.svg, that this job has to list among its artifacts
    Artifact,
}

#[derive(Args, Debug)]
pub(crate) struct Env {
    /// The environment [env: RELEASE_SERVER]
    ///
    /// Where RELEASE_SERVER is set, one argument alone is the version.
    #[arg(value_name = "ENV")]
    pub(crate) environment: Option<String>,
    /// The version that runs there [env: CI_COMMIT_TAG]
    #[arg(value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// The colour of its badge: a name, or hexadecimal as in #07c [default: green for production, else blue]
    #[arg(long, value_name = "COLOR", env = "RELEASE_COLOR")]
    pub(crate) color: Option<String>,
    /// Where people find the environment; the releases page links there
    #[arg(long, value_name = "URL", env = "RELEASE_URL")]
    pub(crate) url: Option<String>,
    /// Where the badge's picture is kept
    #[arg(long, value_enum, value_name = "PLACE", env = "RELEASE_PICTURE", default_value_t)]
    pub(crate) picture: Picture,
    /// Leave the project's badges alone; the picture is kept all the same
    #[arg(long, env = "RELEASE_NO_BADGE")]
    pub(crate) no_badge: bool,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(Args, Debug)]
pub(crate) struct Badge {
    /// The name by which the badge is known
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The address of the picture; GitLab's placeholders such as %{project_path} may stand in it
    #[arg(long, value_name = "URL", env = "RELEASE_BADGE_IMAGE_URL")]
    pub(crate) image_url: String,
    /// Where a click leads; placeholders may stand in it
    #[arg(long, value_name = "URL", env = "RELEASE_BADGE_LINK_URL")]
    pub(crate) link_url: String,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

/// How notes are written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NotesFormat {
    /// For people, and for the notes of a release
    #[default]
    #[value(alias = "text")]
    Markdown,
    /// One JSON document, with "schema": 1
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Notes {
    /// From which tag or commit (not included) to which [default: from the release before it, to HEAD or CI_COMMIT_TAG]
    ///
    /// FROM.. ends at HEAD, and TO alone begins at the release before it: the highest version that TO is built on,
    /// without pre-releases unless TO is one.
    #[arg(value_name = "FROM..TO", env = "CI_COMMIT_TAG")]
    pub(crate) range: Option<String>,
    /// The git repository
    #[arg(long, value_name = "DIR", env = "RELEASE_REPOSITORY", default_value = ".")]
    pub(crate) repository: PathBuf,
    /// Where the project is on the web, for links: gitlab:URL, or as CI variables say
    #[arg(long, value_name = "FORGE", env = "RELEASE_FORGE")]
    pub(crate) forge: Option<String>,
    /// How the notes are written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: NotesFormat,
}

#[derive(Args, Debug)]
pub(crate) struct Page {
    /// The folder to write: index.html, releases.json and feed.xml [default: public, or PATH/public with dir:PATH]
    #[arg(long, value_name = "DIR", env = "RELEASE_PAGE")]
    pub(crate) out: Option<PathBuf>,
    /// Keep the page in the project's wiki, as the page Releases, instead of writing a folder
    #[arg(long, env = "RELEASE_WIKI")]
    pub(crate) wiki: bool,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The release of this tag
    #[arg(value_name = "TAG")]
    pub(crate) tag: Option<String>,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
