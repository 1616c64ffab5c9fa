//! `index`: one image for several platforms out of an image for each. [`part`] reads the images, [`document`] writes the
//! index, [`bring`] moves what is in them, [`output`] tells.

mod bring;
mod document;
mod output;
mod part;

use std::io::Write;

use contract::{Exit, Failure};
use futures_util::future::{join, try_join_all};
use registry::{Error, Manifest, Store, Tag, Which};

use self::bring::{Moved, bring};
use self::output::{Action, Report};
use self::part::Part;
use crate::cli::{Attestations, Index};
use crate::source::{Source, limited, which};

pub(crate) async fn run(index: &Index, out: &mut dyn Write) -> Result<Exit, Failure> {
    let tag = check(index)?;
    let registries = limited(&index.registry, index.jobs.at_a_time())?;
    let mut ways = Vec::new();
    for image in &index.sources {
        let (store, to) = registries.open_pair(&image.repository, &index.destination.repository)?;
        ways.push((Source { name: image.to_string(), store, which: which(image)? }, to));
    }
    let destination = ways.first().map(|(_, to)| to.clone()).ok_or_else(|| Failure::usage("no SRC"))?;
    let keep = index.attestations == Attestations::Keep;
    let parts = ways.into_iter().map(|(source, to)| Part::read(source, to, keep));
    // Where the tag leads now has nothing to do with what the images are.
    let (parts, found) = join(try_join_all(parts), destination.resolve(&tag)).await;
    let (parts, found) = (parts?, found?);
    part::refuse_twice(&parts)?;
    let root = document::write(&parts, &index.annotations)?;
    let action = match found {
        None => Action::Created,
        Some(found) if found == *root.digest() => Action::Unchanged,
        Some(previous) if index.move_tag => Action::Moved { previous },
        Some(found) => return Err(output::taken(&index.destination, &found, &root)),
    };
    let mut moved = Moved::default();
    if action != Action::Unchanged && index.dry_run.dry_run {
        moved = bring::foresee(&parts, index.jobs.most()).await?;
    } else if action != Action::Unchanged {
        moved = carry_out(&destination, &parts, &root, &tag, index.jobs.most()).await?;
    }
    let report = Report::new(index, &root, &parts, action, moved);
    report.tell();
    report.print(index.format.format, out)?;
    Ok(Exit::Done)
}

/// First all that the index leads to, then the index, under its tag.
async fn carry_out(
    destination: &Store,
    parts: &[Part],
    root: &Manifest,
    tag: &Tag,
    jobs: usize,
) -> Result<Moved, Error> {
    destination.prepare()?;
    let which = Which::Tag(tag.clone());
    let moved = bring(parts, jobs, true).await?;
    match destination.put_manifest(root, &which).await {
        // Some registries say that they have what they have not.
        Err(error) if error.is_about_missing_content() => {
            tracing::debug!("sending everything again: {error}");
            let moved = bring(parts, jobs, false).await?;
            destination.put_manifest(root, &which).await?;
            Ok(moved)
        }
        result => result.map(|_| moved),
    }
}

fn check(index: &Index) -> Result<Tag, Failure> {
    let destination = &index.destination;
    if let Some(digest) = &destination.digest {
        return Err(Failure::usage(format!("DST {destination} has a digest, {}", digest.short()))
            .hint("give DST a tag; the digest comes from what is in the index"));
    }
    let keys: Vec<_> = index.annotations.iter().map(|annotation| &annotation.key).collect();
    if let Some(key) = keys.iter().enumerate().find_map(|(at, key)| keys[..at].contains(key).then_some(key)) {
        return Err(Failure::usage(format!("the annotation {key} is given twice")).hint("give each key once"));
    }
    destination.tag.clone().ok_or_else(|| {
        Failure::usage(format!("under which tag? DST {destination} has none"))
            .hint(format!("write {destination}:TAG; latest is never assumed"))
    })
}
