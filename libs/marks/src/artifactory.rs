//! Marks as properties in Artifactory.
//!
//! Properties hang on files, and a mark belongs to a digest. So a mark is written to the manifest's file in the folder of
//! every tag that leads to the digest (`IMAGE/TAG/manifest.json` or `list.manifest.json`; never to layers), and is read
//! from all files of the image that have this very SHA-256. Beside each mark stands a note that says which digest it is
//! about: a property that stayed behind when its tag was pushed anew does not count for the new image.

mod api;
mod aql;
mod files;
mod location;
mod login;
mod note;
mod promote;

use std::collections::{BTreeMap, HashMap};

use http::StatusCode;
use registry::{Digest, Manifest, Registries, Remote, Tag, Which};
use serde_json::{Map, Value as Json, json};

use crate::args::{Choice, MarksArgs};
use crate::backend::{Image, Subject, Written};
use crate::{Assignment, Error, Key, Mark, Provenance, Record, State, Step, unmet};

use api::Api;
use aql::Item;
use location::Place;

pub(crate) use files::Files;

/// The marks of one image name in Artifactory.
#[derive(Debug)]
pub(crate) struct Artifactory {
    remote: Remote,
    api: Api,
    place: Place,
    /// What the first request said, so that it is not asked twice.
    first: Option<(Which, Subject)>,
    /// Was the repository asked for a tag, and had none?
    vacant: bool,
}

/// What asking a registry about itself brings.
pub(crate) enum Found {
    /// It is Artifactory.
    Here(Box<Artifactory>),
    /// It is something else.
    Another,
    /// The repository has no image that could be asked about.
    Unknown,
}

/// Refuses keys that mean something to Artifactory.
pub(crate) fn check<'a>(steps: impl IntoIterator<Item = &'a Step>) -> Result<(), Error> {
    for Step { key, .. } in steps {
        if let Some(owner) = note::owner(key.as_str()) {
            return Err(Error::Reserved { key: key.clone(), owner });
        }
    }
    Ok(())
}

impl Artifactory {
    /// Asks the registry whether it is Artifactory, and where its files of this image are.
    pub(crate) async fn find(
        remote: Remote,
        (host, path): (&str, &str),
        which: Option<&Which>,
        registries: &Registries,
        args: &MarksArgs,
    ) -> Result<Found, Error> {
        let which = match which {
            Some(which) => Some(which.clone()),
            None => any_tag(&remote).await?.map(Which::Tag),
        };
        let asked = which.is_some();
        let mut told = None;
        let mut first = None;
        if let Some(which) = which {
            let head = remote.head(&which).await?;
            told = head.artifactory_repository;
            first = head
                .digest
                .map(|digest| (which, Subject { digest, media_type: head.media_type, size: head.size }));
        }
        let explicit = args.repo_key.as_deref();
        if told.is_none() && (explicit.is_none() || args.keeping.backend == Choice::Auto) {
            return Ok(if asked { Found::Another } else { Found::Unknown });
        }
        let Some(key) = explicit.or(told.as_deref()) else { return Ok(Found::Another) };
        let api = Api::new(host, path, key, registries, args)?;
        let place = Place::find(host, path, key, explicit.is_some(), &api).await?;
        tracing::debug!("the files of {host}/{path} are in {}/{}, by {}", place.key, place.image, api.url());
        Ok(Found::Here(Box::new(Self { remote, api, place, first, vacant: !asked })))
    }

