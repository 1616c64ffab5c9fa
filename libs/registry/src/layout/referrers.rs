//! What refers to an image of a layout: the manifests its index names that have the image as their `subject`.

use std::collections::HashSet;

use super::Layout;
use crate::remote::{read_referrers, referrer_entry};
use crate::{Digest, Error, Keeping, Manifest, Referrer, Referrers, Tag, Which};

impl Layout {
    /// Everything that refers to this digest, in the order of the index.
    ///
    /// # Errors
    /// When the directory is no layout, or a manifest that its index names cannot be read.
    pub fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let index = self.index()?;
        let mut referrers = Referrers { list: Vec::new(), keeping: Keeping::Store };
        let mut seen = HashSet::new();
        for entry in index.entries() {
            if seen.insert(entry.digest.clone()) {
                referrers.list.extend(referrer(&self.manifest(&Which::Digest(entry.digest))?, subject));
            }
        }
        // What was copied here from a registry without a list of its own.
        let tag: Option<Tag> = subject.tag_stem().parse().ok();
        if let Some(entry) = tag.and_then(|tag| index.find(&tag)) {
            let kept = self.manifest(&Which::Digest(entry.digest))?;
            referrers.add(read_referrers(kept.bytes()).unwrap_or_default());
        }
        Ok(referrers)
    }

    /// Names manifests in the index, without tags, so that they are found by their subject.
    ///
    /// # Errors
    /// When the directory is no layout or cannot be written.
    pub fn list_referrers(&self, manifests: &[Manifest]) -> Result<(), Error> {
        let named: HashSet<_> = self.index()?.entries().into_iter().map(|entry| entry.digest).collect();
        if manifests.iter().all(|manifest| named.contains(manifest.digest())) {
            return Ok(());
        }
        self.change_index(|index| manifests.iter().for_each(|manifest| index.list(manifest)))
    }
}

/// The manifest as a referrer, if `subject` is what it is about (image-spec, manifest.md, "subject").
fn referrer(manifest: &Manifest, subject: &Digest) -> Option<Referrer> {
    manifest.subject().filter(|about| about.digest == *subject)?;
    // As a registry does in its list (distribution-spec, "Listing Referrers").
    referrer_entry(manifest)
}
