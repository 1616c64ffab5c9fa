//! The list of referrers that clients keep where the registry keeps none (distribution-spec, "Pushing Manifests with
//! Subject" and "Referrers Tag Schema").
//!
//! Every client reads, changes and writes the whole index, so that two at once can lose each other's entries. Within
//! this process there is one writer per subject; against others it helps to look again behind each write, which makes
//! losses rare and cannot rule them out. Nothing that has to be there for sure may depend on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Remote;
use super::referrers::{noted, referrers_tag};
use crate::manifest::media_type;
use crate::{Content, Digest, Error, Manifest, Which};

/// Others may write over our entries this often.
const ATTEMPTS: u32 = 8;
/// The first of the growing pauses between two attempts.
const PAUSE: Duration = Duration::from_millis(40);

/// Where a manifest is listed among the referrers of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// The store keeps the list.
    ByStore,
    /// In the index under the referrers tag.
    UnderTag,
    /// Nowhere: the manifest is there, and only who knows its digest or its tag finds it.
    Nowhere {
        /// Why, for people.
        reason: String,
    },
}

impl Remote {
    /// Adds manifests to the index under the referrers tag of their subject, all in one write, and none when they are
    /// in it. Ask for this only where the registry keeps no list ([`crate::Written::listed`]).
    ///
    /// # Errors
    /// When the index cannot be read or written, or others have written over it again and again.
    pub async fn list_referrers(&self, subject: &Digest, manifests: &[Manifest]) -> Result<Listed, Error> {
        let lock = writer_of(format!("{}/{}@{subject}", self.line.host(), self.path));
        let _only_writer = lock.lock().await;
        let which = Which::Tag(referrers_tag(subject)?);
        let entries: Vec<Value> = manifests.iter().map(entry).collect();
        let mut gone = Vec::new();
        for attempt in 0..ATTEMPTS {
            let current = match self.manifest(&which).await {
                Ok(current) => Some(current),
                Err(Error::NotFound { .. }) => None,
                Err(Error::Manifest { reason, .. }) => return Ok(self.nowhere(&which, &reason)),
                Err(error) => return Err(error),
            };
            if current.as_ref().is_some_and(|current| current.digest() == subject) {
                return Ok(self.nowhere(&which, "that tag leads to the image itself"));
            }
            if current.as_ref().is_some_and(|current| noted(current, subject).is_none()) {
                return Ok(self.nowhere(&which, "that tag leads to something that is no index"));
            }
            let Some(index) = with(current.as_ref(), &entries, &gone)? else { return Ok(Listed::UnderTag) };
            if attempt > 0 {
                tracing::debug!("others have written over {}; writing it again", self.name(&which));
                // Those who collided would do so again, so nobody waits as long as the others.
                tokio::time::sleep(PAUSE.mul_f64(f64::from(attempt) + fastrand::f64())).await;
            }
            match self.put_manifest(&index, &which).await {
                // Entries whose manifests were deleted: some registries take no index that leads nowhere.
                Err(error) if error.is_about_missing_content() && gone.is_empty() => {
                    gone = self.absent(&index).await?;
                    if gone.is_empty() {
                        return Err(error);
                    }
                }
                result => drop(result?),
            }
        }
        let action = format!("list what refers to {}", self.blob_name(subject));
        Err(self.fault(&action, "has other clients that write over the list all the time"))
    }

    /// The manifests that an index leads to and that are not there.
    async fn absent(&self, index: &Manifest) -> Result<Vec<Digest>, Error> {
        let Content::Index { manifests } = index.content() else { return Ok(Vec::new()) };
        let mut absent = Vec::new();
        for manifest in manifests {
            if !self.has_manifest(&manifest.digest).await? {
                absent.push(manifest.digest.clone());
            }
        }
        Ok(absent)
    }

    fn nowhere(&self, which: &Which, reason: &str) -> Listed {
        let host = self.line.host();
        Listed::Nowhere {
            reason: format!("{host} lists no referrers, and {which} cannot hold a list: {reason}"),
        }
    }
}

/// The lock that whoever changes this list in this process has to hold.
fn writer_of(list: String) -> Arc<tokio::sync::Mutex<()>> {
    static WRITERS: OnceLock<Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>> = OnceLock::new();
    let mut writers = WRITERS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(lock) = writers.get(&list).and_then(Weak::upgrade) {
        return lock;
    }
    writers.retain(|_, lock| lock.strong_count() > 0);
    let lock = Arc::default();
    writers.insert(list, Arc::downgrade(&lock));
    lock
}

