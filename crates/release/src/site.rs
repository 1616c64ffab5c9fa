//! The files of the releases page: one for people, one for programs.

use contract::{Failure, output};
use forge::{Release, ReleaseRecord};
use serde::Serialize;

use crate::page;

/// The page itself.
pub(crate) const INDEX: &str = "index.html";

/// All that is published.
pub(crate) struct Site {
    files: [(&'static str, Vec<u8>); 2],
}

#[derive(Serialize)]
struct Releases<'a> {
    project: Option<&'a str>,
    releases: Vec<ReleaseRecord>,
}

impl Site {
    /// The site of these releases, in the order in which they are shown. The same input gives the same bytes.
    pub(crate) fn new(project: Option<&str>, releases: &[Release]) -> Result<Self, Failure> {
        let mut json = Vec::new();
        let records = releases.iter().map(ReleaseRecord::from).collect();
        output::json(&mut json, &Releases { project, releases: records })?;
        let html = page::render(project, releases);
        Ok(Self { files: [("releases.json", json), (INDEX, html.into_bytes())] })
    }

    /// Names and contents in the order in which they are written: what people look at comes last.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, content)| (*name, content.as_slice()))
    }
}
