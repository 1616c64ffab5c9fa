//! Marks in a registry that keeps a list of what refers to an image (distribution-spec, "Listing Referrers").
//!
//! There each change is a manifest of its own, and the registry's list of them is the truth. Writers share nothing, and
//! nothing is ever deleted: the latest record of a key holds, and all of them are its history.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::PoisonError;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Referrer, Store, Tag, Which};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::find::Stages;
use super::{AT_ONCE, Tagged};
use crate::backend::Image;
use crate::manifest::{self, ARTIFACT_TYPE, Kept};
use crate::{Error, Key, Scheme, State};

/// Advice on a slip is worth so many requests: the marks of so many images are looked at for it.
const ADVICE: usize = 50;

impl Tagged {
    /// Everything that was ever written about an image, oldest first; none where each mark has its tag instead. What is
    /// no mark is an error where its key is one of the `asked`; where not, nobody knows what holds of its key.
    pub(super) async fn listed(
        &self,
        subject: &Digest,
        asked: Option<&[Key]>,
    ) -> Result<Option<Vec<Kept>>, Error> {
        let Store::Remote(remote) = &self.store else { return Ok(None) };
        if self.has_list.get() == Some(&false) || self.scheme == Scheme::Tags {
            return Ok(None);
        }
        let found = remote.own_referrers(subject, Some(ARTIFACT_TYPE)).await?;
        // A registry that keeps a list keeps one for every image.
        let has_list = *self.has_list.get_or_init(|| {
            tracing::debug!(
                "{}: the registry {} a list of referrers",
                self.name,
                if found.is_some() { "keeps" } else { "keeps no" }
            );
            found.is_some()
        });
        let Some(found) = found else {
            return match (has_list, self.scheme) {
                (false, Scheme::Auto) => Ok(None),
                _ => Err(Error::NoReferrers { repository: self.name.clone() }),
            };
        };
        let marks = found
            .of_type(ARTIFACT_TYPE)
            .list
            .into_iter()
            .map(|referrer| self.record(referrer, subject, asked));
        let read: Vec<_> = stream::iter(marks).buffer_unordered(AT_ONCE).try_collect().await?;
        let spoiled: HashSet<_> = read.iter().filter_map(|read| read.as_ref().err()?.clone()).collect();
        let mut records: Vec<Kept> = read.into_iter().flatten().collect();
        records.retain(|kept| !spoiled.contains(kept.record.key.as_str()));
        // What was written at the same moment is in the same order for everybody.
        records.sort_by_cached_key(|kept| (moment(kept), kept.digest.clone()));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.extend(records.iter().map(|kept| kept.record.key.clone()));
        drop(seen);
        Ok(Some(records))
    }

    /// Does the registry keep a list? Asked for any image at hand, unless it is known.
    pub(super) async fn has_list(&self, image: &Digest) -> Result<bool, Error> {
        match self.has_list.get() {
            Some(known) => Ok(*known),
            None => Ok(self.listed(image, Some(&[])).await?.is_some()),
        }
    }

    /// The list repeats the annotations; a registry that leaves them out is asked for the manifest. Of what is no mark
    /// it says the key, if there is one.
    async fn record(
        &self,
        referrer: Referrer,
        subject: &Digest,
        asked: Option<&[Key]>,
    ) -> Result<Result<Kept, Option<String>>, Error> {
        let digest = referrer.descriptor.digest;
        let what = format!("{}@{digest}", self.name);
        let (key, read) = if let Some(key) = manifest::told_key(&referrer.annotations) {
            (Some(key.to_owned()), manifest::read_annotations(&referrer.annotations, digest, &what))
        } else {
            let manifest = self.store.manifest(&Which::Digest(digest)).await?;
            let key = manifest::told_key(manifest.annotations()).map(str::to_owned);
            (key, manifest::read_any(&manifest, subject, &what))
        };
        let is_asked = |key: &str| asked.is_some_and(|asked| asked.iter().any(|asked| asked.as_str() == key));
        match read {
            Err(error @ Error::NotAMark { .. }) if !key.as_deref().is_some_and(is_asked) => {
                tracing::debug!("{error}");
                Ok(Err(key))
            }
            read => read.map(Ok),
        }
    }

    /// The images of the repository that have tags, each with its tags; and the first of them, to ask about.
    pub(super) async fn tagged_images(&self, tags: Vec<Tag>) -> Result<Vec<Image>, Error> {
        let stages = Stages::of(tags.len());
        let resolved = stream::iter(tags).map(|tag| self.resolve(tag, None)).buffer_unordered(AT_ONCE);
        let resolved = resolved.inspect(|_| stages.one_more());
        Ok(resolved.try_collect::<Vec<_>>().await?.into_iter().flatten().collect())
    }

    /// What holds of each of these images, with these keys in mind.
    pub(super) async fn latest_of(
        &self,
        images: &[Image],
        asked: &[Key],
    ) -> Result<HashMap<Digest, Vec<Kept>>, Error> {
        let digests: HashSet<Digest> = images.iter().map(|image| image.digest.clone()).collect();
        let work = digests.into_iter().map(|digest| async move {
            let records = self.listed(&digest, Some(asked)).await?.unwrap_or_default();
            Ok::<_, Error>((digest, latest(records)))
        });
        stream::iter(work).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// The images with tags that carry a key. What no tag leads to cannot be found in such a registry.
    pub(super) async fn listed_carriers(&self, tags: Vec<Tag>, key: &Key) -> Result<Vec<Digest>, Error> {
        let images = self.tagged_images(tags).await?;
        let known = self.latest_of(&images, std::slice::from_ref(key)).await?.into_iter();
        let carries = |kept: &Kept| kept.record.key == *key && matches!(kept.record.state, State::Set { .. });
        Ok(known.filter(|(_, kept)| kept.iter().any(carries)).map(|(digest, _)| digest).collect())
    }

    /// The keys that were seen, and those of some more images.
    pub(super) async fn listed_keys(&self, mut tags: Vec<Tag>) -> Result<Vec<Key>, Error> {
        tags.truncate(ADVICE);
        let images = self.tagged_images(tags).await?;
        self.latest_of(&images, &[]).await?;
        let seen: BTreeSet<Key> = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(seen.into_iter().collect())
    }
}

/// The last record of each key, of records in the order of time.
pub(super) fn latest(records: Vec<Kept>) -> Vec<Kept> {
    let by_key: BTreeMap<Key, Kept> =
        records.into_iter().map(|kept| (kept.record.key.clone(), kept)).collect();
    by_key.into_values().collect()
}

fn moment(kept: &Kept) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(kept.record.created.as_deref()?, &Rfc3339).ok()
}
