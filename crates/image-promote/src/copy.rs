//! `copy`: [`plan`] decides, [`execute`] acts, [`output`] tells.

mod execute;
mod output;
mod plan;

use std::io::Write;
use std::time::Instant;

use contract::{Exit, Failure};
use registry::{Reference, Registries, Store, Tag, Which};

use self::execute::Transfer;
use self::output::Report;
use self::plan::Verdict;
use crate::cli::Copy;
use crate::tree::Tree;

pub(crate) async fn run(copy: &Copy, out: &mut dyn Write) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let (which, tag) = check(copy)?;
    let registries = Registries::new(&copy.registry, "image-promote", env!("CARGO_PKG_VERSION"))?;
    let (from, to) = registries.open_pair(&copy.source.repository, &copy.destination.repository)?;
    // Both answers are needed before anything can be decided, and neither needs the other.
    let (root, found) = futures_util::future::join(from.manifest(&which), to.resolve(&tag)).await;
    let (root, found) = (root?, found?);
    let verdict = plan::decide(found.as_ref(), root.digest(), copy.move_tag);
    let mut report = Report::new(copy, &verdict, &root);
    match &verdict {
        Verdict::Refuse { found } => return Err(taken(&copy.destination, found, root.digest())),
        Verdict::Unchanged => {}
        Verdict::Create | Verdict::Move { .. } => {
            let jobs = usize::from(copy.jobs);
            let tree = Tree::read(&from, root, jobs).await?;
            report.describe(&tree);
            let transfer = Transfer { from: &from, to: &to, jobs };
            report.blobs = transfer_tree(&transfer, &tree, &tag, copy.dry_run.dry_run).await?;
        }
    }
    report.seconds = begun.elapsed().as_secs_f64();
    report.tell();
    report.print(copy.format.format, out)?;
    Ok(Exit::Done)
}

/// Children first, the tag last: until then nothing that was there has changed.
async fn transfer_tree(
    transfer: &Transfer<'_>,
    tree: &Tree,
    tag: &Tag,
    dry_run: bool,
) -> Result<execute::Tally, Failure> {
    if dry_run {
        return Ok(transfer.foresee(tree).await?);
    }
    transfer.to.prepare()?;
    let tally = transfer.blobs(tree).await?;
    tracing::info!("{tally}");
    transfer.manifests(tree, tag).await?;
    Ok(tally)
}

fn check(copy: &Copy) -> Result<(Which, Tag), Failure> {
    let which = copy.source.which().ok_or_else(|| {
        Failure::usage(format!("which image of {} is meant? SRC has neither a tag nor a digest", copy.source))
            .hint(format!("write {}:TAG; latest is never assumed", copy.source))
    })?;
    if let Some(digest) = &copy.destination.digest {
        return Err(Failure::usage(format!("DST {} has a digest, {}", copy.destination, digest.short()))
            .hint("give DST a tag; its digest will be that of SRC"));
    }
    let tag = copy.destination.tag.clone().ok_or_else(|| {
        Failure::usage(format!("under which tag? DST {} has none", copy.destination))
            .hint(format!("write {}:TAG; latest is never assumed", copy.destination))
    })?;
    Ok((which, tag))
}

fn taken(destination: &Reference, found: &registry::Digest, wanted: &registry::Digest) -> Failure {
    Failure::no(format!("{destination} is taken: it leads to {found}, and SRC is {wanted}"))
        .hint("choose another tag, or let this one move with --move")
}

/// How a store is called in messages about where bytes go.
fn can_mount<'a>(from: &'a Store, to: &'a Store) -> Option<(&'a registry::Remote, &'a registry::Remote)> {
    match (from, to) {
        (Store::Remote(from), Store::Remote(to)) if from.shares_registry_with(to) => Some((from, to)),
        _ => None,
    }
}
