//! `set` and `unset`.

use std::io::Write;

use contract::args::{DryRunArgs, FormatArgs};
use contract::{Exit, Failure};
use marks::{Backend, Change, Outcome, Step};
use registry::{Access, Reference};

use crate::cli::{PinArgs, Place, Set, Unset};
use crate::output;
use crate::place::{Target, keys, provenance, refuse_twice};

/// What `set` and `unset` have in common: an image, and what becomes of its marks.
struct Work<'a> {
    image: &'a Reference,
    steps: Vec<Step>,
    pin: &'a PinArgs,
    dry_run: DryRunArgs,
    format: FormatArgs,
    place: &'a Place,
}

pub(crate) async fn set(set: &Set, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(keys(&set.marks))?;
    let Set { image, pin, place, .. } = set;
    let steps = set.marks.iter().map(Step::set).collect();
    let work = Work { image, steps, pin, dry_run: set.dry_run, format: set.format, place };
    let (outcomes, _) = work.carry_out(out).await?;
    finish(image, &outcomes)
}

pub(crate) async fn unset(unset: &Unset, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(&unset.keys)?;
    let Unset { image, pin, place, .. } = unset;
    let steps = unset.keys.iter().map(Step::unset).collect();
    let work = Work { image, steps, pin, dry_run: unset.dry_run, format: unset.format, place };
    let (outcomes, backend) = work.carry_out(out).await?;
    if outcomes.iter().any(|outcome| outcome.change != Change::Absent || outcome.failure.is_some()) {
        return finish(image, &outcomes);
    }
    let names: Vec<_> = unset.keys.iter().map(marks::Key::as_str).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let failure = Failure::no(format!("{} {verb} not set on {image}", names.join(", ")));
    Err(match backend.likely_slip(&unset.keys).await {
        Some(slip) => failure.hint(slip),
        None => failure.hint("nothing was changed; 'props get' shows what is set"),
    })
}

impl Work<'_> {
    /// Writes, and reports what became of each mark.
    async fn carry_out(self, out: &mut dyn Write) -> Result<(Vec<Outcome>, Backend), Failure> {
        let Self { image, steps, pin, dry_run, format, place } = self;
        let access = if dry_run.dry_run { Access::Pull } else { Access::Push };
        let Target { backend, subject } = place.image(image, access).await?;
        pin.check(image, &subject.digest, format, out)?;
        let outcomes = backend.apply(&subject, &steps, &provenance(), dry_run.dry_run).await?;
        output::outcomes(image, &subject.digest, &outcomes, dry_run, format, out)?;
        Ok((outcomes, backend))
    }
}

/// Everything was reported; what failed decides how it ends.
fn finish(image: &Reference, outcomes: &[Outcome]) -> Result<Exit, Failure> {
    let failed: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| Some(format!("{}: {}", outcome.key, outcome.failure.as_ref()?)))
        .collect();
    if failed.is_empty() {
        return Ok(Exit::Done);
    }
    let count = format!("{} of {} marks of {image}", failed.len(), outcomes.len());
    Err(Failure::failed(format!("cannot write {count}: {}", failed.join("; ")))
        .hint("the others are as wanted; run it again when the cause is mended, twice is once"))
}
