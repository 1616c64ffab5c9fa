//! Which images carry marks: the list of tags alone says which may, so that only those are looked at.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Store, Tag};

use super::{AT_ONCE, Tagged};
use crate::backend::Image;
use crate::manifest::Kept;
use crate::{Assignment, Error, Key, State, manifest};

/// Work that takes longer than a moment says how far it is, each time that many images are through.
const STAGE: usize = 500;

/// Tells from time to time how many of many are through.
pub(super) struct Stages {
    done: AtomicUsize,
    count: usize,
}

impl Stages {
    pub(super) fn of(count: usize) -> Self {
        Self { done: AtomicUsize::new(0), count }
    }

    pub(super) fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(STAGE) {
            tracing::info!("looked at {done} of {} tags", self.count);
        }
    }
}

impl Tagged {
    /// The tagged images that carry all of these, by tag.
    pub(crate) async fn find(&self, wanted: &[Assignment]) -> Result<Vec<Image>, Error> {
        let tags = self.tags().await?;
        let mut found = match self.listed_images(&tags).await? {
            Some(images) => self.find_listed(images, wanted).await?,
            None => self.find_tagged(tags, wanted).await?,
        };
        found.sort_by(|one, other| one.tag.cmp(&other.tag));
        Ok(found)
    }

    /// Two requests an image: where its tag leads, and what is listed there.
    async fn find_listed(&self, tags: Vec<Tag>, wanted: &[Assignment]) -> Result<Vec<Image>, Error> {
        let images = self.tagged_images(tags).await?;
        let keys: Vec<Key> = wanted.iter().map(|wanted| wanted.key.clone()).collect();
        let known = self.latest_of(&images, &keys).await?;
        let carries = |image: &Image| {
            let records = known.get(&image.digest).map(Vec::as_slice).unwrap_or_default();
            wanted.iter().all(|wanted| records.iter().any(|kept| meets(kept, wanted)))
        };
        Ok(images.into_iter().filter(carries).collect())
    }

    /// A request for each mark of an image that has tags of all of them, and one for each tag of an image.
    async fn find_tagged(
        &self,
        tags: Vec<(Tag, Option<Digest>)>,
        wanted: &[Assignment],
    ) -> Result<Vec<Image>, Error> {
        let (marks, images): (Vec<_>, Vec<_>) = tags.into_iter().partition(|(tag, _)| tag.is_about_another());
        let holders = self.holders(marks, wanted).await?;
        if holders.is_empty() {
            return Ok(Vec::new());
        }
        let stages = Stages::of(images.len());
        let resolved = stream::iter(images)
            .map(|(tag, digest)| self.resolve(tag, digest))
            .buffer_unordered(AT_ONCE)
            .inspect(|_| {
                // A directory is read in a moment.
                if matches!(self.store, Store::Remote(_)) {
                    stages.one_more();
                }
            });
        let resolved: Vec<_> = resolved.try_collect().await?;
        Ok(resolved.into_iter().flatten().filter(|image| holders.contains(&image.digest)).collect())
    }

    /// The images that carry all of these, tagged or not.
    async fn holders(
        &self,
        marks: Vec<(Tag, Option<Digest>)>,
        wanted: &[Assignment],
    ) -> Result<HashSet<Digest>, Error> {
        let mut tags: HashMap<Digest, Vec<_>> = HashMap::new();
        for (tag, digest) in marks {
            if let Some((subject, key)) = manifest::read_tag(&tag)
                && wanted.iter().any(|wanted| wanted.key == key)
            {
                tags.entry(subject).or_default().push((tag, digest));
            }
        }
        let candidates = tags.into_values().filter(|tags| tags.len() == wanted.len()).flatten().collect();
        let mut met: HashMap<Digest, usize> = HashMap::new();
        for (subject, kept) in self.read_all(candidates, true).await? {
            let holds = wanted.iter().any(|wanted| meets(&kept, wanted));
            *met.entry(subject).or_default() += usize::from(holds);
        }
        Ok(met.into_iter().filter(|(_, met)| *met == wanted.len()).map(|(subject, _)| subject).collect())
    }

    pub(super) async fn resolve(&self, tag: Tag, digest: Option<Digest>) -> Result<Option<Image>, Error> {
        let digest = match (&self.store, digest) {
            (Store::Remote(_), None) => self.store.resolve(&tag).await?,
            (_, digest) => digest,
        };
        Ok(digest.map(|digest| Image { tag, digest }))
    }
}

fn meets(kept: &Kept, wanted: &Assignment) -> bool {
    wanted.key == kept.record.key && kept.record.state == State::Set { value: wanted.value.clone() }
}
