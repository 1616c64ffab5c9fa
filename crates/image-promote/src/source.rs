//! The image that a command reads.

use contract::Failure;
use http::AtATime;
use registry::{Access, Reference, Registries, RegistryArgs, Store, Which};

/// An image, and the repository it is read from. Nothing was sent yet.
pub(crate) struct Source {
    /// As it was written.
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) which: Which,
}

impl Source {
    /// Opens the repository of an image.
    pub(crate) fn open(image: &Reference, args: &RegistryArgs) -> Result<Self, Failure> {
        Self::open_with(&registries(args)?, image)
    }

    /// The same, for commands that read several.
    pub(crate) fn open_with(registries: &Registries, image: &Reference) -> Result<Self, Failure> {
        let which = which(image)?;
        let store = registries.open(&image.repository, Access::Pull)?;
        Ok(Self { name: image.to_string(), store, which })
    }
}

/// The registries this run may speak to.
pub(crate) fn registries(args: &RegistryArgs) -> Result<Registries, Failure> {
    limited(args, AtATime::default())
}

/// The same, with so many requests to one of them at a time.
pub(crate) fn limited(args: &RegistryArgs, at_a_time: AtATime) -> Result<Registries, Failure> {
    Ok(Registries::limited(args, "image-promote", env!("CARGO_PKG_VERSION"), at_a_time)?)
}

/// Which image of its repository is meant.
pub(crate) fn which(image: &Reference) -> Result<Which, Failure> {
    image.which().ok_or_else(|| {
        Failure::usage(format!("which image of {image} is meant? it has neither a tag nor a digest"))
            .hint(format!("write {image}:TAG or {image}@sha256:DIGEST; latest is never assumed"))
    })
}
