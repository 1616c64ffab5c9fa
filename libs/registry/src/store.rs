//! A repository of either kind, with the same verbs.

use crate::{
    Blob, Descriptor, Digest, Error, Layout, Listed, Manifest, Referrers, Remote, Tag, Which, Written,
};

/// A repository of a registry, or a layout directory.
#[derive(Clone, Debug)]
pub enum Store {
    /// A repository of a registry.
    Remote(Remote),
    /// An OCI image layout directory.
    Layout(Layout),
}

impl Store {
    /// Reads a manifest or index, and checks that it is what its digest says.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there.
    pub async fn manifest(&self, which: &Which) -> Result<Manifest, Error> {
        match self {
            Self::Remote(remote) => remote.manifest(which).await,
            Self::Layout(layout) => layout.manifest(which),
        }
    }

    /// The digest a tag leads to, or none when there is no such tag.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, Error> {
        match self {
            Self::Remote(remote) => remote.resolve(tag).await,
            Self::Layout(layout) => layout.resolve(tag),
        }
    }

    /// All tags, in the store's own order.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such repository, [`Error::Layout`] when there is no such layout.
    pub async fn tags(&self) -> Result<Vec<Tag>, Error> {
        match self {
            Self::Remote(remote) => remote.tags(None).await,
            Self::Layout(layout) => Ok(layout.tags()?.into_iter().map(|(tag, _)| tag).collect()),
        }
    }

    /// The same; what `cache` has and a registry has not changed is not sent again.
    ///
    /// # Errors
    /// As [`Store::tags`].
    pub async fn tags_through(&self, cache: Option<&http::Cache>) -> Result<Vec<Tag>, Error> {
        match (self, cache) {
            (Self::Remote(remote), Some(cache)) => remote.tags_through(cache).await,
            _ => self.tags().await,
        }
    }

    /// Everything that refers to this digest. [`Referrers::of_type`] keeps what is of one type.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn referrers(&self, subject: &Digest) -> Result<Referrers, Error> {
        match self {
            Self::Remote(remote) => remote.referrers(subject).await,
            Self::Layout(layout) => layout.referrers(subject),
        }
    }

    /// Makes sure that the store can be written to, as far as that takes no request.
    ///
    /// # Errors
    /// When a directory holds something else than a layout.
    pub fn prepare(&self) -> Result<(), Error> {
        match self {
            Self::Remote(_) => Ok(()),
            Self::Layout(layout) => layout.create(),
        }
    }

    /// Is the manifest or index with this digest there?
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn has_manifest(&self, digest: &Digest) -> Result<bool, Error> {
        match self {
            Self::Remote(remote) => remote.has_manifest(digest).await,
            Self::Layout(layout) => Ok(layout.has_manifest(digest)),
        }
    }

    /// Is this blob there?
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        match self {
            Self::Remote(remote) => remote.has_blob(&descriptor.digest).await,
            Self::Layout(layout) => Ok(layout.has_blob(descriptor)),
        }
    }

    /// Begins to read a blob.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        match self {
            Self::Remote(remote) => remote.blob(descriptor).await,
            Self::Layout(layout) => layout.blob(descriptor),
        }
    }

    /// Writes a blob.
    ///
    /// # Errors
    /// When its content is not what its digest says, or the store does not take it.
    pub async fn put_blob(&self, blob: Blob) -> Result<(), Error> {
        match self {
            Self::Remote(remote) => remote.upload(remote.open_upload().await?, blob).await,
            Self::Layout(layout) => layout.put_blob(blob).await,
        }
    }

    /// Writes a manifest under its digest or under a tag. One that is about another has to be listed as well, unless
    /// the store has done that: [`Store::list_referrers`], or [`Store::put_referrer`] for both in one.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn put_manifest(&self, manifest: &Manifest, which: &Which) -> Result<Written, Error> {
        match self {
            Self::Remote(remote) => remote.put_manifest(manifest, which).await,
            // Whatever has a tag in a layout is found by its subject.
            Self::Layout(layout) => layout
                .put_manifest(manifest, which)
                .map(|()| Written { listed: matches!(which, Which::Tag(_)) }),
        }
    }

    /// Writes a manifest with a `subject`, and makes sure that who asks for the referrers of that subject finds it.
    ///
    /// # Errors
    /// When the store does not take the manifest, or a list that clients keep could not be written.
    pub async fn put_referrer(&self, manifest: &Manifest, which: &Which) -> Result<Listed, Error> {
        let written = self.put_manifest(manifest, which).await?;
        match manifest.subject() {
            Some(subject) if !written.listed => {
                self.list_referrers(&subject.digest, std::slice::from_ref(manifest)).await
            }
            _ => Ok(Listed::ByStore),
        }
    }

    /// Lists manifests among the referrers of their subject, for stores that do not do that themselves when the
    /// manifests are written: a layout names them in its index, in a registry clients keep an index of them under a tag
    /// (distribution-spec, "Referrers Tag Schema"). What is listed already stays as it is.
    ///
    /// # Errors
    /// When the list cannot be read or written, or others have written over it again and again.
    pub async fn list_referrers(&self, subject: &Digest, manifests: &[Manifest]) -> Result<Listed, Error> {
        match self {
            Self::Remote(remote) => remote.list_referrers(subject, manifests).await,
            Self::Layout(layout) => layout.list_referrers(manifests).map(|()| Listed::ByStore),
        }
    }

    /// Writes bytes as a blob, unless they are there.
    ///
    /// # Errors
    /// When the store does not take them.
    pub async fn put_bytes(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let remote = match self {
            Self::Layout(layout) => return layout.put_bytes(bytes),
            Self::Remote(remote) => remote,
        };
        let digest = Digest::of(bytes);
        if !remote.has_blob(&digest).await? {
            let blob = Blob::whole(bytes, remote.path());
            remote.upload(remote.open_upload().await?, blob).await?;
        }
        Ok(digest)
    }
}
