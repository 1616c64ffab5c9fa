//! `--require` and `--marks`: what is said about SRC, read once, for the very digest that is copied.

use std::collections::BTreeSet;

use contract::Failure;
use marks::{Assignment, Backend, KeepingArgs, Key, Mark, MarksArgs, Record, unmet};
use registry::{Access, Manifest, Reference, Registries, Repository};

use crate::cli::{Copy, Via};

/// The marks of SRC, and what keeps them.
pub(crate) struct Marked {
    pub(crate) backend: Backend,
    pub(crate) marks: Vec<Mark>,
}

/// Refuses options that contradict each other, before anything is asked.
pub(crate) fn check(copy: &Copy) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = wanted(copy).into_iter().find(|mark| !seen.insert(mark.key.clone())) {
        return Err(Failure::usage(format!("--require: the key {} is given twice", twice.key))
            .hint("give each key once"));
    }
    let marks = copy.marks || !copy.required.is_empty();
    if marks && !copy.platforms.is_empty() {
        return Err(Failure::usage("--platform makes another image, and the marks are not about that one")
            .hint("leave --platform out, or copy first and mark what came of it"));
    }
    if copy.via == Via::Registry {
        return Ok(());
    }
    let alone = if copy.referrers { "--referrers" } else { "--platform" };
    if copy.referrers || !copy.platforms.is_empty() {
        return Err(Failure::usage(format!("Artifactory copies whole images and nothing else: no {alone}"))
            .hint("leave --via out, or that option"));
    }
    match copy.source.tag {
        Some(_) => Ok(()),
        None => Err(Failure::usage(format!("Artifactory copies tags, and SRC {} has none", copy.source))
            .hint("write SRC as REPO:TAG or REPO:TAG@DIGEST, or leave --via out")),
    }
}

/// Reads the marks of the digest that SRC leads to, if somebody wants to know them, and lets it pass only with all that
/// are required.
pub(crate) async fn pass(
    copy: &Copy,
    registries: &Registries,
    root: &Manifest,
) -> Result<Option<Marked>, Failure> {
    let wanted = wanted(copy);
    if wanted.is_empty() && !copy.marks {
        return Ok(None);
    }
    let digest = root.digest();
    let image = Reference { tag: None, digest: Some(digest.clone()), ..copy.source.clone() };
    let args = args(&copy.keeping, &image.repository);
    let backend = Backend::open(&image, Access::Pull, registries, &args).await?;
    let keys: Vec<Key> = wanted.iter().map(|mark| mark.key.clone()).collect();
    // All of them only where all are to go along.
    let records = backend.latest(digest, (!copy.marks).then_some(&keys[..])).await?;
    let marks: Vec<Mark> = records.iter().filter_map(Record::mark).collect();
    let unmet = unmet(&marks, &wanted);
    if unmet.is_empty() {
        return Ok(Some(Marked { backend, marks }));
    }
    let faults: Vec<_> = unmet.iter().map(ToString::to_string).collect();
    let failure =
        Failure::no(format!("{} ({digest}): {}; nothing was copied", copy.source, faults.join(", ")));
    let missing = unmet.iter().filter(|unmet| unmet.found.is_none()).map(|unmet| &unmet.wanted.key);
    Err(failure.hint(match backend.likely_slip(missing).await {
        Some(slip) => slip,
        None => "the job that sets the mark failed, was skipped, or marked another digest; 'props get' shows what is set".into(),
    }))
}

fn wanted(copy: &Copy) -> Vec<Assignment> {
    copy.required.iter().flat_map(|required| required.0.clone()).collect()
}

/// What keeps the marks of one repository: the choice is about registries, and a directory leaves none.
pub(crate) fn args(keeping: &KeepingArgs, repository: &Repository) -> MarksArgs {
    let keeping = match repository {
        Repository::Remote { .. } => keeping.clone(),
        Repository::Layout { .. } => KeepingArgs::default(),
    };
    MarksArgs { keeping, repo_key: None }
}
