//! The note beside a mark: which digest it is about, and who set it when.

use registry::Digest;
use serde::{Deserialize, Serialize};

use crate::{Key, Provenance};

/// What the names of our own properties begin with.
const PREFIX: &str = "pypelines.mark.";

/// Properties that Artifactory and its clients keep on manifests themselves, by the beginning of their names.
const TAKEN: [(&str, &str); 7] = [
    (PREFIX, "this tool"),
    ("docker.", "Artifactory"),
    ("oci.", "Artifactory"),
    ("artifactory.", "Artifactory"),
    ("build.", "the JFrog CLI"),
    ("buildInfo.", "the JFrog CLI"),
    ("vcs.", "the JFrog CLI"),
];
/// The one that has no such beginning.
const CHECKSUM: &str = "sha256";

/// Whose property this is, if it is no mark.
pub(super) fn owner(key: &str) -> Option<&'static str> {
    if key == CHECKSUM {
        return Some("Artifactory");
    }
    TAKEN.into_iter().find(|(prefix, _)| key.starts_with(prefix)).map(|(_, owner)| owner)
}

/// The name of the property that holds the note on a mark.
pub(super) fn key(mark: &Key) -> String {
    format!("{PREFIX}{mark}")
}

/// What a note says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    pub(super) digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pipeline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<String>,
}

/// One line of JSON. It holds no `;`, which the older way of setting properties cannot carry.
pub(super) fn write(digest: &Digest, created: &str, provenance: &Provenance) -> String {
    let Provenance { pipeline, job, actor } = provenance.clone();
    let note = Note { digest: digest.to_string(), created: Some(created.to_owned()), pipeline, job, actor };
    serde_json::to_string(&note).unwrap_or_default().replace(';', "\\u003b")
}

/// What the text of a note says; nothing that can be relied on when it is none.
pub(super) fn read(text: &str) -> Note {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_holds_no_separator() {
        let digest = Digest::of(b"x");
        let provenance = Provenance {
            pipeline: Some("https://gitlab.example/p?a=1;b=2,3|4".into()),
            job: None,
            actor: Some("Zoë".into()),
        };
        let text = write(&digest, "2026-01-02T03:04:05Z", &provenance);
        assert!(!text.contains(';'), "{text}");
        let note = read(&text);
        assert_eq!(note.digest, digest.to_string());
        assert_eq!(note.pipeline, provenance.pipeline);
        assert_eq!((note.job, note.actor.as_deref()), (None, Some("Zoë")));
        assert_eq!(read("tested by hand"), Note::default());
    }

    #[test]
    fn what_belongs_to_artifactory_is_no_mark() {
        let table = [
            ("docker.manifest.digest", true),
            ("sha256", true),
            ("build.name", true),
            ("pypelines.mark.tested", true),
            ("tested", false),
            ("docker", false),
            ("sha256.checked", false),
        ];
        for (key, taken) in table {
            assert_eq!(owner(key).is_some(), taken, "{key}");
        }
    }
}
