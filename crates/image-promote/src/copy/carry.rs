//! `--marks`: the marks of SRC on their way to one destination, whatever keeps them there.
//!
//! Who sees the tag is to see the marks, so they are written before it. In Artifactory they are properties of the file of
//! a tag, which has to be there first. A repository without any image cannot say which of the two it is; one on the host
//! of SRC is of the same kind, and of another the tag is written first and then asked.

use contract::Failure;
use marks::{Backend, Outcome, Provenance, Step, Subject};
use registry::{Access, Manifest, Reference, Registries, Repository, Store};

use super::gate::{self, Marked};
use super::target::Target;
use crate::cli::Copy;

/// What has to be carried to one destination.
pub(crate) struct Carry<'a> {
    target: Reference,
    registries: &'a Registries,
    args: marks::MarksArgs,
    /// None when only an image there can tell.
    backend: Option<Backend>,
    steps: Vec<Step>,
    subject: Subject,
    dry_run: bool,
}

impl<'a> Carry<'a> {
    /// Finds out what keeps the marks there, and refuses marks that it cannot keep. Nothing is written.
    pub(crate) async fn plan(
        copy: &Copy,
        registries: &'a Registries,
        target: &Target,
        root: &Manifest,
        marked: &Marked,
    ) -> Result<Carry<'a>, Failure> {
        let repository = target.repository.clone();
        let target = Reference { repository, tag: target.tags.first().cloned(), digest: None };
        let steps: Vec<Step> = marked.marks.iter().map(Step::carry).collect();
        let mut args = gate::args(&copy.keeping, &target.repository);
        let empty = Reference { tag: None, ..target.clone() };
        let mut backend = Backend::open_if_known(&empty, Access::Push, registries, &args).await?;
        let alike = same_host(marked.backend.repository(), &target.repository);
        if backend.is_none() && alike && !marked.backend.needs_a_tag() {
            args.keeping.backend = marks::Choice::Oci;
            backend = Backend::open_if_known(&empty, Access::Push, registries, &args).await?;
        }
        if let Some(backend) = &backend {
            backend.check(&steps)?;
        } else if marked.backend.needs_a_tag() {
            marked.backend.check(&steps)?;
        }
        let (subject, dry_run) = (Subject::of(root), copy.dry_run.dry_run);
        Ok(Carry { target, registries, args, backend, steps, subject, dry_run })
    }

    /// Can the marks be there before the tags are?
    pub(crate) fn comes_first(&self) -> bool {
        self.backend.as_ref().is_some_and(|backend| !backend.needs_a_tag())
    }

    /// Writes the marks, and says what that changes.
    pub(crate) async fn carry_out(&self, to: &Store) -> Result<Vec<Outcome>, Failure> {
        let nothing_there = match to {
            Store::Layout(layout) => layout.is_vacant()?,
            Store::Remote(_) => self.backend.is_none(),
        };
        if self.steps.is_empty() || (self.dry_run && nothing_there) {
            let outcome = |step: &Step| Outcome::foreseen(step, None);
            return Ok(self.steps.iter().map(outcome).collect());
        }
        let found;
        let backend = match &self.backend {
            Some(backend) => backend,
            None => {
                found = Backend::open(&self.target, Access::Push, self.registries, &self.args).await?;
                &found
            }
        };
        let nobody = Provenance::default();
        let outcomes = backend.apply(&self.subject, &self.steps, &nobody, self.dry_run).await?;
        let failed = outcomes
            .iter()
            .filter_map(|outcome| Some(format!("{}: {}", outcome.key, outcome.failure.as_ref()?)));
        let failed: Vec<_> = failed.collect();
        if failed.is_empty() {
            return Ok(outcomes);
        }
        let (count, all, to) = (failed.len(), outcomes.len(), &self.target.repository);
        let failure =
            Failure::failed(format!("cannot carry {count} of {all} marks to {to}: {}", failed.join("; ")));
        Err(failure.hint(if self.comes_first() {
            "the tags are as they were; run it again when the cause is mended"
        } else {
            "the image is there without them; run it again when the cause is mended"
        }))
    }
}

fn same_host(one: &Repository, other: &Repository) -> bool {
    match (one, other) {
        (Repository::Remote { host: one, .. }, Repository::Remote { host: other, .. }) => one == other,
        _ => false,
    }
}
