//! `inspect`: what an image is. [`report`] says what is told, [`text`] how people read it.

mod report;
mod text;

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use futures_util::future::join;

use self::report::Report;
use crate::cli::Inspect;
use crate::images::Images;
use crate::source::Source;
use crate::tree::Tree;

/// Requests at a time. The manifests and configurations of an image are few and short.
const JOBS: usize = 16;

pub(crate) async fn run(inspect: &Inspect, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Source { store, which, name } = Source::open(&inspect.image, &inspect.registry)?;
    let root = store.manifest(&which).await?;
    if inspect.raw {
        output::bytes(out, root.bytes())?;
        return Ok(Exit::Done);
    }
    let digest = root.digest().clone();
    let contents = async {
        let tree = Tree::read(&store, root, JOBS).await?;
        let images = Images::read(&store, &tree, JOBS).await?;
        Ok::<_, registry::Error>((tree.root, images))
    };
    let (contents, referrers) = join(contents, store.referrers(&digest)).await;
    let (root, images) = contents?;
    let report = Report::new(name, &root, &images, referrers);
    match inspect.format.format {
        Format::Text => output::bytes(out, text::write(&report).as_bytes())?,
        Format::Json => output::json(out, &report)?,
    }
    Ok(Exit::Done)
}
