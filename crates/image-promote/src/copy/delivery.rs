//! What is attached to an image on its way to one destination: decided before anything is written, then carried out
//! before the image's own tags are, so that who sees the image sees what is said about it.

use std::collections::{HashMap, HashSet};

use contract::Failure;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Error, Keeping, Listed, Manifest, Referrers, Store, Tag, Which};

use crate::attached::{Artifact, Attached};
use crate::shelf::Shelf;
use crate::transfer::{Tally, Transfer};
use crate::tree::blobs_of;

/// What has to be done for one artifact.
#[derive(Debug)]
struct Item<'a> {
    artifact: &'a Artifact,
    /// The destination has it, with all it consists of.
    there: bool,
    /// Who asks the destination for what refers to its subject finds it; so does who has no subject.
    listed: bool,
    /// Those that do not lead to it yet.
    tags: Vec<Tag>,
}

/// A tag about the image that leads to something else at the destination.
#[derive(Debug)]
pub(crate) struct Conflict {
    pub(crate) tag: Tag,
    pub(crate) found: Digest,
    pub(crate) wanted: Digest,
}

/// All that has to be done at one destination.
#[derive(Debug, Default)]
pub(crate) struct Delivery<'a> {
    /// In the order of [`Attached`].
    rounds: Vec<Vec<Item<'a>>>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// What was done, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// Artifacts written.
    pub(crate) copied: usize,
    /// Artifacts that were there already.
    pub(crate) skipped: usize,
    /// Tags of artifacts written.
    pub(crate) tags: usize,
    /// Artifacts that are there and that nobody can list there.
    pub(crate) unlisted: usize,
}

impl<'a> Delivery<'a> {
    /// Looks what the destination has. Nothing is written.
    ///
    /// # Errors
    /// When it cannot say.
    pub(crate) async fn plan(
        attached: &'a Attached,
        image: &Digest,
        to: &Store,
        jobs: usize,
    ) -> Result<Self, Error> {
        let mut delivery = Self::default();
        if attached.artifacts().next().is_none() {
            return Ok(delivery);
        }
        let shelf = Shelf::open(to, image).await?;
        let subjects: HashSet<_> = attached.artifacts().filter_map(Artifact::subject).collect();
        let lists = subjects.into_iter().map(|subject| {
            let list = shelf.referrers(subject);
            async move { Ok::<_, Error>((subject, list.await?)) }
        });
        let lists: HashMap<_, _> = stream::iter(lists).buffer_unordered(jobs).try_collect().await?;
        for round in &attached.rounds {
            let items = round.iter().map(|artifact| item(artifact, to, &shelf, &lists));
            let items: Vec<_> = stream::iter(items).buffered(jobs).try_collect().await?;
            let (items, conflicts): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            delivery.rounds.push(items);
            delivery.conflicts.extend(conflicts.into_iter().flatten());
        }
        Ok(delivery)
    }

    /// What [`Delivery::carry_out`] would do.
    ///
    /// # Errors
    /// When the destination cannot say what it has.
    pub(crate) async fn foresee(&self, transfer: &Transfer<'_>) -> Result<(Delivered, Tally), Error> {
        Ok((self.count(), transfer.foresee(self.blobs()).await?))
    }

    /// Writes what is missing: blobs, manifests, lists of referrers, tags. What others are about comes after what is
    /// about it, so that nothing is ever seen without what is said about it.
    ///
    /// # Errors
    /// The first thing that the destination does not take. The image's tags are then as they were.
    pub(crate) async fn carry_out(
        &self,
        transfer: &Transfer<'_>,
        image: &Manifest,
    ) -> Result<(Delivered, Tally), Failure> {
        let tally = transfer.blobs(self.blobs()).await?;
        let mut unlisted: Vec<(Digest, Vec<Manifest>)> = Vec::new();
        for round in self.rounds.iter().rev() {
            let work = round.iter().map(|item| Ok(write(item, transfer)));
            let work = stream::iter(work).try_buffer_unordered(transfer.jobs);
            for artifact in work.try_collect::<Vec<_>>().await?.into_iter().flatten() {
                let Some(subject) = artifact.subject() else { continue };
                match unlisted.iter_mut().find(|(known, _)| known == subject) {
                    Some((_, manifests)) => manifests.push(artifact.manifest().clone()),
                    None => unlisted.push((subject.clone(), vec![artifact.manifest().clone()])),
                }
            }
        }
        let mut delivered = self.count();
        delivered.unlisted = list(transfer, &unlisted, image).await?;
        for round in self.rounds.iter().rev() {
            let tags = round.iter().flat_map(|item| item.tags.iter().map(|tag| (item.artifact, tag)));
            let work = tags.map(|(artifact, tag)| async move {
                transfer.put(artifact.manifest(), &Which::Tag(tag.clone())).await.map(drop)
            });
            stream::iter(work).buffer_unordered(transfer.jobs).try_collect::<Vec<()>>().await?;
        }
        Ok((delivered, tally))
    }

