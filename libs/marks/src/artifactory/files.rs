//! The files of one digest, and what their properties say together.

use std::collections::BTreeMap;

use registry::Digest;

use super::aql::Item;
use super::note::{self, Note};
use crate::{Error, Key, Record, State, Step, Value};

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
        let noted = |key: &Key| values.get(note::key(key).as_str())?.first().map(|text| note::read(text));
        let is_about_this = |note: &Note| note.digest == digest.to_string();
        let record = |(name, all): (&&str, &Vec<&str>)| {
            if let Some(key) = note::about(name) {
                let gone = !values.contains_key(key.as_str());
                let note = noted(&key).filter(|note| gone && note.unset && is_about_this(note))?;
                return Some(note.record(key, State::Unset));
            }
            let key: Key = name.parse().ok().filter(|_| note::owner(name).is_none())?;
            // Set by another tool, a property may have several values; none of them is the whole truth.
            let value: Value = all.join(",").parse().ok()?;
            // Unset by us, it is there again: set by another tool, which leaves no note.
            let note = noted(&key).filter(|note| !note.unset);
            // The tag was pushed anew and the property stayed behind: it is about the image that was there before.
            if note.as_ref().is_some_and(|note| !is_about_this(note)) {
                return None;
            }
            Some(note.unwrap_or_default().record(key, State::Set { value }))
        };
        values.iter().filter_map(record).collect()
    }

    /// What was said last of these keys, or of all: by key.
    ///
    /// # Errors
    /// When two files contradict each other, and nothing says which one is right.
    pub(crate) fn records(&self, keys: Option<&[Key]>) -> Result<Vec<Record>, Error> {
        let mut settled = Vec::new();
        let wanted = |key: &Key| keys.is_none_or(|keys| keys.contains(key));
        for (key, records) in self.by_key().into_iter().filter(|(key, _)| wanted(key)) {
            let Some(latest) = latest(&records) else {
                let text = |record: Option<&Record>| match record.map(|record| &record.state) {
                    Some(State::Set { value }) => format!("'{value}'"),
                    _ => "unset".to_owned(),
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
        files.records(None).unwrap().iter().map(show).collect()
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
        let torn = files(vec![one, item(&[("scanned", "maybe"), ("tested", "true")])]);
        let error = torn.records(None).unwrap_err().to_string();
        assert!(error.contains("'no' and 'maybe'"), "{error}");
        let tested: Key = "tested".parse().unwrap();
        assert_eq!(torn.records(Some(&[tested])).unwrap().len(), 1, "of others nobody has asked");
    }

    #[test]
    fn what_was_unset_is_told_until_somebody_sets_it_again() {
        let unset = |hex: &str, created: &str| {
            format!(r#"{{"digest":"sha256:{hex}","unset":true,"created":"2026-01-0{created}T00:00:00Z"}}"#)
        };
        let (own, other) = (unset(HEX, "2"), unset(&"0".repeat(64), "2"));
        let (set, later) = (note(HEX, "2026-01-01T00:00:00Z"), note(HEX, "2026-01-03T00:00:00Z"));
        let name = "pypelines.mark.tested";
        let gone = item(&[(name, &own)]);
        let table: [(Vec<Item>, &[&str]); 5] = [
            (vec![gone.clone()], &["tested unset"]),
            (vec![item(&[(name, &other)])], &[]),
            (vec![item(&[(name, &own), ("tested", "by hand")])], &["tested=by hand"]),
            (vec![gone.clone(), item(&[(name, &set), ("tested", "true")])], &["tested unset"]),
            (vec![gone, item(&[(name, &later), ("tested", "true")])], &["tested=true"]),
        ];
        for (items, expected) in table {
            assert_eq!(shown(&files(items.clone())), expected, "{items:?}");
        }
    }

    #[test]
    fn several_values_of_one_property_are_not_one_of_them() {
        assert_eq!(
            shown(&files(vec![item(&[("tested", "true"), ("tested", "false")])])),
            ["tested=true,false"]
        );
    }
}
