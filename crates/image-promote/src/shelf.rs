//! What a repository knows about its images besides themselves: who refers to them, and which tags are about them.

use std::collections::HashMap;

use futures_util::future::join;
use registry::{Digest, Error, Keeping, Referrers, Store, Tag};

/// The tags and the referrers of a repository. The tags are read once, and where the registry keeps no list of referrers
/// they say for which images clients have: nothing is asked that can only be answered with no.
#[derive(Debug)]
pub(crate) struct Shelf {
    store: Store,
    /// By the stem `sha256-<hex>`: the suffixes, the empty one for the list of referrers.
    tags: HashMap<String, Vec<Tag>>,
    /// The answer for the image that was asked about first.
    first: (Digest, Option<Referrers>),
}

impl Shelf {
    /// Lists the tags of a repository, and asks it for the referrers of one image, which says how it keeps them.
    ///
    /// # Errors
    /// When the store cannot say. A repository that is not there yet has nothing.
    pub(crate) async fn open(store: &Store, first: &Digest) -> Result<Self, Error> {
        let (tags, own) = join(tags(store), own(store, first)).await;
        let mut by_stem: HashMap<String, Vec<Tag>> = HashMap::new();
        for tag in tags? {
            let stem = tag.as_str().split('.').next().unwrap_or_default();
            if stem.starts_with("sha256-") || stem.starts_with("sha512-") {
                by_stem.entry(stem.to_owned()).or_default().push(tag);
            }
        }
        Ok(Self { store: store.clone(), tags: by_stem, first: (first.clone(), own?) })
    }

    /// The tags that are about this digest: cosign's `sha256-<hex>.sig` and the like, and marks.
    pub(crate) fn tags(&self, digest: &Digest) -> impl Iterator<Item = &Tag> {
        let stem = digest.tag_stem();
        let length = stem.len();
        self.tags.get(&stem).into_iter().flatten().filter(move |tag| tag.as_str().len() > length + 1)
    }

    /// Is there this tag?
    pub(crate) fn has_tag(&self, tag: &Tag) -> bool {
        let stem = tag.as_str().split('.').next().unwrap_or_default();
        self.tags.get(stem).is_some_and(|tags| tags.contains(tag))
    }

    /// What refers to this digest: what the store itself knows, and what clients have noted.
    ///
    /// # Errors
    /// When the store cannot say.
    pub(crate) async fn referrers(&self, digest: &Digest) -> Result<Referrers, Error> {
        let own = match &self.first {
            (first, own) if first == digest => own.clone(),
            // A registry that keeps no list for one image keeps none for any.
            (_, None) => None,
            (_, Some(_)) => own(&self.store, digest).await?,
        };
        let stem = digest.tag_stem();
        let noted = self.tags.get(&stem).is_some_and(|tags| tags.iter().any(|tag| tag.as_str() == stem));
        let noted = match &self.store {
            Store::Remote(remote) if noted => Some(remote.tagged_referrers(digest).await?),
            _ => None,
        };
        Ok(match (own, noted) {
            // A registry that has learned to keep a list may not have read what was noted before.
            (Some(mut own), Some(noted)) => {
                own.add(noted.list);
                own
            }
            (Some(referrers), None) | (None, Some(referrers)) => referrers,
            (None, None) => Referrers { list: Vec::new(), keeping: Keeping::Clients },
        })
    }
}

async fn tags(store: &Store) -> Result<Vec<Tag>, Error> {
    match store {
        Store::Layout(layout) if layout.is_vacant()? => Ok(Vec::new()),
        store => match store.tags().await {
            Err(Error::NotFound { .. }) => Ok(Vec::new()),
            result => result,
        },
    }
}

async fn own(store: &Store, digest: &Digest) -> Result<Option<Referrers>, Error> {
    match store {
        Store::Remote(remote) => remote.own_referrers(digest, None).await,
        Store::Layout(layout) if layout.is_vacant()? => {
            Ok(Some(Referrers { list: Vec::new(), keeping: Keeping::Store }))
        }
        Store::Layout(layout) => layout.referrers(digest).map(Some),
    }
}
