//! Moves what is in the images to the repository of the index, without moving a byte where the registry can do it itself.

use std::collections::HashSet;

use registry::{Descriptor, Digest, Error, Manifest, Store};

use super::part::Part;
use crate::transfer::{Tally, Transfer};
use crate::tree::blobs_of;

/// What was moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moved {
    pub(crate) blobs: Tally,
    /// Manifests written by their digest.
    pub(crate) manifests: usize,
}

/// Brings everything of all parts, at most `jobs` requests at a time; but for manifests that the destination has, if it
/// is `believed` to have what it says.
///
/// # Errors
/// When something cannot be read, or the destination does not take it. Its tag is then as it was.
pub(crate) async fn bring(parts: &[Part], jobs: usize, believed: bool) -> Result<Moved, Error> {
    let (mut moved, mut seen) = (Moved::default(), HashSet::new());
    for part in parts {
        let missing = match believed {
            true => missing(part).await?,
            false => part.children().map(|child| child.manifest.clone()).collect(),
        };
        let transfer = Transfer { from: &part.from, to: &part.to, jobs };
        let blobs = moved.unseen(&missing, &mut seen);
        moved.blobs += transfer.blobs(blobs).await?;
        transfer.manifests(&missing).await?;
        moved.manifests += missing.len();
    }
    Ok(moved)
}

/// What [`bring`] would do, as far as that can be known without doing it.
///
/// # Errors
/// When the destination cannot say what it has.
pub(crate) async fn foresee(parts: &[Part], jobs: usize) -> Result<Moved, Error> {
    let (mut moved, mut seen) = (Moved::default(), HashSet::new());
    for part in parts {
        let missing = missing(part).await?;
        let transfer = Transfer { from: &part.from, to: &part.to, jobs };
        let blobs = moved.unseen(&missing, &mut seen);
        moved.blobs += transfer.foresee(blobs).await?;
        moved.manifests += missing.len();
    }
    Ok(moved)
}

impl Moved {
    /// The blobs of these manifests, without those that an earlier part has brought: these are there already.
    fn unseen(&mut self, manifests: &[Manifest], seen: &mut HashSet<Digest>) -> Vec<Descriptor> {
        let mut blobs = blobs_of(manifests);
        blobs.retain(|blob| {
            let new = seen.insert(blob.digest.clone());
            if !new {
                self.blobs.skipped += 1;
                self.blobs.bytes_skipped += blob.size;
            }
            new
        });
        blobs
    }
}

/// The manifests of a part that its destination says it has not.
async fn missing(part: &Part) -> Result<Vec<Manifest>, Error> {
    let mut missing = Vec::new();
    for child in part.children() {
        if !is_there(&part.to, &child.manifest).await? {
            missing.push(child.manifest.clone());
        }
    }
    Ok(missing)
}

/// A registry takes a manifest only with all it leads to. In a directory looking at each file costs nothing.
async fn is_there(to: &Store, manifest: &Manifest) -> Result<bool, Error> {
    match to {
        Store::Remote(remote) => remote.has_manifest(manifest.digest()).await,
        Store::Layout(_) => Ok(false),
    }
}
