//! What is told of an image. Its JSON is an interface: fields are added, never changed.

use std::collections::BTreeMap;

use registry::{Digest, Error, Manifest, Referrers, Tag};
use serde::Serialize;

use crate::configuration::{Configuration, Healthcheck};
use crate::images::{Attestation, Image, Images};

/// The result of `inspect`.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) image: String,
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    /// Those of the manifest or index that the reference leads to.
    pub(crate) annotations: BTreeMap<String, String>,
    /// One for each platform; a single image is one too.
    pub(crate) images: Vec<ImageReport>,
    pub(crate) attestations: Vec<AttestationReport>,
    /// Null where the registry cannot say.
    pub(crate) referrers: Option<Vec<ReferrerReport>>,
    /// Tags that have the digest in their name: cosign's signatures, attestations and bills of materials, and marks. Null
    /// where the registry cannot say.
    pub(crate) attached_tags: Option<Vec<TagReport>>,
    /// Why the registry cannot say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) referrers_problem: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ImageReport {
    /// `linux/arm64/v8`; null for an artifact.
    pub(crate) platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) os_version: Option<String>,
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    /// The configuration and all layers, compressed, in bytes.
    pub(crate) size: u64,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) config: Blob,
    pub(crate) layers: Vec<Blob>,
    /// Null for an artifact.
    pub(crate) configuration: Option<ConfigurationReport>,
}

/// A configuration or a layer.
#[derive(Serialize)]
pub(crate) struct Blob {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) size: u64,
}

#[derive(Serialize)]
pub(crate) struct ConfigurationReport {
    pub(crate) created: Option<String>,
    #[serde(flatten)]
    pub(crate) run: RunReport,
}

/// How a container runs; the same for all platforms as a rule.
#[derive(Serialize, PartialEq, Eq)]
pub(crate) struct RunReport {
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) user: String,
    pub(crate) working_dir: String,
    pub(crate) ports: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) healthcheck: Option<HealthcheckReport>,
    pub(crate) labels: BTreeMap<String, String>,
}

/// Zero means that Docker's default holds.
#[derive(Serialize, PartialEq, Eq)]
pub(crate) struct HealthcheckReport {
    pub(crate) test: Vec<String>,
    pub(crate) interval_ms: i64,
    pub(crate) timeout_ms: i64,
    pub(crate) start_period_ms: i64,
    pub(crate) start_interval_ms: i64,
    pub(crate) retries: i64,
    #[serde(skip)]
    pub(crate) text: String,
}

#[derive(Serialize)]
pub(crate) struct AttestationReport {
    pub(crate) digest: Digest,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The image it is about.
    pub(crate) subject: Option<Digest>,
    /// The platform of that image.
    pub(crate) platform: Option<String>,
    pub(crate) predicates: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct ReferrerReport {
    pub(crate) digest: Digest,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: BTreeMap<String, String>,
}

/// A tag that is about the image.
#[derive(Serialize)]
pub(crate) struct TagReport {
    pub(crate) tag: String,
    /// What stands behind the digest: `sig`, `att`, `sbom`, or the key of a mark.
    pub(crate) suffix: String,
    pub(crate) digest: Digest,
}

/// What others say about an image.
pub(crate) struct About {
    pub(crate) referrers: Referrers,
    pub(crate) tags: Vec<(Tag, Digest)>,
}

impl Report {
    pub(crate) fn new(image: String, root: &Manifest, images: &Images, about: Result<About, Error>) -> Self {
        let (referrers, tags, referrers_problem) = match about {
            Ok(About { referrers, tags }) => (Some(referrers), Some(tags), None),
            Err(error) => (None, None, Some(error.to_string())),
        };
        let attestation = |attestation: &Attestation| AttestationReport::new(attestation, &images.images);
        Self {
            image,
            digest: root.digest().clone(),
            media_type: root.media_type().to_owned(),
            artifact_type: root.artifact_type().map(str::to_owned),
            annotations: root.annotations().clone(),
            images: images.images.iter().map(ImageReport::new).collect(),
            attestations: images.attestations.iter().map(attestation).collect(),
            referrers: referrers.map(|referrers| {
                let report = |referrer: registry::Referrer| ReferrerReport {
                    digest: referrer.descriptor.digest,
                    artifact_type: referrer.artifact_type,
                    annotations: referrer.annotations,
                };
                referrers.list.into_iter().map(report).collect()
            }),
            attached_tags: tags.map(|tags| tags.into_iter().map(TagReport::new).collect()),
            referrers_problem,
        }
    }
}

impl TagReport {
    fn new((tag, digest): (Tag, Digest)) -> Self {
        let suffix = tag.as_str().split_once('.').map(|(_, suffix)| suffix.to_owned()).unwrap_or_default();
        Self { tag: tag.to_string(), suffix, digest }
    }
}

impl ImageReport {
    fn new(image: &Image) -> Self {
        let blob = |blob: &registry::Descriptor| Blob {
            digest: blob.digest.clone(),
            media_type: blob.media_type.clone(),
            size: blob.size,
        };
        Self {
            platform: image.platform.as_ref().map(ToString::to_string),
            os_version: image.platform.as_ref().and_then(|platform| platform.os_version.clone()),
            digest: image.digest.clone(),
            media_type: image.media_type.clone(),
            artifact_type: image.artifact_type.clone(),
            size: image.size(),
            annotations: image.annotations.clone(),
            config: blob(&image.config),
            layers: image.layers.iter().map(blob).collect(),
            configuration: image.configuration.as_ref().map(ConfigurationReport::new),
        }
    }
}

impl ConfigurationReport {
    fn new(configuration: &Configuration) -> Self {
        let run = configuration.run.clone();
        let run = RunReport {
            entrypoint: run.entrypoint,
            cmd: run.cmd,
            env: run.env,
            user: run.user,
            working_dir: run.working_dir,
            ports: run.exposed_ports.into_keys().collect(),
            volumes: run.volumes.into_keys().collect(),
            stop_signal: run.stop_signal,
            healthcheck: run.healthcheck.map(HealthcheckReport::new),
            labels: run.labels,
        };
        Self { created: configuration.created.clone(), run }
    }
}

impl HealthcheckReport {
    fn new(healthcheck: Healthcheck) -> Self {
        let milliseconds = |nanoseconds: i64| nanoseconds / 1_000_000;
        Self {
            text: healthcheck.to_string(),
            test: healthcheck.test,
            interval_ms: milliseconds(healthcheck.interval),
            timeout_ms: milliseconds(healthcheck.timeout),
            start_period_ms: milliseconds(healthcheck.start_period),
            start_interval_ms: milliseconds(healthcheck.start_interval),
            retries: healthcheck.retries,
        }
    }
}

impl AttestationReport {
    fn new(attestation: &Attestation, images: &[Image]) -> Self {
        let about = images.iter().find(|image| Some(&image.digest) == attestation.subject.as_ref());
        Self {
            digest: attestation.digest.clone(),
            kind: attestation.kind.clone(),
            subject: attestation.subject.clone(),
            platform: about.and_then(|image| image.platform.as_ref()).map(ToString::to_string),
            predicates: attestation.predicates.clone(),
        }
    }
}
