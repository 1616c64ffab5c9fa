//! How a mark is written in registries and layouts: an image manifest with a `subject` and annotations, and nothing else
//! in it.

use std::collections::BTreeMap;

use registry::{Content, Digest, Manifest, Tag, media_type};
use serde_json::{Map, Value as Json, json};

use crate::{Error, InvalidMark, Key, Provenance, Record, State, Subject};

/// The type of a mark among an image's referrers.
pub const ARTIFACT_TYPE: &str = "application/vnd.pypelines.mark.v1+json";
/// The content that the empty descriptor describes.
pub(crate) const EMPTY: &[u8] = b"{}";

const CREATED: &str = "org.opencontainers.image.created";
const KEY: &str = "vnd.pypelines.mark.key";
const VALUE: &str = "vnd.pypelines.mark.value";
const STATE: &str = "vnd.pypelines.mark.state";
const PREVIOUS: &str = "vnd.pypelines.mark.previous";
const PIPELINE: &str = "vnd.pypelines.mark.pipeline";
const JOB: &str = "vnd.pypelines.mark.job";
const ACTOR: &str = "vnd.pypelines.mark.actor";

/// A record as it is kept: with its own digest, and that of the record it took the place of.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) record: Record,
    pub(crate) digest: Digest,
    pub(crate) previous: Option<Digest>,
}

/// The tag a mark is kept under. It has a suffix because GitLab takes `sha256-<hex>` alone for the image itself.
pub(crate) fn tag(subject: &Digest, key: &Key) -> Result<Tag, Error> {
    let text = format!("{}{key}", prefix(subject));
    text.parse()
        .map_err(|error: registry::InvalidTag| Error::NotAMark { what: text, reason: error.to_string() })
}

/// The image and the key that a tag keeps a mark of, if it has the form of one.
pub(crate) fn read_tag(tag: &Tag) -> Option<(Digest, Key)> {
    let (digest, key) = tag.as_str().split_once('.')?;
    Some((digest.replacen('-', ":", 1).parse().ok()?, key.parse().ok()?))
}

fn prefix(subject: &Digest) -> String {
    format!("{}-{}.", subject.algorithm(), subject.hex())
}

/// The manifest that says `record` of `subject`, and which one it takes the place of.
pub(crate) fn write(
    subject: &Subject,
    record: &Record,
    previous: Option<&Digest>,
) -> Result<Manifest, Error> {
    let (state, value) = match &record.state {
        State::Set { value } => ("set", Some(value.to_string())),
        State::Unset => ("unset", None),
    };
    let Provenance { pipeline, job, actor } = record.provenance.clone();
    let told = [
        (CREATED, record.created.clone()),
        (KEY, Some(record.key.to_string())),
        (VALUE, value),
        (STATE, Some(state.to_owned())),
        (PREVIOUS, previous.map(Digest::to_string)),
        (PIPELINE, pipeline),
        (JOB, job),
        (ACTOR, actor),
    ];
    let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Json::String(value?))));
    let annotations: Map<String, Json> = told.collect();
    let empty = json!({ "mediaType": media_type::OCI_EMPTY, "digest": Digest::of(EMPTY).to_string(), "size": EMPTY.len() });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": empty,
        "layers": [empty],
        "subject": {
            "mediaType": subject.media_type,
            "digest": subject.digest.to_string(),
            "size": subject.size,
        },
        "annotations": annotations,
    });
    Ok(Manifest::parse(manifest.to_string().into(), None, &record.key)?)
}

/// The record that a manifest keeps of a key of this image; `what` names it in errors.
pub(crate) fn read(manifest: &Manifest, subject: &Digest, key: &Key, what: &str) -> Result<Kept, Error> {
    let kept = read_any(manifest, subject, what)?;
    if kept.record.key == *key { Ok(kept) } else { Err(no_mark(what, "it has another key")) }
}

/// The record that a manifest keeps of this image, whatever its key.
pub(crate) fn read_any(manifest: &Manifest, subject: &Digest, what: &str) -> Result<Kept, Error> {
    if !matches!(manifest.content(), Content::Image { .. }) {
        return Err(no_mark(what, "it is an index"));
    }
    if manifest.artifact_type() != Some(ARTIFACT_TYPE) {
        return Err(no_mark(what, "its artifactType is another"));
    }
    if manifest.subject().map(|about| &about.digest) != Some(subject) {
        return Err(no_mark(what, "it is about another image"));
    }
    read_annotations(manifest.annotations(), manifest.digest().clone(), what)
}

/// The key that these annotations say they are about, whether or not it can be one.
pub(crate) fn told_key(annotations: &BTreeMap<String, String>) -> Option<&str> {
    annotations.get(KEY).map(String::as_str)
}

/// The record that the annotations of the manifest with this digest say.
pub(crate) fn read_annotations(
    annotations: &BTreeMap<String, String>,
    digest: Digest,
    what: &str,
) -> Result<Kept, Error> {
    let annotation = |name: &str| annotations.get(name).cloned();
    // What was written by somebody else need not be what we would write.
    let unfit = |error: InvalidMark| no_mark(what, &error.reason);
    let key = annotation(KEY).ok_or_else(|| no_mark(what, "it has no key"))?.parse().map_err(unfit)?;
    let state = match annotation(STATE).as_deref() {
        Some("unset") => State::Unset,
        Some("set") | None => {
            let value = annotation(VALUE).ok_or_else(|| no_mark(what, "it has no value"))?;
            State::Set { value: value.parse().map_err(unfit)? }
        }
        Some(_) => return Err(no_mark(what, "it is neither set nor unset")),
    };
    let provenance =
        Provenance { pipeline: annotation(PIPELINE), job: annotation(JOB), actor: annotation(ACTOR) };
    let record = Record { key, state, created: annotation(CREATED), provenance };
    let previous = annotation(PREVIOUS).and_then(|digest| digest.parse().ok());
    Ok(Kept { record, digest, previous })
}

fn no_mark(what: &str, reason: &str) -> Error {
    Error::NotAMark { what: what.to_owned(), reason: reason.to_owned() }
}
