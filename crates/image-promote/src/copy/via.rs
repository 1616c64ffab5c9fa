//! `--via artifactory`: Artifactory copies the image itself. It is told tags and not digests, so that what came of it is
//! looked at afterwards.

use contract::Failure;
use marks::Backend;
use registry::{Access, Digest, Reference, Registries};

use super::gate;
use super::leg::Leg;
use crate::cli::Copy;

/// Opens the Artifactory that has SRC.
pub(crate) async fn open(copy: &Copy, registries: &Registries, digest: &Digest) -> Result<Backend, Failure> {
    let image = Reference { tag: None, digest: Some(digest.clone()), ..copy.source.clone() };
    let mut args = gate::args(&copy.keeping, &image.repository);
    if args.keeping.backend == marks::Choice::Auto {
        args.keeping.backend = marks::Choice::Artifactory;
    }
    match Backend::open(&image, Access::Pull, registries, &args).await {
        Err(marks::Error::NotArtifactory { .. } | marks::Error::WrongBackend { .. }) => Err(Failure::usage(
            format!("--via artifactory: {} is not known to be in an Artifactory", copy.source.repository),
        )
        .hint("leave --via out; then the image goes by way of the registries")),
        result => Ok(result?),
    }
}

/// Lets the pending tags of a destination be made.
pub(crate) async fn promote(
    copy: &Copy,
    artifactory: &Backend,
    leg: &Leg,
    digest: &Digest,
) -> Result<(), Failure> {
    let Some(tag) = &copy.source.tag else { return Ok(()) };
    let repository = &leg.target.repository;
    for to_tag in leg.pending() {
        artifactory.promote(tag, repository, &to_tag).await?;
        let found = leg.to.resolve(&to_tag).await?;
        if found.as_ref() != Some(digest) {
            let found = found.map_or_else(|| "to nothing".to_owned(), |found| format!("to {found}"));
            return Err(Failure::failed(format!(
                "{repository}:{to_tag} leads {found} after Artifactory has copied it, and not to {digest}: {} was pushed anew meanwhile",
                copy.source
            ))
            .hint(format!(
                "nothing vouches for what {repository}:{to_tag} leads to: remove that tag, or promote again with --move"
            )));
        }
    }
    Ok(())
}
