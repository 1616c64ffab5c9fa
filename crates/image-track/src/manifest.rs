//! What a manifest says: which versions are followed, and where they are written. The format is updatecli's
//! (<https://www.updatecli.io/docs/core/configuration/>); what of it is not supported is refused by its name.

mod action;
mod condition;
mod fields;
mod find;
mod read;
mod resource;
mod source;
mod steps;
mod target;

use std::time::Duration;

use contract::Secret;
use http::Url;
use regex_lite::Regex;
use registry::{Platform, Repository};

use crate::filter::Filter;
use crate::target::Spot;
use crate::transform::Transformer;

pub(crate) use find::{below, files, read_all};

/// One document of a manifest: sources, and what is done with their versions.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    /// Its name, or that of its file.
    pub(crate) name: String,
    pub(crate) sources: Vec<Source>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) targets: Vec<Target>,
    pub(crate) scms: Vec<Scm>,
    pub(crate) actions: Vec<Action>,
}

/// Where versions come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) id: String,
    /// `FILE:LINE:COLUMN`
    pub(crate) place: String,
    pub(crate) upstream: Upstream,
    pub(crate) filter: Filter,
    pub(crate) steps: Vec<Transformer>,
}

/// What publishes the versions.
#[derive(Clone, Debug)]
pub(crate) enum Upstream {
    Image(Image),
    /// A chart in a repository with an index, or in a registry.
    Chart {
        repository: Url,
        name: String,
        login: Option<Login>,
    },
    ChartImage(Repository, Option<Login>),
    Release(Releases),
    GitTag {
        url: Url,
        token: Option<Secret>,
    },
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// A repository of images.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) repository: Repository,
    /// If the manifest says one; else that of the environment.
    pub(crate) login: Option<Login>,
    /// Only tags that match.
    pub(crate) tag_filter: Option<Regex>,
    /// Only images that have all of these.
    pub(crate) platforms: Vec<Platform>,
    /// The version is written with its digest.
    pub(crate) pin_digest: bool,
    /// Only images that were made that long ago.
    pub(crate) minimum_age: Option<Duration>,
}

/// Releases of a repository on GitHub.
#[derive(Clone, Debug)]
pub(crate) struct Releases {
    pub(crate) api: Url,
    pub(crate) owner: String,
    pub(crate) repository: String,
    pub(crate) token: Option<Secret>,
    pub(crate) drafts: bool,
    pub(crate) prereleases: bool,
    pub(crate) releases: bool,
    /// The title counts instead of the tag.
    pub(crate) title: bool,
}

/// What has to hold, or targets are left alone.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) id: String,
    pub(crate) place: String,
    pub(crate) check: Check,
    pub(crate) steps: Vec<Transformer>,
    /// It holds when what is looked for is not there.
    pub(crate) negated: bool,
}

/// What a condition looks for.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// An image with this tag, for these platforms.
    Image { repository: Repository, login: Option<Login>, tag: Value, platforms: Vec<Platform> },
    /// A place in files, with this value if one is said.
    Place { files: Vec<String>, spot: Spot, value: Option<Value> },
}

/// Which conditions have to hold before a target is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// All of the manifest.
    All,
    /// All of these, and one of those.
    These { all: Vec<String>, any: Vec<String> },
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// The source with this id.
    Source(String),
    /// This text, with sources put in.
    Text(String),
}

/// Where a version is written.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) place: String,
    pub(crate) files: Vec<String>,
    pub(crate) spot: Spot,
    pub(crate) value: Value,
    pub(crate) steps: Vec<Transformer>,
    pub(crate) scm: Option<String>,
    pub(crate) gate: Gate,
}

/// Where the files are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scm {
    pub(crate) id: String,
    pub(crate) kind: ForgeKind,
    /// The server on the web, if it is not the usual one.
    pub(crate) server: Option<Url>,
    /// `OWNER/NAME`
    pub(crate) project: String,
    pub(crate) branch: Option<String>,
    pub(crate) token: Option<Secret>,
    pub(crate) author: Option<(String, String)>,
}

/// Which API a forge has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForgeKind {
    Github,
    Gitlab,
}

/// A pull or merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    pub(crate) place: String,
    pub(crate) kind: ForgeKind,
    pub(crate) scm: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) auto_merge: bool,
    pub(crate) merge_method: Option<crate::cli::MergeMethod>,
}

impl Upstream {
    /// What is followed, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Image(image) => image.repository.to_string(),
            Self::Chart { repository, name, .. } => {
                format!("{}/{name}", repository.as_str().trim_end_matches('/'))
            }
            Self::ChartImage(repository, _) => repository.to_string(),
            Self::Release(releases) => format!("{}/{}", releases.owner, releases.repository),
            Self::GitTag { url, .. } => url.to_string(),
        }
    }

    /// The last part of its name.
    pub(crate) fn short_name(&self) -> String {
        let name = self.name();
        let last = name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        last.trim_end_matches(".git").to_owned()
    }
}
