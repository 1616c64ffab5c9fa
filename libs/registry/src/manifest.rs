//! Manifests and indexes: their bytes are the truth and are never written anew; what is inside is only read.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use oci_distribution::manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciImageManifest};
use serde::Deserialize;

use crate::{Digest, Error};

/// Media types, under the names their specifications give them.
pub mod media_type {
    pub use oci_distribution::manifest::{
        IMAGE_MANIFEST_LIST_MEDIA_TYPE as DOCKER_LIST, IMAGE_MANIFEST_MEDIA_TYPE as DOCKER_MANIFEST,
        OCI_IMAGE_INDEX_MEDIA_TYPE as OCI_INDEX, OCI_IMAGE_MEDIA_TYPE as OCI_MANIFEST,
    };

    /// The media type of the empty descriptor's content, `{}` (image-spec, "Guidance for an Empty Descriptor").
    pub const OCI_EMPTY: &str = "application/vnd.oci.empty.v1+json";
}

/// What a manifest or index says about something else: its type, digest and size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// The platform, where an index names one.
    pub platform: Option<Platform>,
    /// The content may have to be fetched from somewhere else and not be pushed ("foreign layers").
    pub foreign: bool,
    /// What is noted about the content where it is listed.
    pub annotations: BTreeMap<String, String>,
}

/// An operating system and a processor, `linux/arm64/v8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `linux`, or `unknown` for an attestation.
    pub os: String,
    /// `amd64`, `arm64`, …
    pub architecture: String,
    /// `v7`, `v8`, …
    pub variant: Option<String>,
    /// `10.0.20348.2113`: Windows has an image for each of its versions.
    pub os_version: Option<String>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// Why a text is no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no platform: expected OS/ARCH or OS/ARCH/VARIANT, such as linux/amd64")]
pub struct InvalidPlatform {
    text: String,
}

impl std::str::FromStr for Platform {
    type Err = InvalidPlatform;

    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let mut parts = text.split('/').map(str::to_owned);
        let platform = Self {
            os: parts.next().unwrap_or_default(),
            architecture: parts.next().unwrap_or_default(),
            variant: parts.next(),
            os_version: None,
        };
        let word =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let complete = word(&platform.os)
            && word(&platform.architecture)
            && platform.variant.as_deref().is_none_or(word);
        if complete && parts.next().is_none() {
            Ok(platform)
        } else {
            Err(InvalidPlatform { text: text.to_owned() })
        }
    }
}

/// The bytes of a manifest or an index, with what they are known by.
#[derive(Clone, Debug)]
pub struct Manifest {
    bytes: Bytes,
    media_type: String,
    digest: Digest,
    content: Content,
    artifact_type: Option<String>,
    subject: Option<Descriptor>,
    annotations: BTreeMap<String, String>,
}

/// What a manifest leads to.
#[derive(Clone, Debug)]
pub enum Content {
    /// An index, or Docker's manifest list: other manifests.
    Index {
        /// The manifests, in their order.
        manifests: Vec<Descriptor>,
    },
    /// An image, or an artifact in the form of one: a configuration and layers.
    Image {
        /// The configuration.
        config: Box<Descriptor>,
        /// The layers, lowest first.
        layers: Vec<Descriptor>,
    },
}

impl Manifest {
    /// Reads a manifest. `told` is the media type that came with it; the one inside counts for more.
    ///
    /// # Errors
    /// When the bytes are neither an OCI nor a Docker (schema 2) manifest or index. `what` names it in the error.
    pub fn parse(bytes: Bytes, told: Option<&str>, what: &dyn fmt::Display) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Manifest { what: what.to_string(), reason };
        let envelope: Envelope = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if envelope.schema_version == 1 {
            return Err(Error::Schema1 { what: what.to_string() });
        }
        let told = told.and_then(|told| told.split(';').next()).map(str::trim).map(str::to_owned);
        let media_type = envelope.media_type.clone().or(told).unwrap_or_default();
        let content = match media_type.as_str() {
            media_type::OCI_INDEX | media_type::DOCKER_LIST => read_index(&bytes, &wrong)?,
            media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => read_image(&bytes, &wrong)?,
            other => return Err(wrong(format!("its media type is '{other}'"))),
        };
        let digest = Digest::of(&bytes);
        let subject = envelope.subject.map(|subject| from_oci(subject, &wrong)).transpose()?;
        let Envelope { artifact_type, annotations, .. } = envelope;
        let annotations = annotations.unwrap_or_default();
        Ok(Self { bytes, media_type, digest, content, artifact_type, subject, annotations })
    }

    /// The bytes, as they came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The media type, which is what `Content-Type` has to say when it is pushed.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The same manifest under the digest that somebody else knows it by, which is one of its bytes: an index may name
    /// what it lists by another algorithm than ours.
    #[must_use]
    pub(crate) fn known_as(self, digest: &Digest) -> Self {
        Self { digest: digest.clone(), ..self }
    }

    /// The digest it was asked for by; else the SHA-256 digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// What it leads to.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What kind of thing it is, where it is no image and says so.
    pub fn artifact_type(&self) -> Option<&str> {
        self.artifact_type.as_deref()
    }

    /// The manifest this one is about, as a signature, a bill of materials or a mark is (image-spec, manifest.md,
    /// "subject").
    pub fn subject(&self) -> Option<&Descriptor> {
        self.subject.as_ref()
    }

    /// Its annotations.
    pub fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    schema_version: u32,
    media_type: Option<String>,
    artifact_type: Option<String>,
    subject: Option<OciDescriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

