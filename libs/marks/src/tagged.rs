//! Marks beside the images they are about: in the registry's own list of referrers where it keeps one ([`listed`]),
//! elsewhere and in layout directories one tag per mark, `sha256-<hex>.<key>`.
//!
//! Setting a mark is one atomic write of one tag, so that no two marks share anything that could be lost. A tag always
//! leads to the latest record of its key; unsetting writes one that says so, which works where nothing may be deleted.
//! Each record names the one it took the place of, and that chain is the history.

mod find;
mod listed;

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use contract::clock;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Layout, Listed, Manifest, Store, Tag, Which};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::backend::{Subject, Written};
use crate::manifest::{self, EMPTY, Kept};
use crate::{Error, Key, Provenance, Record, Scheme, State, Step};

/// How many manifests are asked for at once. The HTTP client keeps its own, lower limit for each server.
const AT_ONCE: usize = 16;

/// How often a mark is written whose content the registry misses.
const ATTEMPTS: u32 = 6;
/// About how long to wait before the second attempt; it grows with each.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// The marks of one repository, or of one layout directory.
#[derive(Debug)]
pub(crate) struct Tagged {
    store: Store,
    name: String,
    scheme: Scheme,
    /// Does the registry keep a list of referrers? It is asked once.
    has_list: OnceLock<bool>,
    /// The keys that were met in such lists.
    seen: Mutex<BTreeSet<Key>>,
}

/// While this is held, nobody else changes marks in a layout directory. Registries have no such thing.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "the lock goes when the file is closed")] Option<File>);

impl Tagged {
    pub(crate) fn new(store: Store, name: String, scheme: Scheme) -> Self {
        Self { store, name, scheme, has_list: OnceLock::new(), seen: Mutex::default() }
    }

