//! `copy`: [`target`] groups the destinations, [`plan`] decides, [`leg`] acts, [`delivery`] takes along what is about the
//! image, [`gate`] asks for marks and [`carry`] takes them along, [`via`] leaves it to Artifactory, [`output`] tells.

mod carry;
mod delivery;
mod gate;
mod leg;
mod output;
mod plan;
mod select;
mod target;
mod via;

use std::io::Write;
use std::time::Instant;

use contract::{Exit, Failure};
use futures_util::future::{join, try_join_all};
use registry::{Manifest, Registries, Which};

use self::carry::Carry;
use self::delivery::Delivery;
use self::gate::Marked;
use self::leg::Leg;
use self::output::Report;
use crate::attached::Attached;
use crate::cli::{Copy, Via};
use crate::source::{limited, which};
use crate::tree::Tree;

pub(crate) async fn run(copy: &Copy, out: &mut dyn Write) -> Result<Exit, Failure> {
    let begun = Instant::now();
    gate::check(copy)?;
    let which = which(&copy.source)?;
    let targets = target::group(&copy.destinations, &copy.tags)?;
    let registries = limited(&copy.registry, copy.jobs.at_a_time())?;
    let legs = targets.into_iter().map(|target| Leg::open(&registries, copy, target));
    let mut legs = legs.collect::<Result<Vec<_>, _>>()?;
    let root = look(copy, &which, &mut legs).await?;
    // From here on only the digest counts: what the tag leads to later is another image.
    let marked = gate::pass(copy, &registries, &root).await?;
    // Every tag is decided before anything is written anywhere.
    let refused: Vec<_> = legs.iter_mut().flat_map(|leg| leg.decide(&root, copy)).collect();
    if let Some(failure) = output::refusal(&refused) {
        return Err(failure);
    }
    let mut tree = None;
    let attached = attached(copy, &legs, &root, &mut tree).await?;
    let deliveries = deliveries(copy, &legs, &root, attached.as_ref()).await?;
    let carries = carries(copy, &registries, &legs, &root, marked.as_ref()).await?;
    let artifactory = match copy.via {
        Via::Registry => None,
        Via::Artifactory => Some(via::open(copy, &registries, root.digest()).await?),
    };
    for ((leg, delivery), carry) in legs.iter_mut().zip(&deliveries).zip(&carries) {
        match &artifactory {
            None => leg.carry_out(&root, &mut tree, delivery.as_ref(), carry.as_ref(), copy).await?,
            Some(artifactory) => leg.leave_to(artifactory, &root, carry.as_ref(), copy).await?,
        }
    }
    let report = Report::new(copy, &root, tree.as_ref(), &legs, begun.elapsed());
    report.tell(&legs);
    report.print(copy.format.format, out)?;
    Ok(Exit::Done)
}

/// Finds what is about the image and each of its manifests, if that is wanted.
async fn attached(
    copy: &Copy,
    legs: &[Leg],
    root: &Manifest,
    tree: &mut Option<Tree>,
) -> Result<Option<Attached>, Failure> {
    let Some(leg) = legs.first().filter(|_| copy.referrers) else { return Ok(None) };
    let jobs = copy.jobs.most();
    let tree = tree.insert(Tree::read(&leg.from, root.clone(), jobs).await?);
    output::source(&copy.source, tree);
    if !copy.platforms.is_empty() {
        tracing::info!(
            "--platform: what refers to the whole of {} is left behind, because it is about another digest",
            copy.source
        );
    }
    let mut attached = Attached::find(&leg.from, tree, jobs).await?;
    if copy.marks {
        attached.leave_out(marks::ARTIFACT_TYPE);
    }
    Ok(Some(attached))
}

/// Decides at each destination what becomes of what is about the image. Nothing is written before all of it is decided.
async fn deliveries<'a>(
    copy: &Copy,
    legs: &[Leg],
    root: &Manifest,
    attached: Option<&'a Attached>,
) -> Result<Vec<Option<Delivery<'a>>>, Failure> {
    let Some(attached) = attached else { return Ok(legs.iter().map(|_| None).collect()) };
    let plans = try_join_all(legs.iter().map(|leg| leg.plan(root, attached, copy))).await?;
    let (deliveries, refused): (Vec<_>, Vec<_>) = plans.into_iter().unzip();
    let refused: Vec<_> = refused.into_iter().flatten().collect();
    match output::conflict(&refused) {
        Some(failure) => Err(failure),
        None => Ok(deliveries.into_iter().map(Some).collect()),
    }
}

/// Decides at each destination how the marks get there. Nothing is written before all of it is decided.
async fn carries<'a>(
    copy: &Copy,
    registries: &'a Registries,
    legs: &[Leg],
    root: &Manifest,
    marked: Option<&Marked>,
) -> Result<Vec<Option<Carry<'a>>>, Failure> {
    let Some(marked) = marked.filter(|_| copy.marks) else { return Ok(legs.iter().map(|_| None).collect()) };
    let plans = legs.iter().map(|leg| Carry::plan(copy, registries, &leg.target, root, marked));
    Ok(try_join_all(plans).await?.into_iter().map(Some).collect())
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
