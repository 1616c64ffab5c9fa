//! The files of one digest, and what their properties say together.

use std::collections::BTreeMap;

use registry::Digest;

use super::aql::Item;
use super::note::{self, Note};
use crate::{Error, Key, Provenance, Record, State, Step, Value};

/// All manifest files of one image name that have one digest.
#[derive(Debug)]
pub(crate) struct Files {
    digest: Digest,
    items: Vec<Item>,
}

impl Files {
    pub(super) fn new(digest: Digest, items: Vec<Item>) -> Self {
        Self { digest, items }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// What one file says of the digest it has.
    pub(super) fn of(item: &Item) -> Vec<Record> {
        let Some(digest) = item.digest() else { return Vec::new() };
        let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for property in &item.properties {
            values.entry(&property.key).or_default().push(property.value.as_deref().unwrap_or_default());
        }
        let record = |(name, all): (&&str, &Vec<&str>)| {
            let key: Key = name.parse().ok().filter(|_| note::owner(name).is_none())?;
            // Set by another tool, a property may have several values; none of them is the whole truth.
            let value: Value = all.join(",").parse().ok()?;
            let text = values.get(note::key(&key).as_str()).and_then(|note| note.first());
            let note = text.map(|text| note::read(text));
            // The tag was pushed anew and the property stayed behind: it is about the image that was there before.
            if note.as_ref().is_some_and(|note| note.digest != digest.to_string()) {
                return None;
            }
            let Note { created, pipeline, job, actor, .. } = note.unwrap_or_default();
            let provenance = Provenance { pipeline, job, actor };
            Some(Record { key, state: State::Set { value }, created, provenance })
        };
        values.iter().filter_map(record).collect()
    }

    /// What holds, by key.
    ///
    /// # Errors
    /// When two files contradict each other, and nothing says which one is right.
    pub(crate) fn records(&self) -> Result<Vec<Record>, Error> {
        let mut settled = Vec::new();
        for (key, records) in self.by_key() {
            let Some(latest) = latest(&records) else {
                let text = |record: Option<&Record>| match record.map(|record| &record.state) {
                    Some(State::Set { value }) => value.to_string(),
                    _ => String::new(),
                };
                let digest = self.digest.to_string();
                let first = records.first();
                let other =
                    records.iter().find(|record| Some(&record.state) != first.map(|first| &first.state));
                return Err(Error::Contradiction { digest, key, one: text(first), other: text(other) });
            };
            settled.push(latest.clone());
        }
        Ok(settled)
    }

    /// The same without what is contradicted.
    pub(crate) fn settled(&self) -> Vec<Record> {
        self.by_key().into_values().filter_map(|records| latest(&records).cloned()).collect()
    }

    /// Do some files say what a step is to say, and others not? A tag that came later has no marks yet, and a property
    /// that stayed behind is still there for others to read.
    pub(crate) fn is_partial(&self, step: &Step) -> bool {
        match &step.state {
            State::Set { .. } => !self.items.iter().all(|item| {
                Self::of(item).iter().any(|record| record.key == step.key && record.state == step.state)
            }),
            State::Unset => {
                let stays = |item: &Item| item.properties.iter().any(|known| known.key == step.key.as_str());
                self.items.iter().any(stays)
            }
        }
    }

    fn by_key(&self) -> BTreeMap<Key, Vec<Record>> {
        let mut by_key: BTreeMap<Key, Vec<Record>> = BTreeMap::new();
        for record in self.items.iter().flat_map(Self::of) {
            by_key.entry(record.key.clone()).or_default().push(record);
        }
        by_key
    }
}

/// The record that counts: the only one, or the one that was set last.
fn latest(records: &[Record]) -> Option<&Record> {
    let last = records.iter().max_by(|one, other| one.created.cmp(&other.created))?;
    let rivals = records.iter().filter(|record| record.created == last.created);
    let agreed = |record: &Record| record.state == last.state;
    // Without a time nobody knows which came first.
    let known = records.iter().all(|record| record.created.is_some()) || records.iter().all(agreed);
    (known && rivals.into_iter().all(agreed)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifactory::aql::Property;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn item(properties: &[(&str, &str)]) -> Item {
        let property = |(key, value): &(&str, &str)| Property {
            key: (*key).to_owned(),
            value: Some((*value).to_owned()),
        };
        Item {
            repo: "docker-local".into(),
            path: "app/1".into(),
            name: "manifest.json".into(),
            sha256: Some(HEX.into()),
            properties: properties.iter().map(property).collect(),
        }
    }

    fn files(items: Vec<Item>) -> Files {
        Files::new(format!("sha256:{HEX}").parse().unwrap(), items)
    }

    fn shown(files: &Files) -> Vec<String> {
        let show = |record: &Record| match &record.state {
            State::Set { value } => format!("{}={value}", record.key),
            State::Unset => format!("{} unset", record.key),
        };
        files.records().unwrap().iter().map(show).collect()
    }

    fn note(hex: &str, created: &str) -> String {
        format!(r#"{{"digest":"sha256:{hex}","created":"{created}"}}"#)
    }

    #[test]
    fn a_property_that_stayed_behind_on_a_tag_pushed_anew_does_not_count() {
        let (own, other) = (note(HEX, "2026-01-01T00:00:00Z"), note(&"0".repeat(64), "2026-01-01T00:00:00Z"));
        let properties = [
            ("tested", "true"),
            ("pypelines.mark.tested", own.as_str()),
            ("scanned", "true"),
            ("pypelines.mark.scanned", other.as_str()),
            ("by-hand", "true"),
            ("docker.manifest", "1"),
        ];
        assert_eq!(shown(&files(vec![item(&properties)])), ["by-hand=true", "tested=true"]);
        let unset = Step::unset(&"scanned".parse().unwrap());
        assert!(files(vec![item(&properties)]).is_partial(&unset), "it is still there for others to read");
    }

    #[test]
    fn of_two_tags_the_later_counts_and_without_times_a_contradiction_is_an_error() {
        let (early, late) = (note(HEX, "2026-01-01T00:00:00Z"), note(HEX, "2026-01-02T00:00:00Z"));
        let one = item(&[("scanned", "no"), ("pypelines.mark.scanned", &late)]);
        let two = item(&[("scanned", "yes"), ("pypelines.mark.scanned", &early)]);
        assert_eq!(shown(&files(vec![one.clone(), two.clone()])), ["scanned=no"]);
        assert_eq!(shown(&files(vec![two, one.clone(), item(&[])])), ["scanned=no"]);
        let error = files(vec![one, item(&[("scanned", "maybe")])]).records().unwrap_err().to_string();
        assert!(error.contains("'no' and 'maybe'"), "{error}");
    }

    #[test]
    fn several_values_of_one_property_are_not_one_of_them() {
        assert_eq!(
            shown(&files(vec![item(&[("tested", "true"), ("tested", "false")])])),
            ["tested=true,false"]
        );
    }
}
