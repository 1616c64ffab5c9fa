//! What is said about an image by others: signatures, bills of materials, marks; and what is said about those.

use std::collections::{HashMap, HashSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use registry::{Digest, Error, Manifest, Store, Tag, Which};

use crate::shelf::Shelf;
use crate::tree::Tree;

/// A signature of a signature of a bill of materials makes sense; much more is a trap.
const DEEPEST: usize = 8;

/// A manifest that is about another one, with everything it consists of.
#[derive(Debug)]
pub(crate) struct Artifact {
    pub(crate) tree: Tree,
    /// Its tags that say what it is about.
    pub(crate) tags: Vec<Tag>,
}

/// Everything that is about the manifests of an image, each once.
#[derive(Debug, Default)]
pub(crate) struct Attached {
    /// What is about the image first, then what is about that, and so on.
    pub(crate) rounds: Vec<Vec<Artifact>>,
}

/// Where something was found that is about a manifest.
enum Trace {
    /// In the list of what refers to this digest.
    Referrer { digest: Digest, subject: Digest },
    /// Under a tag that names what it is about.
    Tag(Tag),
}

impl Artifact {
    /// The manifest itself.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.tree.root
    }

    /// What it says itself that it is about.
    pub(crate) fn subject(&self) -> Option<&Digest> {
        self.tree.root.subject().map(|subject| &subject.digest)
    }
}

impl Attached {
    /// Finds what is about these manifests, at most `jobs` requests at a time. What is listed and not there, or is
    /// about something else, is left out with a warning: anybody may write into a list that clients keep.
    ///
    /// # Errors
    /// When the store cannot say, or something cannot be read.
    pub(crate) async fn find(store: &Store, image: &Tree, jobs: usize) -> Result<Self, Error> {
        let shelf = Shelf::open(store, image.root.digest()).await?;
        let mut attached = Self::default();
        let mut known = HashMap::new();
        let mut unasked: Vec<Digest> = digests(image).collect();
        let mut asked: HashSet<_> = unasked.iter().cloned().collect();
        while !unasked.is_empty() {
            let work = unasked.iter().map(|digest| traces(&shelf, digest));
            let traces: Vec<Vec<Trace>> = stream::iter(work).buffered(jobs).try_collect().await?;
            let reads = traces.into_iter().flatten().map(|trace| read(store, trace));
            let found: Vec<_> = stream::iter(reads).buffered(jobs).try_collect().await?;
            attached.take_up(found.into_iter().flatten(), &mut known);
            let newest = attached.rounds.last().into_iter().flatten();
            let below: Vec<Digest> = newest.flat_map(|artifact| digests(&artifact.tree)).collect();
            unasked = below.into_iter().filter(|digest| asked.insert(digest.clone())).collect();
            if attached.rounds.len() > DEEPEST {
                let reason = format!("what refers to it is referred to more than {DEEPEST} times over");
                return Err(Error::Manifest { what: image.root.digest().to_string(), reason });
            }
        }
        attached.rounds.retain(|round| !round.is_empty());
        let trees = attached.rounds.iter_mut().flatten().map(|artifact| async move {
            let root = artifact.tree.root.clone();
            artifact.tree = Tree::read(store, root, jobs).await?;
            Ok::<_, Error>(())
        });
        stream::iter(trees).buffer_unordered(jobs).try_collect::<Vec<()>>().await?;
        Ok(attached)
    }

    /// Sorts in what was found: a round more, and tags for what was known already.
    fn take_up(
        &mut self,
        found: impl Iterator<Item = (Manifest, Option<Tag>)>,
        known: &mut HashMap<Digest, (usize, usize)>,
    ) {
        let round = self.rounds.len();
        self.rounds.push(Vec::new());
        for (manifest, tag) in found {
            let at = known.entry(manifest.digest().clone()).or_insert_with(|| {
                let tree = Tree { root: manifest, levels: Vec::new() };
                self.rounds[round].push(Artifact { tree, tags: Vec::new() });
                (round, self.rounds[round].len() - 1)
            });
            let tags = &mut self.rounds[at.0][at.1].tags;
            tags.extend(tag.filter(|tag| !tags.contains(tag)));
        }
    }

    /// Leaves out what is of this type, because it goes another way.
    pub(crate) fn leave_out(&mut self, artifact_type: &str) {
        for round in &mut self.rounds {
            round.retain(|artifact| artifact.manifest().artifact_type() != Some(artifact_type));
        }
    }

    /// All of it, what is about the image itself first.
    pub(crate) fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.rounds.iter().flatten()
    }
}

fn digests(tree: &Tree) -> impl Iterator<Item = Digest> {
    tree.manifests().map(|manifest| manifest.digest().clone())
}

async fn traces(shelf: &Shelf, digest: &Digest) -> Result<Vec<Trace>, Error> {
    let referrers = shelf.referrers(digest).await?.list.into_iter();
    let referrers = referrers
        .map(|referrer| Trace::Referrer { digest: referrer.descriptor.digest, subject: digest.clone() });
    Ok(referrers.chain(shelf.tags(digest).cloned().map(Trace::Tag)).collect())
}

async fn read(store: &Store, trace: Trace) -> Result<Option<(Manifest, Option<Tag>)>, Error> {
    let which = match &trace {
        Trace::Referrer { digest, .. } => Which::Digest(digest.clone()),
        Trace::Tag(tag) => Which::Tag(tag.clone()),
    };
    let manifest = match store.manifest(&which).await {
        Err(Error::NotFound { what }) => {
            tracing::warn!("{what} is listed and is not there; it is left out");
            return Ok(None);
        }
        result => result?,
    };
    match trace {
        Trace::Tag(tag) => Ok(Some((manifest, Some(tag)))),
        Trace::Referrer { subject, .. } => {
            let about = manifest.subject().map(|subject| &subject.digest);
            if about != Some(&subject) {
                let digest = manifest.digest();
                tracing::warn!("{digest} is listed as a referrer of {subject} and is none; it is left out");
                return Ok(None);
            }
            Ok(Some((manifest, None)))
        }
    }
}
