//! `diff`: are these the same image, and if not, what differs? [`compare`] finds it, [`output`] tells it.

mod compare;
mod output;

use std::io::Write;

use contract::{Exit, Failure};
use futures_util::future::try_join;
use registry::{Error, Manifest};

use self::compare::{Comparison, Side, compare};
use self::output::Report;
use crate::cli::Diff;
use crate::images::Images;
use crate::source::{Source, registries};
use crate::tree::Tree;

/// Requests at a time, for each side. Manifests and configurations are few and short.
const JOBS: usize = 8;

pub(crate) async fn run(diff: &Diff, out: &mut dyn Write) -> Result<Exit, Failure> {
    let registries = registries(&diff.registry)?;
    let (a, b) = (Source::open_with(&registries, &diff.a)?, Source::open_with(&registries, &diff.b)?);
    let roots = try_join(a.store.manifest(&a.which), b.store.manifest(&b.which)).await?;
    let (digest_a, digest_b) = (roots.0.digest().clone(), roots.1.digest().clone());
    let comparison = if digest_a == digest_b {
        tracing::info!("{} and {} are the same image, {digest_a}", a.name, b.name);
        Comparison::equal()
    } else {
        let (a, b) = try_join(read(&a, roots.0), read(&b, roots.1)).await?;
        compare(&a, &b)
    };
    let report = Report::new((&a.name, &digest_a), (&b.name, &digest_b), comparison);
    report.print(diff.format.format, out)?;
    report.verdict().map(|()| Exit::Done)
}

async fn read(source: &Source, root: Manifest) -> Result<Side, Error> {
    let tree = Tree::read(&source.store, root, JOBS).await?;
    let images = Images::read(&source.store, &tree, JOBS).await?;
    Ok(Side { root: tree.root, images })
}