    /// Reading, deciding and writing have to be one step, or one of two writers of a key would name as its predecessor
    /// what was not.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let Store::Layout(layout) = &self.store else { return Ok(Lock(None)) };
        // Not `oci-layout`, which is locked below for each change of the index.
        let path = layout.directory().join("blobs");
        let refused = |action, source| registry::Error::File { action, path: path.clone(), source };
        let file = File::open(&path).map_err(|source| refused("open", source))?;
        file.lock().map_err(|source| refused("lock", source))?;
        Ok(Lock(Some(file)))
    }

    pub(crate) async fn manifest(&self, which: &Which) -> Result<Manifest, Error> {
        Ok(self.store.manifest(which).await?)
    }

    /// The records of an image, by key: of these keys, or of all.
    pub(crate) async fn records(&self, subject: &Digest, keys: Option<&[Key]>) -> Result<Vec<Kept>, Error> {
        if let Some(mut records) = self.listed(subject, keys).await?.map(listed::latest) {
            records.retain(|kept| keys.is_none_or(|keys| keys.contains(&kept.record.key)));
            return Ok(records);
        }
        let mut wanted = Vec::new();
        match keys {
            // Asked for one by one, a registry need not list its thousands of tags.
            Some(keys) if matches!(self.store, Store::Remote(_)) => {
                for key in keys {
                    wanted.push((manifest::tag(subject, key)?, None));
                }
            }
            _ => {
                let of_subject = |(tag, _): &(Tag, _)| {
                    manifest::read_tag(tag).is_some_and(|(digest, key)| {
                        digest == *subject && keys.is_none_or(|keys| keys.contains(&key))
                    })
                };
                wanted.extend(self.tags_if_any().await?.into_iter().filter(of_subject));
            }
        }
        let mut records: Vec<Kept> =
            self.read_all(wanted, keys.is_some()).await?.into_iter().map(|(_, kept)| kept).collect();
        records.sort_by(|one, other| one.record.key.cmp(&other.record.key));
        Ok(records)
    }

    /// Carries out steps one by one, and says of each whether it was.
    pub(crate) async fn write(
        &self,
        subject: &Subject,
        steps: &[Step],
        known: &[Kept],
        provenance: &Provenance,
    ) -> Vec<Written> {
        let mut results = Vec::new();
        for step in steps {
            let known = known.iter().find(|kept| kept.record.key == step.key);
            let written = self.write_one(subject, step, known, provenance).await;
            results.push(written.map_err(|error| error.in_a_line()));
        }
        results
    }

    /// The empty content first, then the manifest, its name last. Where the registry keeps a list, that is all. A list
    /// that clients keep is for other tools: it can lose entries, and nothing here is ever read from it.
    async fn write_one(
        &self,
        subject: &Subject,
        step: &Step,
        known: Option<&Kept>,
        provenance: &Provenance,
    ) -> Result<(), Error> {
        let created = after(known.and_then(|kept| kept.record.created.as_deref()));
        let Step { key, state, by } = step.clone();
        let tag = manifest::tag(&subject.digest, &key)?;
        let record = Record {
            key,
            state,
            created: Some(created),
            provenance: by.unwrap_or_else(|| provenance.clone()),
        };
        let manifest = manifest::write(subject, &record, known.map(|kept| &kept.digest))?;
        let has_list = self.has_list(&subject.digest).await?;
        let which = if has_list { Which::Digest(manifest.digest().clone()) } else { Which::Tag(tag) };
        let mut attempt = 1;
        let written = loop {
            self.store.put_bytes(EMPTY).await?;
            match self.store.put_manifest(&manifest, &which).await {
                // All marks share the empty content. While the first writers of a repository upload it at the same time,
                // docker-registry says that it has it and then that it has not.
                Err(error) if error.is_about_missing_content() && attempt < ATTEMPTS => {
                    tracing::debug!("{error}; trying again");
                    tokio::time::sleep(PAUSE.mul_f64(f64::from(attempt) * (0.5 + fastrand::f64()))).await;
                    attempt += 1;
                }
                result => break result?,
            }
        };
        if !has_list && !written.listed {
            match self.store.list_referrers(&subject.digest, &[manifest]).await {
                Ok(Listed::Nowhere { reason }) => tracing::debug!("{reason}"),
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!("other tools will not see {which} among the referrers: {error}")
                }
            }
        }
        Ok(())
    }

    /// All images that carry a key, whatever its value, tagged or not.
    pub(crate) async fn carriers(&self, key: &Key) -> Result<Vec<Digest>, Error> {
        let keeps = |(tag, _): &(Tag, _)| manifest::read_tag(tag).is_some_and(|(_, known)| known == *key);
        let tags = self.tags_if_any().await?;
        if let Some(images) = self.listed_images(&tags).await? {
            return self.listed_carriers(images, key).await;
        }
        let tags = tags.into_iter().filter(keeps).collect();
        let records = self.read_all(tags, true).await?.into_iter();
        let set = records.filter(|(_, kept)| matches!(kept.record.state, State::Set { .. }));
        Ok(set.map(|(subject, _)| subject).collect())
    }

    /// All keys that were ever set on an image of this repository; in a registry with lists, those of some images.
    pub(crate) async fn keys(&self) -> Result<Vec<Key>, Error> {
        let tags = self.tags_if_any().await?;
        if let Some(images) = self.listed_images(&tags).await? {
            return self.listed_keys(images).await;
        }
        let keys = tags.into_iter().filter_map(|(tag, _)| Some(manifest::read_tag(&tag)?.1));
        Ok(keys.collect())
    }

    /// What was done to the keys of an image, and whether that is all of it: a registry may have collected what no tag
    /// leads to.
    pub(crate) async fn history(&self, subject: &Digest) -> Result<(Vec<Record>, bool), Error> {
        if let Some(records) = self.listed(subject, None).await? {
            return Ok((records.into_iter().map(|kept| kept.record).collect(), true));
        }
        let (mut records, mut complete) = (Vec::new(), true);
        for latest in self.records(subject, None).await? {
            let mut seen = HashSet::new();
            let mut kept = Some(latest);
            while let Some(Kept { record, previous, .. }) = kept {
                let key = record.key.clone();
                records.push(record);
                let before = previous.filter(|digest| seen.insert(digest.clone()));
                kept = match before {
                    None => None,
                    Some(digest) => match self.read(&digest, subject, &key).await {
                        Ok(kept) => Some(kept),
                        Err(Error::Registry(registry::Error::NotFound { .. })) => {
                            complete = false;
                            None
                        }
                        Err(error) => return Err(error),
                    },
                };
            }
        }
        Ok((records, complete))
    }

    /// The tags of images, if the registry keeps a list of referrers. Which it does is asked about the first of them.
    async fn listed_images(&self, tags: &[(Tag, Option<Digest>)]) -> Result<Option<Vec<Tag>>, Error> {
        if matches!(self.store, Store::Layout(_)) || self.scheme == Scheme::Tags {
            return Ok(None);
        }
        let images: Vec<&Tag> =
            tags.iter().map(|(tag, _)| tag).filter(|tag| !tag.is_about_another()).collect();
        let known = match self.has_list.get() {
            Some(known) => Some(*known),
            None => match images.first() {
                Some(first) => match self.store.resolve(first).await? {
                    Some(digest) => Some(self.has_list(&digest).await?),
                    None => None,
                },
                None => None,
            },
        };
        // Without images there is nobody to ask about, and a list of none is as good as no list.
        Ok(known.unwrap_or_default().then(|| images.into_iter().cloned().collect()))
    }

    /// The tags; a layout knows where they lead.
    async fn tags(&self) -> Result<Vec<(Tag, Option<Digest>)>, Error> {
        match &self.store {
            Store::Layout(layout) => {
                let tags = layout.tags()?.into_iter();
                Ok(tags.map(|(tag, digest)| (tag, Some(digest))).collect())
            }
            remote @ Store::Remote(_) => {
                Ok(remote.tags().await?.into_iter().map(|tag| (tag, None)).collect())
            }
        }
    }

    /// The same where an image of the repository is known: registries deny repositories in which nothing has a tag.
    async fn tags_if_any(&self) -> Result<Vec<(Tag, Option<Digest>)>, Error> {
        match self.tags().await {
            Err(error) if error.is_about_absence() => Ok(Vec::new()),
            result => result,
        }
    }

    /// Makes sure that there is such a repository.
    pub(crate) async fn ensure(&self) -> Result<(), Error> {
        match &self.store {
            Store::Layout(layout) => layout.tags().map(drop)?,
            Store::Remote(remote) => remote.tags(Some(1)).await.map(drop)?,
        }
        Ok(())
    }

    /// The records that these tags keep, with the images they are about. A tag that went away meanwhile keeps none.
    /// What the tags hold. What is no mark is an error where its key was `asked` for, and somebody else's business where not.
    async fn read_all(
        &self,
        tags: Vec<(Tag, Option<Digest>)>,
        asked: bool,
    ) -> Result<Vec<(Digest, Kept)>, Error> {
        let read = tags.into_iter().filter_map(|(tag, digest)| {
            let (subject, key) = manifest::read_tag(&tag)?;
            let which = digest.map_or(Which::Tag(tag), Which::Digest);
            Some(async move {
                match self.read_which(&which, &subject, &key).await {
                    Ok(kept) => Ok(Some((subject, kept))),
                    Err(Error::Registry(registry::Error::NotFound { .. })) => Ok(None),
                    Err(error @ Error::NotAMark { .. }) if !asked => {
                        tracing::debug!("{error}");
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            })
        });
        let read: Vec<_> = stream::iter(read).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    async fn read(&self, digest: &Digest, subject: &Digest, key: &Key) -> Result<Kept, Error> {
        self.read_which(&Which::Digest(digest.clone()), subject, key).await
    }

    async fn read_which(&self, which: &Which, subject: &Digest, key: &Key) -> Result<Kept, Error> {
        let what = format!("{}:{}", self.name, manifest::tag(subject, key)?);
        let manifest = match (&self.store, which) {
            (Store::Layout(layout), Which::Digest(digest)) => read_blob(layout, digest, &what)?,
            (store, which) => store.manifest(which).await?,
        };
        manifest::read(&manifest, subject, key, &what)
    }
}

/// A manifest of a layout whose digest is known. Asking for it by [`Layout::manifest`] would read the whole index anew
/// for each of thousands of marks.
fn read_blob(layout: &Layout, digest: &Digest, what: &str) -> Result<Manifest, Error> {
    let path = layout.directory().join("blobs").join(digest.algorithm()).join(digest.hex());
    let bytes = read_file(&path, what)?;
    if !digest.matches(&bytes) {
        let (expected, found) = (digest.clone(), Digest::of(&bytes));
        return Err(registry::Error::Digest { what: what.to_owned(), expected, found }.into());
    }
    Ok(Manifest::parse(bytes.into(), None, &what)?)
}

fn read_file(path: &Path, what: &str) -> Result<Vec<u8>, registry::Error> {
    fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => registry::Error::NotFound { what: what.to_owned() },
        _ => registry::Error::File { action: "read", path: path.to_owned(), source },
    })
}

/// The time now, or a moment after `previous`: the clocks of two runners differ, and later has to look later.
fn after(previous: Option<&str>) -> String {
    let now = clock::now();
    let previous = previous.and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    clock::rfc3339(match previous {
        Some(previous) if now <= previous => previous + Duration::milliseconds(1),
        _ => now,
    })
}
