//! What a run tells.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use registry::{Digest, Manifest};
use serde::Serialize;

use super::execute::Tally;
use super::plan::Verdict;
use crate::cli::Copy;
use crate::tree::Tree;

/// The result of `copy`; its JSON is an interface.
#[derive(Serialize)]
pub(crate) struct Report {
    source: String,
    destination: String,
    digest: Digest,
    media_type: String,
    /// `created`, `moved` or `unchanged`.
    action: &'static str,
    /// Where the tag led before, when it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_digest: Option<Digest>,
    dry_run: bool,
    /// Absent when nothing had to be read because nothing changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    platforms: Option<Vec<String>>,
    #[serde(serialize_with = "tally")]
    pub(crate) blobs: Tally,
    pub(crate) seconds: f64,
}

fn tally<S: serde::Serializer>(tally: &Tally, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut object = serializer.serialize_struct("blobs", 4)?;
    object.serialize_field("mounted", &tally.mounted)?;
    object.serialize_field("copied", &tally.copied)?;
    object.serialize_field("skipped", &tally.skipped)?;
    object.serialize_field("bytes_copied", &tally.bytes)?;
    object.end()
}

impl Report {
    pub(crate) fn new(copy: &Copy, verdict: &Verdict, root: &Manifest) -> Self {
        let (action, previous_digest) = match verdict {
            Verdict::Unchanged => ("unchanged", None),
            Verdict::Create => ("created", None),
            Verdict::Move { from } | Verdict::Refuse { found: from } => ("moved", Some(from.clone())),
        };
        Self {
            source: copy.source.to_string(),
            destination: copy.destination.to_string(),
            digest: root.digest().clone(),
            media_type: root.media_type().to_owned(),
            action,
            previous_digest,
            dry_run: copy.dry_run.dry_run,
            platforms: None,
            blobs: Tally::default(),
            seconds: 0.0,
        }
    }

    /// Adds what the source consists of, and says it.
    pub(crate) fn describe(&mut self, tree: &Tree) {
        let platforms: Vec<_> = tree.platforms().iter().map(ToString::to_string).collect();
        let blobs = tree.blobs();
        let size: u64 = blobs.iter().map(|blob| blob.size).sum();
        let what = match platforms.as_slice() {
            [] => "a single image".to_owned(),
            platforms => platforms.join(", "),
        };
        tracing::info!("{}: {what}; {} blobs, {size} bytes", self.source, blobs.len());
        self.platforms = Some(platforms);
    }

    /// The last line for people.
    pub(crate) fn tell(&self) {
        let Self { destination, digest, seconds, .. } = self;
        match (self.action, self.dry_run) {
            ("unchanged", _) => {
                tracing::info!("{destination} leads to {digest} already; nothing was written")
            }
            (action, true) => {
                tracing::info!("dry run: {destination} would be {action} as {digest}; {}", self.blobs)
            }
            (action, false) => tracing::info!("{destination} {action} as {digest} in {seconds:.2} s"),
        }
    }

    /// The data: the digest, or everything as JSON.
    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        match format {
            Format::Text => output::line(out, &self.digest.to_string()),
            Format::Json => output::json(out, self),
        }
    }
}
