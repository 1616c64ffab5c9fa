//! `set` and `unset`.

use std::io::Write;

use contract::args::DryRunArgs;
use contract::{Exit, Failure};
use marks::{Change, Outcome, Step};
use registry::{Access, Reference};

use crate::cli::{Place, Set, Unset};
use crate::output;
use crate::place::{keys, provenance, refuse_twice};

pub(crate) async fn set(set: &Set, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(keys(&set.marks))?;
    let steps: Vec<Step> = set.marks.iter().map(Step::set).collect();
    let (outcomes, _) = apply(&set.image, &steps, &set.place, set.dry_run, &mut |target, outcomes| {
        output::outcomes(&set.image, target, outcomes, set.dry_run, set.format, out)
    })
    .await?;
    finish(&set.image, &outcomes)
}

pub(crate) async fn unset(unset: &Unset, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(&unset.keys)?;
    let steps: Vec<Step> = unset.keys.iter().map(Step::unset).collect();
    let (outcomes, backend) =
        apply(&unset.image, &steps, &unset.place, unset.dry_run, &mut |target, outcomes| {
            output::outcomes(&unset.image, target, outcomes, unset.dry_run, unset.format, out)
        })
        .await?;
    if outcomes.iter().any(|outcome| outcome.change != Change::Absent || outcome.failure.is_some()) {
        return finish(&unset.image, &outcomes);
    }
    let names: Vec<_> = unset.keys.iter().map(marks::Key::as_str).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let failure = Failure::no(format!("{} {verb} not set on {}", names.join(", "), unset.image));
    Err(match backend.likely_slip(&unset.keys).await {
        Some(slip) => failure.hint(slip),
        None => failure.hint("nothing was changed; 'props get' shows what is set"),
    })
}

type Report<'a> = dyn FnMut(&registry::Digest, &[Outcome]) -> Result<(), Failure> + 'a;

async fn apply(
    image: &Reference,
    steps: &[Step],
    place: &Place,
    dry_run: DryRunArgs,
    report: &mut Report<'_>,
) -> Result<(Vec<Outcome>, marks::Backend), Failure> {
    let target = place.image(image, if dry_run.dry_run { Access::Pull } else { Access::Push }).await?;
    let outcomes = target.backend.apply(&target.subject, steps, &provenance(), dry_run.dry_run).await?;
    report(&target.subject.digest, &outcomes)?;
    Ok((outcomes, target.backend))
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
