//! The files of the releases page: one for people, one for programs, one for feed readers.

use contract::{Failure, output};
use forge::{Deployment, Environment, Environments, EnvironmentsRecord, Forge, Release, ReleaseRecord};
use serde::Serialize;
use url::Url;

use crate::{feed, html};

/// The page itself.
pub(crate) const INDEX: &str = "index.html";
/// The same for programs.
pub(crate) const JSON: &str = "releases.json";
/// The same for feed readers.
pub(crate) const FEED: &str = "feed.xml";

/// All that the page shows.
pub(crate) struct Known<'a> {
    pub(crate) project: Option<&'a str>,
    /// In the order in which they are shown.
    pub(crate) releases: &'a [Release],
    pub(crate) environments: &'a Environments,
    /// Where the page is served.
    pub(crate) site: Option<&'a Url>,
    pub(crate) forge: &'a Forge,
}

/// All that is published.
pub(crate) struct Site {
    files: [(&'static str, Vec<u8>); 3],
}

#[derive(Serialize)]
struct Document<'a> {
    project: Option<&'a str>,
    #[serde(flatten)]
    environments: EnvironmentsRecord,
    releases: Vec<ReleaseRecord>,
}

impl Site {
    /// The site of what is known. The same input gives the same bytes.
    pub(crate) fn new(known: &Known<'_>) -> Result<Self, Failure> {
        let mut json = Vec::new();
        let document = Document {
            project: known.project,
            environments: known.environments.into(),
            releases: known.releases.iter().map(ReleaseRecord::from).collect(),
        };
        output::json(&mut json, &document)?;
        let (feed, html) = (feed::render(known), html::render(known));
        Ok(Self { files: [(JSON, json), (FEED, feed.into_bytes()), (INDEX, html.into_bytes())] })
    }

    /// Names and contents in the order in which they are written: what people look at comes last.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, content)| (*name, content.as_slice()))
    }
}

/// The environments in the order in which people ask for them: production first, then preview, then the others.
pub(crate) fn in_order(environments: &Environments) -> Vec<(&Environment, &Deployment)> {
    let rank = |name: &Environment| match name.as_str() {
        "production" => 0,
        "preview" => 1,
        _ => 2,
    };
    let mut all: Vec<_> = environments.iter().collect();
    all.sort_by_key(|(name, _)| rank(name));
    all
}

/// The release that runs there: of this tag, or of the same version with or without a `v`.
pub(crate) fn released<'a>(releases: &'a [Release], deployment: &Deployment) -> Option<&'a Release> {
    let version = deployment.version.as_str();
    let bare = |text: &str| text.strip_prefix('v').unwrap_or(text).to_owned();
    let exact = releases.iter().find(|release| release.tag.as_str() == version);
    exact.or_else(|| {
        let is_same = |release: &&Release| {
            release.tag.version().is_some() && bare(release.tag.as_str()) == bare(version)
        };
        releases.iter().find(is_same)
    })
}
