//! How a mark is written: an image manifest with a `subject` and annotations, and nothing else in it.

use registry::{Digest, Manifest, Tag, media_type};
use serde_json::{Map, Value as Json, json};

use crate::{Error, Key, Mark, Provenance};

/// The type of a mark among an image's referrers.
pub(crate) const ARTIFACT_TYPE: &str = "application/vnd.pypelines.mark.v1+json";
/// The content that the empty descriptor describes.
pub(crate) const EMPTY: &[u8] = b"{}";

const CREATED: &str = "org.opencontainers.image.created";
const KEY: &str = "vnd.pypelines.mark.key";
const VALUE: &str = "vnd.pypelines.mark.value";
const PIPELINE: &str = "vnd.pypelines.mark.pipeline";
const JOB: &str = "vnd.pypelines.mark.job";
const ACTOR: &str = "vnd.pypelines.mark.actor";

/// The tag a mark is kept under. It has a suffix because GitLab takes `sha256-<hex>` alone for the image itself.
pub(crate) fn tag(subject: &Digest, key: &Key) -> Result<Tag, Error> {
    let text = format!("{}{key}", prefix(subject));
    text.parse()
        .map_err(|error: registry::InvalidTag| Error::NotAMark { what: text, reason: error.to_string() })
}

/// The key of the mark that is kept under this tag, if it is one of this image.
pub(crate) fn key_of(subject: &Digest, tag: &Tag) -> Option<Key> {
    tag.as_str().strip_prefix(&prefix(subject))?.parse().ok()
}

fn prefix(subject: &Digest) -> String {
    format!("{}-{}.", subject.algorithm(), subject.hex())
}

/// The manifest that says `mark` of `subject`.
pub(crate) fn write(subject: &Manifest, mark: &Mark) -> Result<Manifest, Error> {
    let mut annotations = Map::new();
    let Provenance { pipeline, job, actor } = &mark.provenance;
    let told = [
        (CREATED, Some(&mark.created)),
        (KEY, Some(&mark.key.to_string())),
        (VALUE, Some(&mark.value.to_string())),
        (PIPELINE, pipeline.as_ref()),
        (JOB, job.as_ref()),
        (ACTOR, actor.as_ref()),
    ]
    .map(|(name, value)| (name, value.cloned()));
    annotations
        .extend(told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Json::String(value?)))));
    let empty = json!({ "mediaType": media_type::OCI_EMPTY, "digest": Digest::of(EMPTY).to_string(), "size": EMPTY.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": empty,
        "layers": [empty],
        "subject": {
            "mediaType": subject.media_type(),
            "digest": subject.digest().to_string(),
            "size": subject.bytes().len(),
        },
        "annotations": annotations,
    });
    Ok(Manifest::parse(manifest.to_string().into(), None, &mark.key)?)
}

/// The mark that a manifest says; `what` names it in errors.
pub(crate) fn read(manifest: &Manifest, subject: &Digest, key: &Key, what: &str) -> Result<Mark, Error> {
    let wrong = |reason: &str| Error::NotAMark { what: what.to_owned(), reason: reason.to_owned() };
    let json: Json = serde_json::from_slice(manifest.bytes()).map_err(|error| wrong(&error.to_string()))?;
    let text = |value: &Json| value.as_str().map(str::to_owned);
    if json.get("artifactType").and_then(text).as_deref() != Some(ARTIFACT_TYPE) {
        return Err(wrong("its artifactType is another"));
    }
    if json.get("subject").and_then(|subject| subject.get("digest")).and_then(text)
        != Some(subject.to_string())
    {
        return Err(wrong("it is about another image"));
    }
    let annotation = |name: &str| json.get("annotations").and_then(|all| all.get(name)).and_then(text);
    if annotation(KEY).as_deref() != Some(key.as_str()) {
        return Err(wrong("it has another key"));
    }
    Ok(Mark {
        key: key.clone(),
        value: annotation(VALUE).ok_or_else(|| wrong("it has no value"))?.parse()?,
        created: annotation(CREATED).unwrap_or_default(),
        provenance: Provenance {
            pipeline: annotation(PIPELINE),
            job: annotation(JOB),
            actor: annotation(ACTOR),
        },
    })
}
