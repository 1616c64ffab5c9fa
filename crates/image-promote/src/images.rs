//! What is in an image: one image for each platform, and what buildx attests of them.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Content, Descriptor, Digest, Error, Manifest, Platform, Store};

use crate::configuration::Configuration;
use crate::tree::Tree;

/// What buildx notes at the entry of an attestation
/// (<https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md>).
pub(crate) const REFERENCE_TYPE: &str = "vnd.docker.reference.type";
/// The digest of the image that an attestation is about.
pub(crate) const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";
/// What the layer of an attestation states.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// Everything an image leads to, in the order of its index.
#[derive(Debug)]
pub(crate) struct Images {
    pub(crate) images: Vec<Image>,
    pub(crate) attestations: Vec<Attestation>,
}

/// An image of one platform, or an artifact.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) artifact_type: Option<String>,
    /// As the index has it, else as the configuration has it.
    pub(crate) platform: Option<Platform>,
    /// Those of the manifest; the index adds those that the manifest has not.
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    /// None for an artifact.
    pub(crate) configuration: Option<Configuration>,
}

/// A manifest of an index that states something about another one of it.
#[derive(Clone, Debug)]
pub(crate) struct Attestation {
    pub(crate) digest: Digest,
    /// `attestation-manifest`.
    pub(crate) kind: String,
    pub(crate) subject: Option<Digest>,
    /// The types of what is stated: provenance, a bill of materials.
    pub(crate) predicates: Vec<String>,
}

impl Image {
    /// The compressed size: the configuration and all layers, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.config.size + self.layers.iter().map(|layer| layer.size).sum::<u64>()
    }
}

/// The platform as container engines tell platforms apart. Indexes name the one variant there is, and configurations
/// leave it out: that alone is no difference.
pub(crate) fn platform_name(platform: &Platform) -> String {
    let mut platform = platform.clone();
    if let ("amd64", Some("v1")) | ("arm64", Some("v8")) =
        (platform.architecture.as_str(), platform.variant.as_deref())
    {
        platform.variant = None;
    }
    match &platform.os_version {
        Some(version) => format!("{platform} {version}"),
        None => platform.to_string(),
    }
}

/// Is this entry of an index an attestation?
pub(crate) fn is_attestation(entry: &Descriptor) -> bool {
    entry.annotations.contains_key(REFERENCE_TYPE)
        || entry.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
}

impl Images {
    /// Reads the configurations of all images of a tree, at most `jobs` at a time.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) async fn read(store: &Store, tree: &Tree, jobs: usize) -> Result<Self, Error> {
        let mut found = Self { images: Vec::new(), attestations: Vec::new() };
        let mut unvisited = tree.manifests().map(|manifest| (manifest.digest(), manifest)).collect();
        found.collect(&tree.root, None, &mut unvisited);
        // Each once: entries of one index may share an image.
        let configs: HashMap<_, _> =
            found.images.iter().map(|image| (image.config.digest.clone(), image.config.clone())).collect();
        let reads = configs.into_iter().map(|(digest, config)| async move {
            Ok::<_, Error>((digest, Configuration::read(store, &config).await?))
        });
        let read: HashMap<_, _> = stream::iter(reads).buffer_unordered(jobs).try_collect().await?;
        for image in &mut found.images {
            image.configuration = read.get(&image.config.digest).cloned().flatten();
            let told = image.configuration.as_ref().and_then(Configuration::platform);
            image.platform = match (image.platform.take(), told) {
                // An index may leave out what the configuration says.
                (Some(platform), Some(Platform { os_version, .. })) if platform.os_version.is_none() => {
                    Some(Platform { os_version, ..platform })
                }
                (platform, told) => platform.or(told),
            };
        }
        Ok(found)
    }

    /// Takes up what a manifest leads to, depth first. An index is gone through once: indexes that name each other's
    /// entries over and over would make a short image endless.
    fn collect<'a>(
        &mut self,
        manifest: &'a Manifest,
        entry: Option<&Descriptor>,
        unvisited: &mut HashMap<&'a Digest, &'a Manifest>,
    ) {
        match manifest.content() {
            Content::Index { manifests: entries } => {
                if unvisited.remove(manifest.digest()).is_none() {
                    return;
                }
                for entry in entries {
                    if let Some(below) = unvisited.get(&entry.digest).copied() {
                        self.collect(below, Some(entry), unvisited);
                    }
                }
            }
            Content::Image { config, layers, .. } => match entry {
                Some(entry) if is_attestation(entry) => {
                    self.attestations.push(attestation(manifest, entry, layers));
                }
                _ => self.images.push(image(manifest, entry, config, layers)),
            },
        }
    }
}