    fn items(&self) -> impl Iterator<Item = &Item<'a>> {
        self.rounds.iter().flatten()
    }

    fn blobs(&self) -> Vec<registry::Descriptor> {
        let missing = self.items().filter(|item| !item.there);
        blobs_of(missing.flat_map(|item| item.artifact.tree.manifests()))
    }

    fn count(&self) -> Delivered {
        let skipped = self.items().filter(|item| item.there).count();
        Delivered {
            copied: self.items().count() - skipped,
            skipped,
            tags: self.items().map(|item| item.tags.len()).sum(),
            unlisted: 0,
        }
    }
}

/// What has to be done for an artifact, and which tags stand in the way.
async fn item<'a>(
    artifact: &'a Artifact,
    to: &Store,
    shelf: &Shelf,
    lists: &HashMap<&Digest, Referrers>,
) -> Result<(Item<'a>, Vec<Conflict>), Error> {
    let digest = artifact.manifest().digest();
    let list = artifact.subject().and_then(|subject| lists.get(subject));
    let listed =
        list.is_none_or(|list| list.list.iter().any(|referrer| referrer.descriptor.digest == *digest));
    let there = match to {
        Store::Layout(_) => is_whole(artifact, to).await?,
        // A registry does not list what it has not; a list that clients keep may be out of date.
        Store::Remote(_) if listed && list.is_some_and(|list| list.keeping == Keeping::Store) => true,
        Store::Remote(_) => to.has_manifest(digest).await?,
    };
    let mut item = Item { artifact, there, listed, tags: Vec::new() };
    let mut conflicts = Vec::new();
    for tag in &artifact.tags {
        let found = if shelf.has_tag(tag) { to.resolve(tag).await? } else { None };
        if found.as_ref() != Some(digest) {
            item.tags.push(tag.clone());
            conflicts.extend(found.map(|found| Conflict { tag: tag.clone(), found, wanted: digest.clone() }));
        }
    }
    Ok((item, conflicts))
}

/// In a directory looking at each file costs nothing.
async fn is_whole(artifact: &Artifact, to: &Store) -> Result<bool, Error> {
    for manifest in artifact.tree.manifests() {
        if !to.has_manifest(manifest.digest()).await? {
            return Ok(false);
        }
    }
    for blob in artifact.tree.blobs() {
        if !to.has_blob(&blob).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the manifests of an artifact, and returns it if it has to be listed.
async fn write<'a>(item: &Item<'a>, transfer: &Transfer<'_>) -> Result<Option<&'a Artifact>, Error> {
    let artifact = item.artifact;
    let mut listed = item.listed;
    if !item.there {
        for level in artifact.tree.levels.iter().rev() {
            transfer.manifests(level).await?;
        }
    }
    // A registry that has it and does not list it may have learned to keep a list since.
    if !item.there || !item.listed {
        let which = Which::Digest(artifact.manifest().digest().clone());
        let written = transfer.put(artifact.manifest(), &which).await?;
        listed |= written.listed;
    }
    Ok((!listed).then_some(artifact))
}

/// Lists what the destination does not list by itself, and says how many it can list nowhere.
async fn list(
    transfer: &Transfer<'_>,
    unlisted: &[(Digest, Vec<Manifest>)],
    image: &Manifest,
) -> Result<usize, Error> {
    if unlisted.iter().any(|(subject, _)| subject == image.digest()) {
        // Only where the subject is can be seen what the registry makes of its referrers tag.
        transfer.put(image, &Which::Digest(image.digest().clone())).await?;
    }
    // Last what is about the image itself.
    let work = unlisted.iter().map(|(subject, manifests)| async move {
        Ok::<_, Error>((transfer.to.list_referrers(subject, manifests).await?, manifests.len()))
    });
    let results: Vec<_> = stream::iter(work).buffered(transfer.jobs).try_collect().await?;
    let mut lost = 0;
    for (listed, count) in results {
        if let Listed::Nowhere { reason } = listed {
            if lost == 0 {
                tracing::warn!("{reason}; what has no tag of its own is found by its digest only");
            }
            lost += count;
        }
    }
    Ok(lost)
}
