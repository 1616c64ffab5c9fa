//! What a run tells.

use std::io::Write;
use std::time::Duration;

use contract::args::Format;
use contract::{Failure, output};
use marks::{Change, Outcome};
use registry::{Digest, Manifest, Reference, Repository, Tag};
use serde::Serialize;

use super::delivery::Delivered;
use super::leg::{Leg, Refused};
use super::plan::Verdict;
use crate::cli::Copy;
use crate::transfer::{Tally, number_of_manifests};
use crate::tree::Tree;

/// The result of `copy`; its JSON is an interface.
#[derive(Serialize)]
pub(crate) struct Report {
    source: String,
    digest: Digest,
    media_type: String,
    dry_run: bool,
    /// Absent when nothing had to be read because nothing is missing anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    platforms: Option<Vec<String>>,
    destinations: Vec<Destination>,
    seconds: f64,
}

#[derive(Serialize)]
struct Destination {
    repository: String,
    tags: Vec<TagReport>,
    blobs: Blobs,
    /// Manifests written by digest, those of referrers not counted.
    manifests: usize,
    /// Absent without --referrers.
    #[serde(skip_serializing_if = "Option::is_none")]
    referrers: Option<ReferrersReport>,
    /// Absent without --marks.
    #[serde(skip_serializing_if = "Option::is_none")]
    marks: Option<Vec<Outcome>>,
}

/// What is about the image: signatures, bills of materials, marks.
#[derive(Serialize)]
struct ReferrersReport {
    copied: usize,
    /// There already.
    skipped: usize,
    /// Tags of theirs that were written.
    tags: usize,
    /// There, and listed nowhere, because the registry keeps no list and lets nobody else keep one.
    unlisted: usize,
}

#[derive(Serialize)]
struct TagReport {
    tag: String,
    /// `created`, `moved` or `unchanged`.
    action: &'static str,
    /// Where the tag led before, when it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_digest: Option<Digest>,
}

#[derive(Serialize)]
struct Blobs {
    mounted: u64,
    copied: u64,
    skipped: u64,
    bytes_mounted: u64,
    bytes_copied: u64,
    bytes_skipped: u64,
}

impl From<Tally> for Blobs {
    fn from(tally: Tally) -> Self {
        let Tally { mounted, copied, skipped, bytes_mounted, bytes_copied, bytes_skipped } = tally;
        Self { mounted, copied, skipped, bytes_mounted, bytes_copied, bytes_skipped }
    }
}

impl Report {
    pub(crate) fn new(
        copy: &Copy,
        root: &Manifest,
        tree: Option<&Tree>,
        legs: &[Leg],
        took: Duration,
    ) -> Self {
        Self {
            source: copy.source.to_string(),
            digest: root.digest().clone(),
            media_type: root.media_type().to_owned(),
            dry_run: copy.dry_run.dry_run,
            platforms: tree.map(|tree| tree.platforms().iter().map(ToString::to_string).collect()),
            destinations: legs.iter().map(destination).collect(),
            seconds: took.as_secs_f64(),
        }
    }

    /// The last line for people.
    pub(crate) fn tell(&self, legs: &[Leg]) {
        let mut blobs = Tally::default();
        legs.iter().for_each(|leg| blobs += leg.blobs);
        let moved = if blobs.is_empty() || self.dry_run { String::new() } else { format!("; {blobs}") };
        tracing::info!("done in {:.2} s: {}{moved}", self.seconds, self.digest);
    }

    /// The data: the digest, or everything as JSON.
    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        match format {
            Format::Text => output::line(out, &self.digest.to_string()),
            Format::Json => output::json(out, self),
        }
    }
}

/// Tells what SRC is, as soon as that is known.
pub(crate) fn source(source: &Reference, tree: &Tree) {
    let platforms: Vec<_> = tree.platforms().iter().map(ToString::to_string).collect();
    if !platforms.is_empty() {
        tracing::info!("{source}: {}", platforms.join(", "));
    }
}

/// Tells what became of the blobs and the manifests at a destination.
pub(crate) fn brought(repository: &Repository, blobs: &Tally, manifests: usize, dry_run: bool) {
    if dry_run {
        tracing::info!(
            "dry run: {repository}: would {}, put {}",
            blobs.foreseen(),
            number_of_manifests(manifests)
        );
    } else if !blobs.is_empty() {
        tracing::info!("{repository}: {blobs}");
    }
}