fn attestation(manifest: &Manifest, entry: &Descriptor, layers: &[Descriptor]) -> Attestation {
    let predicates = layers.iter().filter_map(|layer| layer.annotations.get(PREDICATE_TYPE).cloned());
    Attestation {
        digest: manifest.digest().clone(),
        kind: entry.annotations.get(REFERENCE_TYPE).cloned().unwrap_or_else(|| "unknown".into()),
        subject: entry.annotations.get(REFERENCE_DIGEST).and_then(|digest| digest.parse().ok()),
        predicates: predicates.collect(),
    }
}

fn image(
    manifest: &Manifest,
    entry: Option<&Descriptor>,
    config: &Descriptor,
    layers: &[Descriptor],
) -> Image {
    let mut annotations = entry.map(|entry| entry.annotations.clone()).unwrap_or_default();
    annotations.extend(manifest.annotations().clone());
    Image {
        digest: manifest.digest().clone(),
        media_type: manifest.media_type().to_owned(),
        artifact_type: manifest.artifact_type().map(str::to_owned),
        platform: entry.and_then(|entry| entry.platform.clone()),
        annotations,
        config: config.clone(),
        layers: layers.to_vec(),
        configuration: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"mediaType":"application/x","digest":"DIGEST","size":7}"#;

    fn parse(text: &str) -> Manifest {
        Manifest::parse(bytes::Bytes::copy_from_slice(text.as_bytes()), None, &"x").unwrap()
    }

    fn image(name: &str) -> Manifest {
        let config = CONFIG.replace("DIGEST", &Digest::of(name.as_bytes()).to_string());
        let layer = config.replace("}", r#","annotations":{"in-toto.io/predicate-type":"spdx"}}"#);
        parse(&format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{config},"layers":[{layer}],"annotations":{{"a":"manifest"}}}}"#,
            registry::media_type::OCI_MANIFEST
        ))
    }

    fn index(entries: &[(&Manifest, &str)]) -> Manifest {
        let entry = |(manifest, more): &(&Manifest, &str)| {
            format!(
                r#"{{"mediaType":"{}","digest":"{}","size":1{more}}}"#,
                manifest.media_type(),
                manifest.digest()
            )
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        let kind = registry::media_type::OCI_INDEX;
        parse(&format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[{}]}}"#, entries.join(",")))
    }

    fn collect(root: Manifest, levels: Vec<Vec<Manifest>>) -> Images {
        let tree = Tree { root, levels };
        let mut found = Images { images: Vec::new(), attestations: Vec::new() };
        let mut unvisited = tree.manifests().map(|manifest| (manifest.digest(), manifest)).collect();
        found.collect(&tree.root, None, &mut unvisited);
        found
    }

    #[test]
    fn attestations_are_told_from_images_also_in_nested_indexes() {
        let (one, about) = (image("one"), image("about"));
        let attests = format!(
            r#","platform":{{"os":"unknown","architecture":"unknown"}},"annotations":{{"{REFERENCE_TYPE}":"attestation-manifest","{REFERENCE_DIGEST}":"{}"}}"#,
            one.digest()
        );
        let platform =
            r#","platform":{"os":"linux","architecture":"arm64"},"annotations":{"a":"index","b":"index"}"#;
        let inner = index(&[(&one, platform), (&about, &attests)]);
        // The same index twice is gone through once, the same image under two entries is two.
        let root = index(&[(&inner, ""), (&inner, ""), (&one, platform)]);
        let found = collect(root, vec![vec![inner, one.clone()], vec![about]]);
        assert_eq!(found.images.len(), 2);
        assert_eq!(found.images[0].platform.as_ref().unwrap().to_string(), "linux/arm64");
        assert_eq!(found.images[0].size(), 14);
        let annotations: Vec<_> = found.images[0].annotations.values().collect();
        assert_eq!(annotations, ["manifest", "index"]);
        let [attestation] = &found.attestations[..] else { panic!("{found:?}") };
        assert_eq!(attestation.subject.as_ref(), Some(one.digest()));
        assert_eq!((&attestation.kind[..], &attestation.predicates[0][..]), ("attestation-manifest", "spdx"));
    }

    #[test]
    fn an_image_that_is_no_index_is_one_image() {
        let found = collect(image("one"), Vec::new());
        assert_eq!((found.images.len(), found.attestations.len()), (1, 0));
    }
}
