//! Everything an image consists of: its index, the manifests below it, the blobs below those.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Content, Descriptor, Digest, Error, Manifest, Platform, Store, Which};

/// An index in an index in an index makes sense; more is a trap.
const DEEPEST: usize = 8;

/// An image with all its manifests read and none of its blobs.
#[derive(Debug)]
pub(crate) struct Tree {
    /// What the tag leads to.
    pub(crate) root: Manifest,
    /// The manifests below, nearest to the root first; each digest once.
    pub(crate) levels: Vec<Vec<Manifest>>,
}

impl Tree {
    /// Reads all manifests below `root`, at most `jobs` at a time.
    ///
    /// # Errors
    /// When one cannot be read, or indexes are nested deeper than makes sense.
    pub(crate) async fn read(store: &Store, root: Manifest, jobs: usize) -> Result<Self, Error> {
        let mut seen = HashSet::from([root.digest().clone()]);
        let mut levels: Vec<Vec<Manifest>> = Vec::new();
        loop {
            let above = levels.last().map_or(std::slice::from_ref(&root), Vec::as_slice);
            let wanted: Vec<Digest> = children(above).filter(|digest| seen.insert(digest.clone())).collect();
            if wanted.is_empty() {
                return Ok(Self { root, levels });
            }
            if levels.len() == DEEPEST {
                let reason = format!("indexes are nested deeper than {DEEPEST} levels");
                return Err(Error::Manifest { what: root.digest().to_string(), reason });
            }
            // In order: what is told about the image must not depend on which answer came first.
            let reads = wanted.into_iter().map(|digest| async move {
                match store.manifest(&Which::Digest(digest)).await {
                    Err(Error::NotFound { what }) => Err(Error::Missing { what }),
                    result => result,
                }
            });
            levels.push(stream::iter(reads).buffered(jobs).try_collect().await?);
        }
    }

    /// Every manifest, the root first.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        std::iter::once(&self.root).chain(self.levels.iter().flatten())
    }

    /// The manifests below the root in groups to be written one after the other: what leads to others comes behind them,
    /// also where an index and an image of it stand beside each other.
    pub(crate) fn upwards(&self) -> Vec<Vec<Manifest>> {
        let mut pending: Vec<&Manifest> = self.levels.iter().flatten().collect();
        let mut groups = Vec::new();
        while !pending.is_empty() {
            let unwritten: HashSet<_> = pending.iter().map(|manifest| manifest.digest().clone()).collect();
            let waits = |manifest: &Manifest| {
                children(std::slice::from_ref(manifest)).any(|child| unwritten.contains(&child))
            };
            // Nothing leads to itself: an index holds the digests of its entries, so some wait for none.
            let (later, now): (Vec<_>, Vec<_>) = pending.into_iter().partition(|manifest| waits(manifest));
            if now.is_empty() {
                groups.push(later.into_iter().cloned().collect());
                break;
            }
            groups.push(now.into_iter().cloned().collect());
            pending = later;
        }
        groups
    }

    /// Every blob once.
    pub(crate) fn blobs(&self) -> Vec<Descriptor> {
        blobs_of(self.manifests())
    }

    /// The platforms the index names, without attestations, whose platform is `unknown`.
    pub(crate) fn platforms(&self) -> Vec<Platform> {
        let indexes = self.manifests().filter_map(|manifest| match manifest.content() {
            Content::Index { manifests } => Some(manifests),
            Content::Image { .. } => None,
        });
        let platforms = indexes.flatten().filter_map(|entry| entry.platform.clone());
        platforms.filter(|platform| platform.os != "unknown").collect()
    }
}

/// Every blob of these manifests once, configurations before layers. Foreign layers stay where they are: their publisher
/// does not allow them to be pushed.
pub(crate) fn blobs_of<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> Vec<Descriptor> {
    let mut seen = HashSet::new();
    let mut blobs = Vec::new();
    for manifest in manifests {
        if let Content::Image { config, layers, .. } = manifest.content() {
            let pushed = std::iter::once(&**config).chain(layers).filter(|blob| !blob.foreign);
            blobs.extend(pushed.filter(|blob| seen.insert(blob.digest.clone())).cloned());
        }
    }
    blobs
}

fn children(manifests: &[Manifest]) -> impl Iterator<Item = Digest> {
    let below = manifests.iter().filter_map(|manifest| match manifest.content() {
        Content::Index { manifests } => Some(manifests),
        Content::Image { .. } => None,
    });
    below.flatten().map(|entry| entry.digest.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        Digest::of(text.as_bytes()).to_string()
    }

    fn image(layers: &[(&str, bool)]) -> Manifest {
        let layers: Vec<_> = layers
            .iter()
            .map(|(name, foreign)| {
                let urls = if *foreign { r#","urls":["https://elsewhere.example/"]"# } else { "" };
                format!(r#"{{"mediaType":"l","digest":"{}","size":1{urls}}}"#, digest(name))
            })
            .collect();
        parse(format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"c","digest":"{}","size":1}},"layers":[{}]}}"#,
            registry::media_type::OCI_MANIFEST,
            digest("config"),
            layers.join(",")
        ))
    }

    fn parse(text: String) -> Manifest {
        Manifest::parse(bytes::Bytes::from(text), None, &"x").unwrap()
    }

    #[test]
    fn shared_blobs_count_once_and_foreign_ones_not_at_all() {
        let tree = Tree {
            root: image(&[("a", false)]),
            levels: vec![vec![
                image(&[("a", false), ("b", false)]),
                image(&[("windows", true), ("b", false)]),
            ]],
        };
        let blobs: Vec<_> = tree.blobs().iter().map(|blob| blob.digest.to_string()).collect();
        assert_eq!(blobs, [digest("config"), digest("a"), digest("b")]);
    }

    #[test]
    fn what_leads_to_others_is_written_behind_them() {
        let index = |entries: &[&Manifest]| {
            let kind = registry::media_type::OCI_INDEX;
            let entry = |entry: &&Manifest| {
                format!(r#"{{"mediaType":"{}","digest":"{}","size":1}}"#, entry.media_type(), entry.digest())
            };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            parse(format!(
                r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[{}]}}"#,
                entries.join(",")
            ))
        };
        let (one, other) = (image(&[("a", false)]), image(&[("b", false)]));
        let inner = index(&[&one]);
        let outer = index(&[&inner, &one]);
        // All beside each other, as an index lists them that leads to each.
        let root = index(&[&outer, &inner, &one, &other]);
        let tree =
            Tree { root, levels: vec![vec![outer.clone(), inner.clone(), one.clone(), other.clone()]] };
        let digests = |group: &[Manifest]| group.iter().map(|one| one.digest().clone()).collect::<Vec<_>>();
        let groups: Vec<_> = tree.upwards().iter().map(|group| digests(group)).collect();
        assert_eq!(groups, [digests(&[one, other]), digests(&[inner]), digests(&[outer])]);
    }
}
