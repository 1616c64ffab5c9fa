//! `copy`: [`target`] groups the destinations, [`plan`] decides, [`leg`] acts, [`output`] tells.

mod leg;
mod output;
mod plan;
mod select;
mod target;

use std::io::Write;
use std::time::Instant;

use contract::{Exit, Failure};
use futures_util::future::{join, try_join_all};
use registry::{Manifest, Which};

use self::leg::Leg;
use self::output::Report;
use crate::cli::Copy;
use crate::source::{limited, which};

pub(crate) async fn run(copy: &Copy, out: &mut dyn Write) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let which = which(&copy.source)?;
    let targets = target::group(&copy.destinations, &copy.tags)?;
    let registries = limited(&copy.registry, copy.jobs.at_a_time())?;
    let legs = targets.into_iter().map(|target| Leg::open(&registries, copy, target));
    let mut legs = legs.collect::<Result<Vec<_>, _>>()?;
    let root = look(copy, &which, &mut legs).await?;
    // Every tag is decided before anything is written anywhere.
    let refused: Vec<_> = legs.iter_mut().flat_map(|leg| leg.decide(&root, copy)).collect();
    if let Some(failure) = output::refusal(&refused, &root) {
        return Err(failure);
    }
    let mut tree = None;
    for leg in &mut legs {
        leg.carry_out(&root, &mut tree, copy).await?;
    }
    let report = Report::new(copy, &root, tree.as_ref(), &legs, begun.elapsed());
    report.tell();
    report.print(copy.format.format, out)?;
    Ok(Exit::Done)
}

/// Reads what SRC leads to and where the tags lead now: neither needs the other's answer.
async fn look(copy: &Copy, which: &Which, legs: &mut [Leg]) -> Result<Manifest, Failure> {
    let from = legs.first().map(|leg| leg.from.clone()).ok_or_else(|| Failure::usage("no destination"))?;
    let source = async {
        let root = from.manifest(which).await?;
        select::select(&from, root, &copy.platforms).await
    };
    let (root, found) = join(source, try_join_all(legs.iter_mut().map(Leg::look))).await;
    found?;
    root
}