fn read_index(bytes: &[u8], wrong: &dyn Fn(String) -> Error) -> Result<Content, Error> {
    let index: OciImageIndex = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let manifests: Result<_, Error> =
        index.manifests.into_iter().map(|entry| from_entry(entry, wrong)).collect();
    Ok(Content::Index { manifests: manifests? })
}

fn read_image(bytes: &[u8], wrong: &dyn Fn(String) -> Error) -> Result<Content, Error> {
    let image: OciImageManifest = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let layers: Result<_, Error> = image.layers.into_iter().map(|layer| from_oci(layer, wrong)).collect();
    Ok(Content::Image { config: Box::new(from_oci(image.config, wrong)?), layers: layers? })
}

fn from_entry(entry: ImageIndexEntry, wrong: &dyn Fn(String) -> Error) -> Result<Descriptor, Error> {
    let platform = entry.platform.map(|platform| Platform {
        os: platform.os.to_string(),
        architecture: platform.architecture.to_string(),
        variant: platform.variant,
        os_version: platform.os_version,
    });
    let annotations = entry.annotations.unwrap_or_default();
    let descriptor = descriptor(entry.media_type, &entry.digest, entry.size, wrong)?;
    Ok(Descriptor { platform, annotations, ..descriptor })
}

fn from_oci(oci: OciDescriptor, wrong: &dyn Fn(String) -> Error) -> Result<Descriptor, Error> {
    let foreign = oci.urls.is_some_and(|urls| !urls.is_empty());
    let annotations = oci.annotations.unwrap_or_default();
    Ok(Descriptor { foreign, annotations, ..descriptor(oci.media_type, &oci.digest, oci.size, wrong)? })
}

/// A digest becomes the name of a file and a part of a URL, so nothing passes here that is not really one.
fn descriptor(
    media_type: String,
    digest: &str,
    size: i64,
    wrong: &dyn Fn(String) -> Error,
) -> Result<Descriptor, Error> {
    let digest = digest.parse().map_err(|error: crate::digest::InvalidDigest| wrong(error.to_string()))?;
    let size = u64::try_from(size).map_err(|_| wrong(format!("it gives {digest} the size {size}")))?;
    Ok(Descriptor { media_type, digest, size, platform: None, foreign: false, annotations: BTreeMap::new() })
}

#[cfg(test)]
#[path = "manifest_properties.rs"]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn parse(text: &str, told: Option<&str>) -> Result<Manifest, Error> {
        Manifest::parse(Bytes::copy_from_slice(text.as_bytes()), told, &"x")
    }

    #[test]
    fn an_index_lists_its_platforms() {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[
            {{"mediaType":"{m}","digest":"sha256:{HEX}","size":5,"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}},
            {{"mediaType":"{m}","digest":"sha256:{HEX}","size":6,"platform":{{"os":"unknown","architecture":"unknown"}}}}]}}"#,
            media_type::OCI_INDEX,
            m = media_type::OCI_MANIFEST
        );
        let index = parse(&text, None).unwrap();
        assert_eq!(index.digest(), &Digest::of(text.as_bytes()));
        let Content::Index { manifests } = index.content() else { panic!("{index:?}") };
        let platforms: Vec<_> = manifests.iter().map(|m| m.platform.as_ref().unwrap().to_string()).collect();
        assert_eq!(platforms, ["linux/arm64/v8", "unknown/unknown"]);
    }

    #[test]
    fn platforms_are_two_or_three_words() {
        for text in ["linux/amd64", "linux/arm/v7", "windows/amd64"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/amd 64", "linux/arm64/"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_media_type_inside_counts_for_more_than_the_header() {
        let image = format!(
            r#"{{"schemaVersion":2,"config":{{"mediaType":"c","digest":"sha256:{HEX}","size":0}},
            "layers":[{{"mediaType":"l","digest":"sha256:{HEX}","size":0,"urls":["https://elsewhere.example/l"]}}]}}"#
        );
        let told = parse(&image, Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8")).unwrap();
        assert_eq!(told.media_type(), media_type::OCI_MANIFEST);
        let Content::Image { layers, .. } = told.content() else { panic!("{told:?}") };
        assert!(layers[0].foreign);
        let inside = image.replacen('{', &format!(r#"{{"mediaType":"{}","#, media_type::DOCKER_MANIFEST), 1);
        let both = parse(&inside, Some(media_type::OCI_MANIFEST)).unwrap();
        assert_eq!(both.media_type(), media_type::DOCKER_MANIFEST);
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_reason() {
        let bad_digest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"m","digest":"sha256:../../etc","size":1}}]}}"#,
            media_type::OCI_INDEX
        );
        let table = [
            ("", "EOF"),
            ("<html>", "expected value"),
            ("{}", "schemaVersion"),
            (r#"{"schemaVersion":1}"#, "schema 1"),
            (r#"{"schemaVersion":2}"#, "media type is ''"),
            (r#"{"schemaVersion":2,"mediaType":"application/json"}"#, "application/json"),
            (&bad_digest, "no digest"),
        ];
        for (text, reason) in table {
            let error = parse(text, None).expect_err(text);
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }
}
