//! The index itself (image-spec, image-index.md). Its fields are written in one order always: the same images give the
//! same bytes.

use std::collections::BTreeMap;

use contract::Failure;
use registry::{Digest, Manifest, media_type};
use serde::{Deserialize, Serialize};

use super::part::Part;
use crate::cli::Annotation;
use crate::configuration::Configuration;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<&'a Entry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

/// An entry, with everything that the specification has for one: what another index said goes on to be said.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub(crate) media_type: String,
    digest: String,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    urls: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<Platform>,
}

/// What an image runs on, in full.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Platform {
    architecture: String,
    os: String,
    #[serde(rename = "os.version", skip_serializing_if = "Option::is_none")]
    os_version: Option<String>,
    #[serde(rename = "os.features", skip_serializing_if = "Option::is_none")]
    os_features: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<String>>,
}

impl Platform {
    /// What a configuration says; none when it says nothing.
    pub(crate) fn of(configuration: Configuration) -> Option<Self> {
        let registry::Platform { os, architecture, variant, os_version } = configuration.platform()?;
        let os_features = configuration.os_features.filter(|features| !features.is_empty());
        Some(Self { architecture, os, os_version, os_features, variant, features: None })
    }

    /// The part of it that tells platforms apart.
    pub(crate) fn short(&self) -> registry::Platform {
        registry::Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
        }
    }
}

impl Entry {
    /// The entry of an image that was in no index before.
    pub(crate) fn of(manifest: &Manifest) -> Self {
        Self {
            media_type: manifest.media_type().to_owned(),
            digest: manifest.digest().to_string(),
            size: manifest.bytes().len() as u64,
            urls: None,
            annotations: None,
            data: None,
            artifact_type: None,
            platform: None,
        }
    }

    pub(crate) fn digest(&self) -> Result<Digest, Failure> {
        let digest: Result<Digest, _> = self.digest.parse();
        digest.map_err(|error| Failure::failed("cannot read an index").because(error))
    }

    /// The platform for a message.
    pub(crate) fn platform_text(&self) -> String {
        self.platform.as_ref().map_or_else(|| "no platform".into(), |platform| platform.short().to_string())
    }
}

/// The entries of an index, in their order.
pub(crate) fn entries(index: &Manifest) -> Result<Vec<Entry>, Failure> {
    #[derive(Deserialize)]
    struct Entries {
        manifests: Vec<Entry>,
    }
    let read: Result<Entries, _> = serde_json::from_slice(index.bytes());
    let wrong = |error| Failure::failed(format!("cannot read the index {}", index.digest())).because(error);
    read.map(|read| read.manifests).map_err(wrong)
}

/// The index: images in the order of the parts, then the attestations.
pub(crate) fn write(parts: &[Part], annotations: &[Annotation]) -> Result<Manifest, Failure> {
    let images = parts.iter().map(|part| &part.image.entry);
    let attestations = parts.iter().flat_map(|part| &part.attestations).map(|child| &child.entry);
    let annotations =
        annotations.iter().map(|annotation| (annotation.key.as_str(), annotation.value.as_str()));
    assemble(images.chain(attestations).collect(), annotations.collect())
}

fn assemble(manifests: Vec<&Entry>, annotations: BTreeMap<&str, &str>) -> Result<Manifest, Failure> {
    let document = Document { schema_version: 2, media_type: media_type::OCI_INDEX, manifests, annotations };
    let bytes = serde_json::to_vec(&document)
        .map_err(|error| Failure::failed("cannot write the index").because(error))?;
    Ok(Manifest::parse(bytes.into(), None, &"the index")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_all_that_it_said_before_and_fields_are_in_one_order() {
        let digest = Digest::of(b"x").to_string();
        let entry = format!(
            r#"{{"mediaType":"{}","digest":"{digest}","size":5,"annotations":{{"a":"1","b":"2"}},"artifactType":"t","platform":{{"architecture":"amd64","os":"windows","os.version":"10.0.1","os.features":["win32k"]}}}}"#,
            media_type::OCI_MANIFEST
        );
        // The same in another order, with a field that no specification knows.
        let shuffled = format!(
            r#"{{"platform":{{"os.features":["win32k"],"os.version":"10.0.1","os":"windows","architecture":"amd64"}},"size":5,"x":1,"artifactType":"t","annotations":{{"b":"2","a":"1"}},"digest":"{digest}","mediaType":"{}"}}"#,
            media_type::OCI_MANIFEST
        );
        let expected = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{entry}],"annotations":{{"k":"v"}}}}"#,
            media_type::OCI_INDEX
        );
        for text in [&entry, &shuffled] {
            let entry: Entry = serde_json::from_str(text).unwrap();
            let index = assemble(vec![&entry], BTreeMap::from([("k", "v")])).unwrap();
            assert_eq!(std::str::from_utf8(index.bytes()).unwrap(), expected);
            assert_eq!(entries(&index).unwrap(), [entry]);
        }
    }

    #[test]
    fn the_platform_of_a_configuration_is_taken_over_in_full() {
        let text =
            r#"{"os":"windows","architecture":"amd64","os.version":"10.0.1","os.features":[],"variant":""}"#;
        let platform = Platform::of(serde_json::from_str(text).unwrap()).unwrap();
        let json = serde_json::to_string(&platform).unwrap();
        assert_eq!(json, r#"{"architecture":"amd64","os":"windows","os.version":"10.0.1"}"#);
        assert_eq!(Platform::of(Configuration::default()), None);
    }
}
