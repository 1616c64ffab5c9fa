//! The note beside a mark: which digest it is about, and who set it when. It stays when the mark is unset, and says that.

use registry::Digest;
use serde::{Deserialize, Serialize};

use crate::{Key, Provenance, Record, State};

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

/// The mark that a property of this name is the note on.
pub(super) fn about(name: &str) -> Option<Key> {
    name.strip_prefix(PREFIX)?.parse().ok()
}

/// What a note says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Note {
    pub(super) digest: String,
    /// Was the mark unset?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) unset: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pipeline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<String>,
}

impl Note {
    /// What became of a mark, by what the note says of it.
    pub(super) fn record(self, key: Key, state: State) -> Record {
        let Self { created, pipeline, job, actor, .. } = self;
        Record { key, state, created, provenance: Provenance { pipeline, job, actor } }
    }
}

/// One line of JSON. It holds no `;`, which the older way of setting properties cannot carry.
pub(super) fn write(digest: &Digest, state: &State, created: &str, provenance: &Provenance) -> String {
    let Provenance { pipeline, job, actor } = provenance.clone();
    let (digest, unset, created) = (digest.to_string(), *state == State::Unset, Some(created.to_owned()));
    let note = Note { digest, unset, created, pipeline, job, actor };
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
        let text = write(&digest, &State::Unset, "2026-01-02T03:04:05Z", &provenance);
        assert!(!text.contains(';'), "{text}");
        let note = read(&text);
        assert_eq!((&note.digest, note.unset), (&digest.to_string(), true));
        assert_eq!(note.pipeline, provenance.pipeline);
        assert_eq!((note.job, note.actor.as_deref()), (None, Some("Zoë")));
        assert_eq!(read("tested by hand"), Note::default());
    }

    #[test]
    fn a_note_is_known_by_its_name() {
        let tested: Key = "tested".parse().unwrap();
        assert_eq!(about(&key(&tested)), Some(tested));
        assert_eq!(about("tested"), None);
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
