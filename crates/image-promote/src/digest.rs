//! `digest`: what a tag leads to.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use registry::{Error, Store, Which};
use serde::Serialize;

use crate::cli::Digest;
use crate::source::Source;

/// The result of `digest`; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    image: String,
    digest: registry::Digest,
}

pub(crate) async fn run(digest: &Digest, out: &mut dyn Write) -> Result<Exit, Failure> {
    let source = Source::open(&digest.image, &digest.registry)?;
    let found = look_up(&source).await?;
    match digest.format.format {
        Format::Text => output::line(out, &found.to_string())?,
        Format::Json => output::json(out, &Report { image: digest.image.to_string(), digest: found })?,
    }
    Ok(Exit::Done)
}

async fn look_up(source: &Source) -> Result<registry::Digest, Error> {
    let found = match (&source.store, &source.which) {
        (Store::Remote(remote), Which::Tag(tag)) => remote.resolve(tag).await?,
        (Store::Remote(remote), Which::Digest(digest)) => {
            remote.has_manifest(digest).await?.then(|| digest.clone())
        }
        // Reading a file costs nothing, and says more of what is missing.
        (Store::Layout(layout), which) => Some(layout.manifest(which)?.digest().clone()),
    };
    found.ok_or_else(|| Error::NotFound { what: source.name.clone() })
}
