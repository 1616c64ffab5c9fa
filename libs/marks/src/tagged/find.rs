//! Which images carry marks: the list of tags alone says which may, so that only those are looked at.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Store, Tag};

use super::{AT_ONCE, Tagged};
use crate::backend::Image;
use crate::{Assignment, Error, State, manifest};

/// Work that takes longer than a moment says how far it is, each time that many images are through.
const STAGE: usize = 500;

impl Tagged {
    /// The tagged images that carry all of these, by tag.
    pub(crate) async fn find(&self, wanted: &[Assignment]) -> Result<Vec<Image>, Error> {
        let (marks, images): (Vec<_>, Vec<_>) =
            self.tags().await?.into_iter().partition(|(tag, _)| manifest::is_about_another(tag));
        let holders = self.holders(marks, wanted).await?;
        if holders.is_empty() {
            return Ok(Vec::new());
        }
        let count = images.len();
        let resolved = stream::iter(images)
            .map(|(tag, digest)| self.resolve(tag, digest))
            .buffer_unordered(AT_ONCE)
            .enumerate()
            .map(|(done, image)| {
                // A directory is read in a moment.
                if (done + 1) % STAGE == 0 && matches!(self.store, Store::Remote(_)) {
                    tracing::info!("looked at {} of {count} tags", done + 1);
                }
                image
            });
        let resolved: Vec<_> = resolved.try_collect().await?;
        let mut found: Vec<_> =
            resolved.into_iter().flatten().filter(|image| holders.contains(&image.digest)).collect();
        found.sort_by(|one, other| one.tag.cmp(&other.tag));
        Ok(found)
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
        for (subject, kept) in self.read_all(candidates).await? {
            let record = kept.record;
            let holds = wanted.iter().any(|wanted| {
                wanted.key == record.key && record.state == State::Set { value: wanted.value.clone() }
            });
            *met.entry(subject).or_default() += usize::from(holds);
        }
        Ok(met.into_iter().filter(|(_, met)| *met == wanted.len()).map(|(subject, _)| subject).collect())
    }

    async fn resolve(&self, tag: Tag, digest: Option<Digest>) -> Result<Option<Image>, Error> {
        let digest = match (&self.store, digest) {
            (Store::Remote(_), None) => self.store.resolve(&tag).await?,
            (_, digest) => digest,
        };
        Ok(digest.map(|digest| Image { tag, digest }))
    }
}
