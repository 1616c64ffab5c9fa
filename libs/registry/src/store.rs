//! A repository of either kind, with the same verbs.

use crate::{Blob, Descriptor, Digest, Error, Layout, Manifest, Referrers, Remote, Tag, Which};

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

    /// Everything that refers to this digest.
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

    /// Writes a manifest under its digest or under a tag.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn put_manifest(&self, manifest: &Manifest, which: &Which) -> Result<(), Error> {
        match self {
            Self::Remote(remote) => remote.put_manifest(manifest, which).await,
            Self::Layout(layout) => layout.put_manifest(manifest, which),
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