/// Tells what became of what is about the image.
pub(crate) fn delivered(repository: &Repository, delivered: &Delivered, blobs: &Tally, dry_run: bool) {
    let Delivered { copied, skipped, tags, .. } = delivered;
    let (prefix, verb) = if dry_run { ("dry run: ", "to copy") } else { ("", "copied") };
    let with = match (blobs.is_empty(), dry_run) {
        (true, _) => String::new(),
        (false, true) => format!("; would {}", blobs.foreseen()),
        (false, false) => format!("; {blobs}"),
    };
    tracing::info!(
        "{prefix}{repository}: referrers {copied} {verb}, {skipped} there already, {tags} tags{with}"
    );
}

/// What became of the marks.
pub(crate) fn carried(repository: &Repository, marks: &[Outcome], dry_run: bool) {
    let written = marks.iter().filter(|mark| mark.change != Change::Unchanged).count();
    let (prefix, verb) = if dry_run { ("dry run: ", "to carry") } else { ("", "carried") };
    let there = marks.len() - written;
    tracing::info!("{prefix}{repository}: marks {written} {verb}, {there} there already");
}

/// Tells what became of a tag.
pub(crate) fn tagged(repository: &Repository, tag: &Tag, verdict: &Verdict, digest: &Digest, dry_run: bool) {
    let name = format!("{repository}:{tag}");
    match (verdict, dry_run) {
        (Verdict::Unchanged, _) => tracing::info!("{name} leads to {digest} already; nothing was written"),
        (Verdict::Create, true) => tracing::info!("dry run: {name} would be created as {digest}"),
        (Verdict::Create, false) => tracing::info!("{name} created as {digest}"),
        (Verdict::Move { from } | Verdict::Refuse { found: from }, true) => {
            tracing::info!("dry run: {name} would be moved from {from} to {digest}");
        }
        (Verdict::Move { from } | Verdict::Refuse { found: from }, false) => {
            tracing::info!("{name} moved from {from} to {digest}");
        }
    }
}

fn destination(leg: &Leg) -> Destination {
    let tags = leg.target.tags.iter().zip(&leg.verdicts).map(|(tag, verdict)| {
        let (action, previous_digest) = match verdict {
            Verdict::Unchanged => ("unchanged", None),
            Verdict::Create => ("created", None),
            Verdict::Move { from } | Verdict::Refuse { found: from } => ("moved", Some(from.clone())),
        };
        TagReport { tag: tag.to_string(), action, previous_digest }
    });
    Destination {
        repository: leg.target.repository.to_string(),
        tags: tags.collect(),
        blobs: leg.blobs.into(),
        manifests: leg.manifests,
        referrers: leg.delivered.map(|Delivered { copied, skipped, tags, unlisted }| ReferrersReport {
            copied,
            skipped,
            tags,
            unlisted,
        }),
        marks: leg.marks.clone(),
    }
}

/// The failure that names every tag in the way; none when there is none.
pub(crate) fn refusal(refused: &[Refused]) -> Option<Failure> {
    let first = refused.first()?;
    let taken: Vec<_> = refused.iter().map(|tag| format!("{} (leads to {})", tag.name, tag.found)).collect();
    let verb = if taken.len() == 1 { "is" } else { "are" };
    Some(Failure::no(format!("{} {verb} taken; SRC is {}", taken.join(", "), first.wanted)).hint(
        "choose another tag, or let it move with --move (--move-aliases: only those like latest and 1.4)",
    ))
}

/// The failure that names every tag of a signature or the like that is another one at the destination.
pub(crate) fn conflict(refused: &[Refused]) -> Option<Failure> {
    if refused.is_empty() {
        return None;
    }
    let told = |tag: &Refused| format!("{} leads to {}, in SRC to {}", tag.name, tag.found, tag.wanted);
    let told: Vec<_> = refused.iter().map(told).collect();
    Some(Failure::no(format!("{}; nothing was written", told.join("; "))).hint(
        "what the destination says of the image would be lost: let --move put what SRC says in its place, or leave --referrers out",
    ))
}
