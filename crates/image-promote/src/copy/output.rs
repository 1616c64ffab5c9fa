//! What a run tells.

use std::io::Write;
use std::time::Duration;

use contract::args::Format;
use contract::{Failure, output};
use marks::{Change, Outcome};
use registry::{Digest, Manifest};
use serde::Serialize;

use super::delivery::Delivered;
use super::leg::{Leg, Refused};
use super::plan::Verdict;
use crate::cli::Copy;
use crate::transfer::Tally;
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
    bytes_copied: u64,
}

impl From<Tally> for Blobs {
    fn from(tally: Tally) -> Self {
        let Tally { mounted, copied, skipped, bytes } = tally;
        Self { mounted, copied, skipped, bytes_copied: bytes }
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

    /// The lines for people: what moved, then where each tag leads.
    pub(crate) fn tell(&self) {
        let platforms = self.platforms.as_deref().unwrap_or_default().join(", ");
        if !platforms.is_empty() {
            tracing::info!("{}: {platforms}", self.source);
        }
        for Destination { repository, tags, blobs, referrers, marks, .. } in &self.destinations {
            let Blobs { mounted, copied, skipped, bytes_copied } = blobs;
            let moved = mounted + copied + skipped > 0;
            if moved && self.dry_run {
                tracing::info!(
                    "dry run: {repository}: would mount {mounted} blobs, copy {copied} ({bytes_copied} bytes), skip {skipped}"
                );
            } else if moved {
                tracing::info!(
                    "{repository}: blobs {mounted} mounted, {copied} copied ({bytes_copied} bytes), {skipped} there already"
                );
            }
            if let Some(ReferrersReport { copied, skipped, tags, .. }) = referrers {
                let (prefix, verb) = if self.dry_run { ("dry run: ", "to copy") } else { ("", "copied") };
                tracing::info!(
                    "{prefix}{repository}: referrers {copied} {verb}, {skipped} there already, {tags} tags"
                );
            }
            if let Some(marks) = marks {
                let written = marks.iter().filter(|mark| mark.change != Change::Unchanged).count();
                let (prefix, verb) = if self.dry_run { ("dry run: ", "to carry") } else { ("", "carried") };
                let there = marks.len() - written;
                tracing::info!("{prefix}{repository}: marks {written} {verb}, {there} there already");
            }
            for TagReport { tag, action, .. } in tags {
                let name = format!("{repository}:{tag}");
                match (*action, self.dry_run) {
                    ("unchanged", _) => {
                        tracing::info!("{name} leads to {} already; nothing was written", self.digest)
                    }
                    (action, true) => tracing::info!("dry run: {name} would be {action} as {}", self.digest),
                    (action, false) => tracing::info!("{name} {action} as {}", self.digest),
                }
            }
        }
        tracing::info!("done in {:.2} s", self.seconds);
    }

    /// The data: the digest, or everything as JSON.
    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        match format {
            Format::Text => output::line(out, &self.digest.to_string()),
            Format::Json => output::json(out, self),
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
