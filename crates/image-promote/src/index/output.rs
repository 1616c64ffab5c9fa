//! What a run of `index` tells.

use std::collections::BTreeMap;
use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use registry::{Digest, Manifest, Reference};
use serde::Serialize;

use super::bring;
use super::part::Part;
use crate::cli::Index;
use crate::transfer::{Tally, number_of_manifests};

/// What became of the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Created,
    Moved { previous: Digest },
    Unchanged,
}

/// The result of `index`; its JSON is an interface.
#[derive(Serialize)]
pub(crate) struct Report {
    destination: String,
    digest: Digest,
    media_type: String,
    /// `created`, `moved` or `unchanged`.
    action: &'static str,
    /// Where the tag led before, when it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_digest: Option<Digest>,
    dry_run: bool,
    annotations: BTreeMap<String, String>,
    images: Vec<Image>,
    attestations: Vec<Digest>,
    /// What was moved, or would be.
    moved: Moved,
}

#[derive(Serialize)]
struct Image {
    platform: String,
    digest: Digest,
    source: String,
}

/// Blobs, but for the last.
#[derive(Serialize)]
struct Moved {
    mounted: u64,
    copied: u64,
    skipped: u64,
    bytes_mounted: u64,
    bytes_copied: u64,
    bytes_skipped: u64,
    /// Manifests written by digest.
    manifests: usize,
}

impl Report {
    pub(crate) fn new(
        index: &Index,
        root: &Manifest,
        parts: &[Part],
        action: Action,
        moved: bring::Moved,
    ) -> Self {
        let (action, previous_digest) = match action {
            Action::Created => ("created", None),
            Action::Moved { previous } => ("moved", Some(previous)),
            Action::Unchanged => ("unchanged", None),
        };
        let image = |part: &Part| Image {
            platform: part.platform.clone(),
            digest: part.image.manifest.digest().clone(),
            source: part.name.clone(),
        };
        let attestations = parts.iter().flat_map(|part| &part.attestations);
        let Tally { mounted, copied, skipped, bytes_mounted, bytes_copied, bytes_skipped } = moved.blobs;
        let manifests = moved.manifests;
        Self {
            destination: index.destination.to_string(),
            digest: root.digest().clone(),
            media_type: root.media_type().to_owned(),
            action,
            previous_digest,
            dry_run: index.dry_run.dry_run,
            annotations: root.annotations().clone(),
            images: parts.iter().map(image).collect(),
            attestations: attestations.map(|child| child.manifest.digest().clone()).collect(),
            moved: Moved { mounted, copied, skipped, bytes_mounted, bytes_copied, bytes_skipped, manifests },
        }
    }

    /// The last line for people.
    pub(crate) fn tell(&self) {
        let Self { destination, digest, action, .. } = self;
        let from = self.previous_digest.as_ref().map_or(" as".into(), |from| format!(" from {from} to"));
        match (*action, self.dry_run) {
            ("unchanged", _) => {
                tracing::info!("{destination} leads to {digest} already; nothing was written");
            }
            (action, true) => tracing::info!("dry run: {destination} would be {action}{from} {digest}"),
            (action, false) => tracing::info!("{destination} {action}{from} {digest}"),
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

/// Tells what the index is made of, before anything is moved.
pub(crate) fn parts(parts: &[Part]) {
    for Part { platform, name, image, .. } in parts {
        tracing::info!("{platform}: {name}, {}", image.manifest.digest());
    }
    let attestations: usize = parts.iter().map(|part| part.attestations.len()).sum();
    if attestations > 0 {
        tracing::info!("{attestations} attestations go with them");
    }
}

/// Tells what became of the blobs and the manifests.
pub(crate) fn moved(moved: &bring::Moved, dry_run: bool) {
    if dry_run {
        tracing::info!(
            "dry run: would {}, put {}",
            moved.blobs.foreseen(),
            number_of_manifests(moved.manifests)
        );
    } else if !moved.blobs.is_empty() {
        tracing::info!("{}", moved.blobs);
    }
}

/// The tag leads elsewhere, and may not move.
pub(crate) fn taken(destination: &Reference, found: &Digest, root: &Manifest) -> Failure {
    Failure::no(format!("{destination} (leads to {found}) is taken; the index is {}", root.digest()))
        .hint("choose another tag, or let it move with --move")
}