/// How a manifest stands in a list of referrers: with the type of its configuration where it names none of its own, and
/// with all of its annotations.
pub(crate) fn entry(manifest: &Manifest) -> Value {
    let mut entry = json!({
        "mediaType": manifest.media_type(),
        "digest": manifest.digest().to_string(),
        "size": manifest.bytes().len(),
    });
    let config = match manifest.content() {
        Content::Image { config, .. } => Some(config.media_type.as_str()),
        Content::Index { .. } => None,
    };
    if let Some(artifact_type) = manifest.artifact_type().or(config) {
        entry["artifactType"] = json!(artifact_type);
    }
    if !manifest.annotations().is_empty() {
        entry["annotations"] = json!(manifest.annotations());
    }
    entry
}

/// The index with these entries besides its own, which stay as they are but for those that are `gone`; none when it has
/// them all.
fn with(index: Option<&Manifest>, entries: &[Value], gone: &[Digest]) -> Result<Option<Manifest>, Error> {
    let unreadable = |error: serde_json::Error| Error::Manifest {
        what: "the list of referrers".into(),
        reason: error.to_string(),
    };
    let mut fields: Map<String, Value> = match index {
        Some(index) => serde_json::from_slice(index.bytes()).map_err(unreadable)?,
        None => Map::from_iter([
            ("schemaVersion".to_owned(), json!(2)),
            ("mediaType".to_owned(), json!(media_type::OCI_INDEX)),
        ]),
    };
    let list = fields.entry("manifests").or_insert_with(|| json!([]));
    let Value::Array(list) = list else { return Ok(None) };
    let before = list.len();
    for entry in entries {
        if !list.iter().any(|known| known["digest"] == entry["digest"]) {
            list.push(entry.clone());
        }
    }
    if index.is_some() && list.len() == before {
        return Ok(None);
    }
    let is_gone = |entry: &Value| gone.iter().any(|gone| entry["digest"] == gone.to_string());
    list.retain(|entry| !is_gone(entry));
    let bytes = Bytes::from(Value::Object(fields).to_string());
    Manifest::parse(bytes, None, &"the list of referrers").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(fields: &str) -> Manifest {
        let config = format!(
            r#""config":{{"mediaType":"application/x.config","digest":"{}","size":2}},"layers":[]"#,
            Digest::of(b"{}")
        );
        let text =
            format!(r#"{{"schemaVersion":2,"mediaType":"{}",{config}{fields}}}"#, media_type::OCI_MANIFEST);
        Manifest::parse(text.into(), None, &"x").unwrap()
    }

    #[test]
    fn an_entry_has_the_type_and_all_annotations() {
        let plain = entry(&artifact(""));
        assert_eq!(
            (&plain["artifactType"], plain.get("annotations")),
            (&json!("application/x.config"), None)
        );
        let rich = entry(&artifact(r#","artifactType":"a/b","annotations":{"k":"v","l":"w"}"#));
        assert_eq!(rich["artifactType"], "a/b");
        assert_eq!(rich["annotations"], json!({ "k": "v", "l": "w" }));
    }

    #[test]
    fn entries_of_others_stay_as_they_are_and_nothing_is_listed_twice() {
        let others = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","annotations":{{"by":"others"}},"manifests":[{{"mediaType":"m","digest":"{}","size":1,"odd":[1]}}]}}"#,
            media_type::OCI_INDEX,
            Digest::of(b"other")
        );
        let others = Manifest::parse(others.into(), None, &"x").unwrap();
        let entries = [entry(&artifact("")), entry(&artifact(r#","artifactType":"a/b""#))];
        let index = with(Some(&others), &entries, &[]).unwrap().unwrap();
        let fields: Value = serde_json::from_slice(index.bytes()).unwrap();
        assert_eq!(
            (&fields["annotations"]["by"], &fields["manifests"][0]["odd"]),
            (&json!("others"), &json!([1]))
        );
        assert_eq!(fields["manifests"].as_array().unwrap().len(), 3);
        assert!(with(Some(&index), &entries, &[]).unwrap().is_none());
        assert!(with(None, &entries, &[]).unwrap().is_some());
        let index = with(Some(&others), &entries, &[Digest::of(b"other")]).unwrap().unwrap();
        let fields: Value = serde_json::from_slice(index.bytes()).unwrap();
        assert_eq!(fields["manifests"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn one_list_has_one_writer() {
        let (one, same, other) = (writer_of("a".into()), writer_of("a".into()), writer_of("b".into()));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
    }
}
