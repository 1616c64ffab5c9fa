//! Everything an image consists of, byte for byte, as a reader finds it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// What was found below a tag. Two places hold the same image when their inventories are equal.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Inventory {
    /// What the tag leads to.
    pub(super) root: String,
    /// The bytes of each manifest and index by digest.
    pub(super) manifests: BTreeMap<String, Vec<u8>>,
    /// The bytes of each blob by digest.
    pub(super) blobs: BTreeMap<String, Vec<u8>>,
    /// The layers that their publisher keeps: whether they are there all the same.
    pub(super) foreign: BTreeMap<String, bool>,
}

/// What a manifest leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Manifest,
    Blob,
    Foreign,
}

/// What a manifest or index names, in its order.
pub(super) fn links(manifest: &[u8]) -> Vec<(Kind, String)> {
    let manifest: Value = serde_json::from_slice(manifest).expect("a manifest");
    let list = |name: &str| manifest[name].as_array().cloned().unwrap_or_default();
    let digest = |descriptor: &Value| descriptor["digest"].as_str().expect("a digest").to_owned();
    let below = list("manifests").into_iter().map(|below| (Kind::Manifest, digest(&below)));
    let config = manifest.get("config").map(|config| (Kind::Blob, digest(config)));
    let layers = list("layers").into_iter().map(|layer| {
        let kind = if layer["urls"].is_array() { Kind::Foreign } else { Kind::Blob };
        (kind, digest(&layer))
    });
    below.chain(config).chain(layers).collect()
}

impl Inventory {
    /// Reads a layout directory, by its files alone.
    pub(super) fn of_layout(layout: &Path, tag: &str) -> Self {
        let index: Value =
            serde_json::from_slice(&fs::read(layout.join("index.json")).expect("an index")).expect("JSON");
        let mut entries = index["manifests"].as_array().expect("a list").iter();
        let entry = entries.find(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == tag);
        let root = entry.and_then(|entry| entry["digest"].as_str()).expect("the tag").to_owned();
        let file = |digest: &str| layout.join("blobs").join(digest.replace(':', "/"));
        let read = |digest: &str| fs::read(file(digest)).unwrap_or_else(|error| panic!("{digest}: {error}"));
        let mut found = Self { root: root.clone(), ..Self::default() };
        let mut pending = vec![(Kind::Manifest, root)];
        while let Some((kind, digest)) = pending.pop() {
            match kind {
                Kind::Foreign => {
                    found.foreign.insert(digest.clone(), file(&digest).exists());
                }
                Kind::Blob => {
                    found.blobs.insert(digest.clone(), read(&digest));
                }
                Kind::Manifest => {
                    let bytes = read(&digest);
                    pending.extend(links(&bytes));
                    found.manifests.insert(digest, bytes);
                }
            }
        }
        found
    }
}

impl fmt::Debug for Inventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = |map: &BTreeMap<String, Vec<u8>>| {
            let line = |(digest, bytes): (&String, &Vec<u8>)| {
                format!("{digest} {:.300}\n", String::from_utf8_lossy(bytes))
            };
            map.iter().map(line).collect::<String>()
        };
        let (manifests, blobs) = (lines(&self.manifests), lines(&self.blobs));
        write!(f, "{}\nmanifests:\n{manifests}blobs:\n{blobs}foreign: {:?}", self.root, self.foreign)
    }
}
