//! `image-gate pipeline`: build, gates, health and push, as `gates.toml` describes them.

pub(crate) mod file;
mod junit;
mod plan;
mod report;
mod steps;
mod variables;

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use contract::{Exit, Failure};
use futures_util::StreamExt;
use tracing::{info, warn};

use crate::cli::Pipeline;
use crate::engine::Engine;
use crate::keeper::Keeper;
use crate::owner::Owner;
use crate::push::Event;
use crate::signals::Signals;

use file::Description;
use report::{Outcome, Report, Step};
use steps::Runner;

/// Runs it, and prints the summary.
pub(crate) async fn run(args: &Pipeline, out: &mut dyn Write) -> Result<Exit, Failure> {
    let description = Description::read(&args.file)?;
    let only = chosen(args, &description)?;
    let folder = args
        .file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(std::path::Path::new("."));
    let event = Event::find(&args.events, &|name| std::env::var(name).ok());
    if args.dry_run.dry_run {
        plan::tell(args, &description, folder, &only, &event, out)?;
        return Ok(Exit::Done);
    }
    let signals = Signals::listen()?;
    let engine = Engine::connect().await?;
    let keeper = Keeper::new(engine, Owner::new(None, args.keep), args.keep);
    let runner =
        Runner { description: &description, folder, keeper: &keeper, signals: &signals, event: &event };
    let report = keeper.around(all(&runner, &only)).await;
    if let Some(path) = &args.junit {
        junit::write(path, &description.image, &report)?;
    }
    report.tell(args, &description.image, out)?;
    Ok(report.exit())
}

/// The steps that were asked for, all of them if none was.
fn chosen(args: &Pipeline, description: &Description) -> Result<BTreeSet<String>, Failure> {
    let steps = description.steps();
    for name in &args.only {
        if !steps.contains(&name.as_str()) {
            return Err(Failure::usage(format!("{} has no step {name}", args.file.display()))
                .hint(format!("it has {}", steps.join(", "))));
        }
    }
    let all = || steps.iter().map(|name| (*name).to_owned()).collect();
    Ok(if args.only.is_empty() { all() } else { args.only.iter().cloned().collect() })
}

/// Every step in its turn; what is behind one that failed is skipped.
async fn all(runner: &Runner<'_>, only: &BTreeSet<String>) -> Report {
    let description = runner.description;
    let begun = Instant::now();
    let mut report = Report::default();
    let mut image = description.image.clone();
    if description.build.is_some() && only.contains("build") {
        let (step, id) = runner.build().await;
        image = id.unwrap_or(image);
        report.steps.push(step);
    }
    gates(runner, only, &image, &mut report).await;
    if description.health.is_some() && only.contains("health") {
        let step = if report.goes_on() { runner.health(&image).await } else { Step::skipped("health") };
        report.steps.push(step);
    }
    if description.push.is_some() && only.contains("push") {
        let step = if report.goes_on() { runner.push(&image).await } else { Step::skipped("push") };
        report.steps.push(step);
    }
    report.elapsed = begun.elapsed();
    report
}

async fn gates(runner: &Runner<'_>, only: &BTreeSet<String>, image: &str, report: &mut Report) {
    let description = runner.description;
    let gates: Vec<_> = description.gates.iter().filter(|gate| only.contains(&gate.name)).collect();
    if !report.goes_on() {
        report.steps.extend(gates.iter().map(|gate| Step::skipped(&gate.name)));
        return;
    }
    let stop = std::cell::Cell::new(false);
    let run = |gate| {
        let stop = &stop;
        async move {
            let gate: &file::Gate = gate;
            if stop.get() {
                return Step::skipped(&gate.name);
            }
            let step = runner.gate(gate, image).await;
            // Whoever asked for the end asked for that of all.
            let ends = matches!(step.outcome, Outcome::Interrupted(_));
            if ends || (step.outcome != Outcome::Passed && !description.keep_going) {
                stop.set(true);
            }
            step
        }
    };
    let steps = futures_util::stream::iter(gates).map(run).buffered(description.parallel);
    report.steps.extend(steps.collect::<Vec<_>>().await);
}

/// A line for people when a step has ended.
fn ended(step: Step) -> Step {
    let seconds = crate::values::seconds(step.elapsed);
    match &step.outcome {
        Outcome::Passed => info!("{}: passed after {seconds} s", step.name),
        Outcome::Nothing(why) => info!("{}: nothing to do: {why}", step.name),
        outcome => warn!("{}: {} after {seconds} s{}", step.name, outcome.word(), step.reason()),
    }
    step
}
