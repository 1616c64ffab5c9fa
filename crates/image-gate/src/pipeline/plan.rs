//! What a pipeline would do.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;

use contract::args::Format;
use contract::{Failure, output};
use serde::Serialize;
use tracing::warn;

use super::file::{Build, Description, Push};
use super::steps::environment;
use crate::build::{Job, buildx};
use crate::cli::Pipeline;
use crate::container::existing;
use crate::gate::below;
use crate::push::{Decision, Event, decide};

#[derive(Serialize)]
struct Document<'a> {
    image: &'a str,
    dry_run: bool,
    steps: Vec<Planned>,
}

#[derive(Serialize)]
struct Planned {
    name: String,
    command: Vec<String>,
}

/// Says it, a line a step.
pub(super) fn tell(
    args: &Pipeline,
    description: &Description,
    folder: &Path,
    only: &BTreeSet<String>,
    event: &Event,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut steps = Vec::new();
    for name in description.steps().into_iter().filter(|name| only.contains(*name)) {
        let gate = description.gates.iter().find(|gate| gate.name == name);
        let command = match (name, gate, &description.build, &description.push) {
            (_, Some(gate), ..) => gate.run.words(),
            ("build", _, Some(build), _) => building(build, folder, &description.image),
            ("push", _, _, Some(push)) => pushing(push, event)?,
            _ => vec![format!("wait until {} is healthy", description.image)],
        };
        steps.push(Planned { name: name.to_owned(), command });
        missing(description, folder, name).iter().for_each(|what| warn!("dry run: {name}: {what}"));
    }
    match args.format.format {
        Format::Text => steps
            .iter()
            .try_for_each(|step| output::line(out, &format!("{}: {}", step.name, step.command.join(" ")))),
        Format::Json => output::json(out, &Document { image: &description.image, dry_run: true, steps }),
    }
}

/// What the step would fail for if it ran now. A step before it may make a file, and only the pipeline may have a secret, so
/// the plan is told all the same.
fn missing(description: &Description, folder: &Path, name: &str) -> Vec<Failure> {
    let mut all = Vec::new();
    if let Some(gate) = description.gates.iter().find(|gate| gate.name == name) {
        all.extend(environment(&gate.env, &gate.env_from).err());
        let mounts = gate.mount.iter().map(|mount| (&mount.source, "mount"));
        let sources = mounts.chain(gate.copy.iter().map(|copy| (&copy.source, "copy")));
        all.extend(sources.filter_map(|(source, attempt)| existing(&below(folder, source), attempt).err()));
    }
    if let Some(build) = description.build.as_ref().filter(|_| name == "build") {
        let job = Job { build, folder, image: &description.image, labels: HashMap::new() };
        all.extend(job.described().err());
        all.extend(build.secrets.iter().filter_map(|name| buildx::is_set(name).err()));
    }
    if let Some(health) = description.health.as_ref().filter(|_| name == "health") {
        all.extend(environment(&health.env, &health.env_from).err());
    }
    all
}

fn building(build: &Build, folder: &Path, image: &str) -> Vec<String> {
    // What labels-from says is asked when it is done.
    let labels: HashMap<String, String> = build.labels.clone().into_iter().collect();
    let job = Job { build, folder, image, labels };
    if build.is_by_buildx() {
        buildx::arguments(&job, "ID")
    } else {
        vec![format!("build {image} of {}", job.dockerfile().display())]
    }
}

fn pushing(push: &Push, event: &Event) -> Result<Vec<String>, Failure> {
    let references = push.to.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?;
    Ok(match decide(event, &push.only_on, &references, None)? {
        Decision::Nothing(why) => vec![format!("nothing: {why}")],
        Decision::Push(_) if push.tags_from.is_some() => {
            let words = push.tags_from.clone().unwrap_or_default().join(" ");
            vec![format!("push {} with the tags that '{words}' prints", push.to.join(" "))]
        }
        Decision::Push(references) => {
            references.iter().map(|reference| format!("push {reference}")).collect()
        }
    })
}
