//! `inspect`: what an image is. [`report`] says what is told, [`text`] how people read it.

mod report;
mod text;

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use futures_util::future::{join, try_join_all};
use registry::{Digest, Error, Store};

use self::report::{About, Report};
use crate::cli::Inspect;
use crate::images::Images;
use crate::shelf::Shelf;
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
    let (contents, about) = join(contents, about(&store, &digest)).await;
    let (root, images) = contents?;
    let report = Report::new(name, &root, &images, about);
    match inspect.format.format {
        Format::Text => output::bytes(out, text::write(&report).as_bytes())?,
        Format::Json => output::json(out, &report)?,
    }
    Ok(Exit::Done)
}

/// What others say about the image: what refers to it, and the tags that have its digest in their name.
async fn about(store: &Store, digest: &Digest) -> Result<About, Error> {
    let shelf = Shelf::open(store, digest).await?;
    let tags = shelf.tags(digest).map(|tag| async move {
        Ok::<_, Error>(store.resolve(tag).await?.map(|digest| (tag.clone(), digest)))
    });
    let tags = try_join_all(tags).await?.into_iter().flatten().collect();
    Ok(About { referrers: shelf.referrers(digest).await?, tags })
}
