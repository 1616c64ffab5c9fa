//! Moves what is in the images to the repository of the index, without moving a byte where the registry can do it itself.

use registry::{Error, Manifest, Store};

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
    let mut moved = Moved::default();
    for part in parts {
        let mut missing = Vec::new();
        for child in part.children() {
            if !(believed && is_there(&part.to, &child.manifest).await?) {
                missing.push(child.manifest.clone());
            }
        }
        let transfer = Transfer { from: &part.from, to: &part.to, jobs };
        moved.blobs += transfer.blobs(blobs_of(&missing)).await?;
        transfer.manifests(&missing).await?;
        moved.manifests += missing.len();
    }
    Ok(moved)
}

/// A registry takes a manifest only with all it leads to. In a directory looking at each file costs nothing.
async fn is_there(to: &Store, manifest: &Manifest) -> Result<bool, Error> {
    match to {
        Store::Remote(remote) => remote.has_manifest(manifest.digest()).await,
        Store::Layout(_) => Ok(false),
    }
}