    /// Was there no image when it was opened?
    pub(crate) fn is_vacant(&self) -> bool {
        self.vacant
    }

    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.place == other.place && self.api.url() == other.api.url()
    }

    pub(crate) async fn subject(&self, which: &Which) -> Result<Subject, Error> {
        if let Some((_, subject)) = self.first.as_ref().filter(|(known, _)| known == which) {
            return Ok(subject.clone());
        }
        let head = self.remote.head(which).await?;
        match head.digest {
            Some(digest) => Ok(Subject { digest, media_type: head.media_type, size: head.size }),
            None => Ok(Subject::of(&self.remote.manifest(which).await?)),
        }
    }

    pub(crate) async fn manifest(&self, which: &Which) -> Result<Manifest, Error> {
        Ok(self.remote.manifest(which).await?)
    }

    /// The files of this digest: one for each tag that leads to it, and one where it was pushed as part of an index.
    pub(crate) async fn files(&self, digest: &Digest) -> Result<Files, Error> {
        let action = format!("read the marks of {digest}");
        let query = self.place.manifests(&json!({ "sha256": digest.hex() }));
        let items = self.api.search(&query, &["sha256", "property"], &action).await?;
        let items = items.into_iter().filter(|item| self.place.holds(item) && item.is(digest)).collect();
        Ok(Files::new(digest.clone(), self.one_repository(items).await?))
    }

    /// Behind a virtual repository there may be several with the same image. What is written goes to one, and that one
    /// is read.
    async fn one_repository(&self, items: Vec<Item>) -> Result<Vec<Item>, Error> {
        let mut repositories: Vec<String> = items.iter().map(|item| item.repo.clone()).collect();
        repositories.sort();
        repositories.dedup();
        let cache = format!("{}-cache", self.place.key);
        let known = [&self.place.key, &cache].into_iter().find(|key| repositories.contains(key)).cloned();
        let meant = match (known, repositories.len()) {
            (Some(key), _) => key,
            (None, 0 | 1) => return Ok(items),
            (None, _) => {
                let deploys = self.api.repository(&self.place.key).await?.and_then(|known| known.deploys_to);
                match deploys.filter(|key| repositories.contains(key)) {
                    Some(key) => key,
                    None => return Err(Error::Ambiguous { key: self.place.key.clone(), repositories }),
                }
            }
        };
        Ok(items.into_iter().filter(|item| item.repo == meant).collect())
    }

    /// Carries out all steps on each file, and says of each step whether it was.
    pub(crate) async fn write(
        &self,
        subject: &Subject,
        steps: &[Step],
        files: &Files,
        created: &str,
        provenance: &Provenance,
    ) -> Vec<Written> {
        if files.items().is_empty() {
            let place = format!("{}/{}", self.place.key, self.place.image);
            let missing = Error::NoFile { digest: subject.digest.to_string(), place }.to_string();
            return steps.iter().map(|_| Err(missing.clone())).collect();
        }
        let mut results: Vec<Written> = steps.iter().map(|_| Ok(())).collect();
        for item in files.items() {
            let written = self.write_file(item, subject, steps, created, provenance).await;
            for (result, written) in results.iter_mut().zip(written) {
                if result.is_ok() {
                    *result = written;
                }
            }
        }
        results
    }

    async fn write_file(
        &self,
        item: &Item,
        subject: &Subject,
        steps: &[Step],
        created: &str,
        provenance: &Provenance,
    ) -> Vec<Written> {
        let mut changes: BTreeMap<String, Option<String>> = BTreeMap::new();
        for Step { key, state, by } in steps {
            let value = match state {
                State::Set { value } => Some(value.to_string()),
                State::Unset => None,
            };
            let note = note::write(&subject.digest, state, created, by.as_ref().unwrap_or(provenance));
            changes.insert(key.to_string(), value);
            changes.insert(note::key(key), Some(note));
        }
        let props: Map<String, Json> =
            changes.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let action = format!("mark {}", item.location());
        let refused = match self.api.patch(item, props, &action).await {
            Ok(()) => return steps.iter().map(|_| Ok(())).collect(),
            Err(error) => error,
        };
        let outdated = matches!(
            refused,
            Error::Api { status: StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, .. }
        );
        if !outdated {
            return steps.iter().map(|_| Err(refused.in_a_line())).collect();
        }
        tracing::debug!("{refused}; trying the older way");
        let mut results = Vec::new();
        for step in steps {
            let (key, note) = (step.key.to_string(), note::key(&step.key));
            let value = |name: &str| changes.get(name).cloned().flatten();
            let text = value(&note).unwrap_or_default();
            let written = match value(&key) {
                Some(value) if value.contains(';') => Err(Error::Semicolon { key: step.key.clone() }),
                Some(value) => self.api.set(item, &[(&key, &value), (&note, &text)], &action).await,
                None => match self.api.delete(item, &[&key], &action).await {
                    Ok(()) => self.api.set(item, &[(&note, &text)], &action).await,
                    refused => refused,
                },
            };
            results.push(written.map_err(|error| error.in_a_line()));
        }
        results
    }

    /// The digests of all files that have the property, whatever it says and whatever digest it was set for.
    pub(crate) async fn carriers(&self, key: &Key) -> Result<Vec<Digest>, Error> {
        let action = format!("look who carries {key} in {}", self.place.image);
        let query = self.place.manifests(&json!({ format!("@{key}"): { "$match": "*" } }));
        let items = self.api.search(&query, &["sha256"], &action).await?;
        Ok(items.iter().filter(|item| self.place.holds(item)).filter_map(Item::digest).collect())
    }

    /// The tagged images that carry all of these, by tag.
    pub(crate) async fn images(&self, wanted: &[Assignment]) -> Result<Vec<Image>, Error> {
        let action = format!("search {}", self.place.image);
        let criteria: Vec<_> =
            wanted.iter().map(|mark| json!({ format!("@{}", mark.key): mark.value })).collect();
        let query = self.place.manifests(&json!({ "$and": criteria }));
        let items = self.api.search(&query, &["sha256", "property"], &action).await?;
        let mine = items.iter().filter(|item| self.place.holds(item));
        let mut files: HashMap<Digest, Vec<Item>> =
            mine.filter_map(Item::digest).map(|digest| (digest, Vec::new())).collect();
        if files.is_empty() {
            return Ok(Vec::new());
        }
        // A tag that came later leads to a marked image all the same, and another tag may say something later of it.
        let all =
            self.api.search(&self.place.manifests(&json!({})), &["sha256", "property"], &action).await?;
        for item in all.into_iter().filter(|item| self.place.holds(item)) {
            if let Some(files) = item.digest().and_then(|digest| files.get_mut(&digest)) {
                files.push(item);
            }
        }
        let mut images = Vec::new();
        for (digest, items) in files {
            let files = Files::new(digest.clone(), items);
            let marks: Vec<Mark> = files.settled().iter().filter_map(Record::mark).collect();
            if !unmet(&marks, wanted).is_empty() {
                continue;
            }
            let tags = files.items().iter().filter_map(|item| self.place.folder(item)?.parse::<Tag>().ok());
            images.extend(tags.map(|tag| Image { tag, digest: digest.clone() }));
        }
        images.sort_by(|one, other| one.tag.cmp(&other.tag));
        images.dedup();
        Ok(images)
    }

    /// The keys that any file of this image name has, but for those of Artifactory itself.
    pub(crate) async fn keys(&self) -> Result<Vec<Key>, Error> {
        let action = format!("list the keys in use in {}", self.place.image);
        let items = self.api.search(&self.place.manifests(&json!({})), &["property"], &action).await?;
        let mine = items.iter().filter(|item| self.place.holds(item));
        let names = mine.flat_map(|item| item.properties.iter().map(|property| property.key.as_str()));
        Ok(names.filter(|name| note::owner(name).is_none()).filter_map(|name| name.parse().ok()).collect())
    }
}

/// Some tag of the repository, to ask about; none when it has no images.
async fn any_tag(remote: &Remote) -> Result<Option<Tag>, Error> {
    match remote.tags(Some(1)).await {
        Ok(tags) => Ok(tags.into_iter().next()),
        Err(registry::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
