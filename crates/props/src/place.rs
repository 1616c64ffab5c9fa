//! The image or the repository that a command works on.

use std::collections::HashSet;
use std::env;

use contract::Failure;
use marks::{Assignment, Backend, Key, Provenance, Scheme, Subject};
use registry::{Access, Reference, Registries, Repository, Which};

use crate::cli::Place;

/// An image, found once: from here on only its digest counts.
pub(crate) struct Target {
    pub(crate) backend: Backend,
    pub(crate) subject: Subject,
}

impl Place {
    pub(crate) fn registries(&self) -> Result<Registries, Failure> {
        Ok(Registries::new(&self.registry, env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))?)
    }

    /// Finds an image.
    pub(crate) async fn image(&self, image: &Reference, access: Access) -> Result<Target, Failure> {
        self.image_at(image, access, &self.registries()?).await
    }

    pub(crate) async fn image_at(
        &self,
        image: &Reference,
        access: Access,
        registries: &Registries,
    ) -> Result<Target, Failure> {
        let which = which(image)?;
        let backend = self.open(image, access, registries).await?;
        let subject = backend.subject(&which).await?;
        tracing::debug!("{image} is {}; {} keeps its marks", subject.digest, backend.name());
        Ok(Target { backend, subject })
    }

    /// Opens a repository.
    pub(crate) async fn repository(
        &self,
        repository: &Reference,
        access: Access,
        registries: &Registries,
    ) -> Result<Backend, Failure> {
        if repository.tag.is_some() || repository.digest.is_some() {
            return Err(Failure::usage(format!("{repository} is one image and no repository"))
                .hint(format!("write {}", repository.repository)));
        }
        let backend = self.open(repository, access, registries).await?;
        tracing::debug!("{} keeps the marks of {repository}", backend.name());
        Ok(backend)
    }

    /// Opens what keeps the marks, if it keeps them the way that was asked for.
    async fn open(
        &self,
        image: &Reference,
        access: Access,
        registries: &Registries,
    ) -> Result<Backend, Failure> {
        let scheme = self.marks.keeping.oci_scheme;
        let is_layout = matches!(image.repository, Repository::Layout { .. });
        // A directory has a tag for each mark, whoever asks for it.
        let idle = scheme == Scheme::Auto || (is_layout && scheme == Scheme::Tags);
        let misplaced = |keeper: &str| {
            Failure::usage(format!(
                "--oci-scheme {scheme} says how a registry keeps marks, and those of {} are in {keeper}",
                image.repository
            ))
        };
        if is_layout && !idle {
            return Err(misplaced("a layout directory").hint("leave --oci-scheme out"));
        }
        let backend = Backend::open(image, access, registries, &self.marks).await?;
        if backend.name() == "artifactory" && !idle {
            return Err(misplaced("Artifactory's properties")
                .hint("leave --oci-scheme out, or keep them as manifests there with --backend oci"));
        }
        Ok(backend)
    }
}

fn which(image: &Reference) -> Result<Which, Failure> {
    image.which().ok_or_else(|| {
        Failure::usage(format!("which image of {image} is meant? it has neither a tag nor a digest"))
            .hint(format!("write {image}:TAG or {image}@sha256:DIGEST; latest is never assumed"))
    })
}

/// Who we are, for the history of a mark.
pub(crate) fn provenance() -> Provenance {
    Provenance::collect(|name| env::var(name).ok())
}

/// `tested tested=false` is a slip, and whichever of the two were taken would be the wrong one for somebody.
pub(crate) fn refuse_twice<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    match keys.into_iter().find(|key| !seen.insert(key.as_str())) {
        Some(twice) => {
            Err(Failure::usage(format!("the key {twice} is given twice")).hint("give each key once"))
        }
        None => Ok(()),
    }
}

pub(crate) fn keys(marks: &[Assignment]) -> impl Iterator<Item = &Key> {
    marks.iter().map(|mark| &mark.key)
}
