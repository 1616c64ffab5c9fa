//! One SRC: the image it gives to the index, and what is attested of that image.

use contract::Failure;
use futures_util::future::try_join_all;
use registry::{Content, Descriptor, Manifest, Platform, Store, Which, media_type};

use super::document::{self, Entry};
use crate::configuration::Configuration;
use crate::images::{is_attestation, platform_name};
use crate::source::Source;

/// What one SRC gives to the index.
pub(crate) struct Part {
    /// SRC as it was written.
    pub(crate) name: String,
    pub(crate) from: Store,
    pub(crate) to: Store,
    /// The platform, as people and container engines tell platforms apart.
    pub(crate) platform: String,
    pub(crate) image: Child,
    pub(crate) attestations: Vec<Child>,
}

/// A manifest, with its entry in the index.
pub(crate) struct Child {
    pub(crate) entry: Entry,
    pub(crate) manifest: Manifest,
}

impl Part {
    /// Reads SRC: manifests and, where the platform is not known otherwise, the configuration.
    ///
    /// # Errors
    /// When it cannot be read, or is not one image of one platform.
    pub(crate) async fn read(source: Source, to: Store, keep_attestations: bool) -> Result<Self, Failure> {
        let Source { name, store: from, which } = source;
        let root = from.manifest(&which).await?;
        let (image, attestations) = match root.content() {
            Content::Image { .. } => {
                let entry = Entry::of(&root);
                (Child { entry, manifest: root }, Vec::new())
            }
            Content::Index { manifests } => {
                let (attestations, images) = split(&root, manifests)?;
                let image = only(&name, images)?;
                let attestations = if keep_attestations { attestations } else { Vec::new() };
                let attestations =
                    try_join_all(attestations.into_iter().map(|entry| child(&from, entry))).await?;
                (child(&from, image).await?, attestations)
            }
        };
        let (image, platform) = with_platform(&name, &from, image).await?;
        Ok(Self { name, from, to, platform: platform_name(&platform), image, attestations })
    }

    /// Everything of it that goes into the index.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Child> {
        std::iter::once(&self.image).chain(&self.attestations)
    }
}

/// The attestations of an index, and the rest.
fn split(root: &Manifest, manifests: &[Descriptor]) -> Result<(Vec<Entry>, Vec<Entry>), Failure> {
    let entries = document::entries(root)?;
    let pairs = entries.into_iter().zip(manifests);
    let (attestations, images): (Vec<_>, Vec<_>) =
        pairs.partition(|(_, descriptor)| is_attestation(descriptor));
    let entries = |pairs: Vec<(Entry, &Descriptor)>| pairs.into_iter().map(|(entry, _)| entry).collect();
    Ok((entries(attestations), entries(images)))
}

fn only(name: &str, mut images: Vec<Entry>) -> Result<Entry, Failure> {
    let platforms: Vec<_> = images.iter().map(|entry| entry.platform_text()).collect();
    match images.pop() {
        Some(image) if images.is_empty() => match image.media_type.as_str() {
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => Ok(image),
            other => Err(Failure::usage(format!("{name} holds no image but {other}"))
                .hint("name an image of one platform, or an index with one such image")),
        },
        None => Err(Failure::usage(format!("{name} holds no image"))
            .hint("name an image of one platform, or an index with one such image")),
        _ => Err(Failure::usage(format!("{name} has {} images: {}", platforms.len(), platforms.join(", ")))
            .hint("name the image of one platform by its digest; 'image-promote inspect' shows them")),
    }
}

async fn child(from: &Store, entry: Entry) -> Result<Child, Failure> {
    let manifest = from.manifest(&Which::Digest(entry.digest()?)).await?;
    Ok(Child { entry, manifest })
}

/// The image with a platform in its entry: the one it has there, else the one of its configuration.
async fn with_platform(name: &str, from: &Store, mut image: Child) -> Result<(Child, Platform), Failure> {
    let no_platform = || {
        Failure::usage(format!("{name} is no image of a platform: its configuration names none"))
            .hint("artifacts and attestations cannot stand in an index of platforms")
    };
    if image.entry.platform.is_none() {
        let Content::Image { config, .. } = image.manifest.content() else {
            return Err(Failure::usage(format!("{name} leads to an index in an index")));
        };
        let configuration = Configuration::read(from, config).await?.ok_or_else(no_platform)?;
        image.entry.platform = document::Platform::of(configuration);
    }
    let platform = image.entry.platform.as_ref().map(document::Platform::short);
    match platform.filter(|platform| platform.os != "unknown") {
        Some(platform) => Ok((image, platform)),
        None => Err(no_platform()),
    }
}

/// An engine takes the first image that fits; a second one for a platform would never be run.
pub(crate) fn refuse_twice(parts: &[Part]) -> Result<(), Failure> {
    for (at, part) in parts.iter().enumerate() {
        if let Some(first) = parts[..at].iter().find(|first| first.platform == part.platform) {
            let Part { name, platform, .. } = part;
            return Err(Failure::usage(format!("{} and {name} are both for {platform}", first.name))
                .hint("leave one of them out: an index has one image for each platform"));
        }
    }
    Ok(())
}
