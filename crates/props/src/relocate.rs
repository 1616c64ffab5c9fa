//! `move`: one image carries a mark, and no other.

use std::io::Write;

use contract::{Exit, Failure};
use registry::{Access, Digest};

use crate::cli::Move;
use crate::output;
use crate::place::{Target, provenance};

pub(crate) async fn run(relocate: &Move, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (place, image) = (&relocate.place, &relocate.image);
    let registries = place.registries()?;
    let dry_run = relocate.dry_run.dry_run;
    let access = if dry_run { Access::Pull } else { Access::Push };
    let Target { backend, subject } = place.image_at(image, access, &registries).await?;
    relocate.pin.check(image, &subject.digest, relocate.format, out)?;
    let within = match &relocate.within {
        Some(within) => Some(place.repository(within, access, &registries).await?),
        None => None,
    };
    let moved = backend.relocate(&relocate.mark, &subject, within.as_ref(), &provenance(), dry_run).await?;
    output::moved(relocate, &subject.digest, &moved, out)?;
    if moved.is_done() {
        return Ok(Exit::Done);
    }
    let key = &relocate.mark.key;
    let mut faults = Vec::new();
    faults.extend(moved.target.failure.iter().map(|reason| format!("{image}: {reason}")));
    let kept = moved.others.iter().filter_map(|other| Some((&other.digest, other.failure.as_ref()?)));
    faults.extend(kept.map(|(digest, reason)| format!("{digest} keeps it: {reason}")));
    let failed = |digest: &&Digest| {
        !moved.others.iter().any(|other| other.digest == **digest && other.failure.is_some())
    };
    faults.extend(moved.left.iter().filter(failed).map(|digest| format!("{digest} has it still, or again")));
    Err(Failure::failed(format!("{key} is not on {image} alone: {}", faults.join("; ")))
        .hint("run it again, which heals what is half done; two jobs must not move one mark at a time"))
}
