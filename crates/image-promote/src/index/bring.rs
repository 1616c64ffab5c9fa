//! Moves what is in the images to the repository of the index, without moving a byte where the registry can do it itself.

use std::collections::HashMap;
use std::ops::AddAssign;

use futures_util::stream::{self, TryStreamExt};
use registry::{Content, Descriptor, Error, Mounted, Remote, Store, Which};

use super::part::{Child, Part};

/// A blob that breaks off on its way is begun anew this often.
const ATTEMPTS: u32 = 3;

/// What was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Blobs taken over inside the registry.
    pub(crate) mounted: u64,
    /// Blobs sent through this machine.
    pub(crate) copied: u64,
    /// Blobs there already.
    pub(crate) skipped: u64,
    /// The bytes of those that were copied.
    pub(crate) bytes: u64,
    /// Manifests written by their digest.
    pub(crate) manifests: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.mounted += other.mounted;
        self.copied += other.copied;
        self.skipped += other.skipped;
        self.bytes += other.bytes;
        self.manifests += other.manifests;
    }
}

/// Brings everything of a part, at most `jobs` requests at a time; but for manifests that the destination has, if it is
/// `believed` to have what it says.
///
/// # Errors
/// When something cannot be read, or the destination does not take it. Its tag is then as it was.
pub(crate) async fn bring(part: &Part, jobs: usize, believed: bool) -> Result<Tally, Error> {
    let mut missing = Vec::new();
    for child in part.children() {
        if !(believed && is_there(&part.to, child).await?) {
            missing.push(child);
        }
    }
    let mut tally = blobs(part, &missing, jobs).await?;
    let put = missing.iter().map(|child| {
        let which = Which::Digest(child.manifest.digest().clone());
        Ok(async move { part.to.put_manifest(&child.manifest, &which).await })
    });
    stream::iter(put).try_buffer_unordered(jobs).try_collect::<Vec<()>>().await?;
    tally.manifests = missing.len() as u64;
    Ok(tally)
}

/// A registry takes a manifest only with all it leads to. In a directory looking at each file costs nothing.
async fn is_there(to: &Store, child: &Child) -> Result<bool, Error> {
    match to {
        Store::Remote(remote) => remote.has_manifest(child.manifest.digest()).await,
        Store::Layout(_) => Ok(false),
    }
}

async fn blobs(part: &Part, children: &[&Child], jobs: usize) -> Result<Tally, Error> {
    let mut unique = HashMap::new();
    for child in children {
        if let Content::Image { config, layers, .. } = child.manifest.content() {
            let own = std::iter::once(&**config).chain(layers).filter(|blob| !blob.foreign);
            unique.extend(own.map(|blob| (&blob.digest, blob)));
        }
    }
    let work = unique.into_values().map(|blob| Ok(one(part, blob)));
    let work = stream::iter(work).try_buffer_unordered(jobs);
    work.try_fold(Tally::default(), |mut sum, tally| async move {
        sum += tally;
        Ok(sum)
    })
    .await
}

async fn one(part: &Part, blob: &Descriptor) -> Result<Tally, Error> {
    let copied = Tally { copied: 1, bytes: blob.size, ..Tally::default() };
    if let Some((from, to)) = within_one_registry(part) {
        match to.mount(&blob.digest, from).await? {
            Mounted::Done => return Ok(Tally { mounted: 1, ..Tally::default() }),
            Mounted::Upload(upload) => match to.upload(upload, from.blob(blob).await?).await {
                Ok(()) => return Ok(copied),
                Err(error) => tracing::debug!("trying {} again: {error}", blob.digest),
            },
            Mounted::Refused => {}
        }
    }
    if part.to.has_blob(blob).await? {
        return Ok(Tally { skipped: 1, ..Tally::default() });
    }
    let mut attempt = 1;
    loop {
        match copy(part, blob).await {
            Err(error @ Error::Http(_)) if attempt < ATTEMPTS => {
                tracing::debug!("beginning {} anew: {error}", blob.digest);
                attempt += 1;
            }
            result => return result.map(|()| copied),
        }
    }
}

async fn copy(part: &Part, blob: &Descriptor) -> Result<(), Error> {
    part.to.put_blob(part.from.blob(blob).await?).await
}

/// The two ends where blobs can be mounted; within one repository they are there already.
fn within_one_registry(part: &Part) -> Option<(&Remote, &Remote)> {
    match (&part.from, &part.to) {
        (Store::Remote(from), Store::Remote(to)) if from.shares_registry_with(to) => Some((from, to)),
        _ => None,
    }
}
