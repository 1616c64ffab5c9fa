//! What refers to an image of a layout: the manifests its index names that have the image as their `subject`.

use std::collections::HashSet;

use super::Layout;
use crate::remote::{fallback_tag, read_referrers};
use crate::{Content, Descriptor, Digest, Error, Manifest, Referrer, Referrers, Which};

impl Layout {
    /// Everything that refers to this digest, in the order of the index.
    ///
    /// # Errors
    /// When the directory is no layout, or a manifest that its index names cannot be read.
    pub fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        let index = self.index()?;
        let mut list = Vec::new();
        let mut seen = HashSet::new();
        for entry in index.entries() {
            if seen.insert(entry.digest.clone()) {
                list.extend(referrer(&self.manifest(&Which::Digest(entry.digest))?, subject));
            }
        }
        // What was copied here from a registry without a list of its own.
        if let Some(entry) = fallback_tag(subject).ok().and_then(|tag| index.find(&tag)) {
            let kept = self.manifest(&Which::Digest(entry.digest))?;
            let kept = read_referrers(kept.bytes()).unwrap_or_default();
            list.extend(kept.into_iter().filter(|kept| seen.insert(kept.descriptor.digest.clone())));
        }
        Ok(Referrers { list, native: true })
    }
}

/// The manifest as a referrer, if `subject` is what it is about (image-spec, manifest.md, "subject").
fn referrer(manifest: &Manifest, subject: &Digest) -> Option<Referrer> {
    let Content::Image { config, subject: Some(about), .. } = manifest.content() else {
        return None;
    };
    if about.digest != *subject {
        return None;
    }
    let descriptor = Descriptor {
        media_type: manifest.media_type().to_owned(),
        digest: manifest.digest().clone(),
        size: manifest.bytes().len() as u64,
        platform: None,
        foreign: false,
        annotations: manifest.annotations().clone(),
    };
    // A registry does the same in its list (distribution-spec, "Listing Referrers").
    let artifact_type = manifest.artifact_type().unwrap_or(&config.media_type).to_owned();
    let annotations = manifest.annotations().clone();
    Some(Referrer { descriptor, artifact_type: Some(artifact_type), annotations })
}
