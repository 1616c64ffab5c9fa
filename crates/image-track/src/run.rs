//! `run`: `apply` and `publish` in one, and with `--trigger` what follows.

use std::io::{self, Write};

use contract::{Exit, Failure};
use tracing::info;

use crate::apply::{told, write};
use crate::cli::{Run, Writing};
use crate::destination::Destination;
use crate::output;
use crate::plan::{pipelines, plan};
use crate::publish::propose;
use crate::trigger::Environments;

pub(crate) async fn run(args: &Run, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pipelines = pipelines(&args.selection)?;
    // What it would end with is in order before anything begins.
    let environments = args.trigger.then(|| Environments::read(&args.starting)).transpose()?;
    let Writing { dry_run, format, registry } = &args.writing;
    let (network, dry_run) = (&registry.network, dry_run.dry_run);
    // Where it goes is known before anything is written.
    let destination = Destination::open(&pipelines, &args.proposing, network, dry_run)?;
    let plan = plan(&pipelines, &args.resolving, registry).await?;
    if dry_run {
        plan.files.iter().for_each(|file| info!("dry run: {} would be written, and proposed", file.name));
        if let Some(environments) = environments.filter(|_| plan.updates() > 0) {
            environments.start(network, dry_run, format.format, &mut io::sink()).await?;
        }
        output::plan(&plan, format.format, out)?;
        return told(&plan).map(|()| Exit::Done);
    }
    write(&plan)?;
    let allow_downgrade = args.resolving.allow_downgrade;
    let published =
        propose(&pipelines, destination, args.proposing.title.as_deref(), allow_downgrade).await?;
    output::published(&published, format.format, out)?;
    published.told()?;
    if let Some(environments) = environments.filter(|_| published.is_new()) {
        // One document on stdout, and that is the one about the request.
        let started = environments.start(network, dry_run, format.format, &mut io::sink()).await;
        started
            .map_err(|failure| failure.hint("the request is open; start them with 'image-track trigger'"))?;
    }
    told(&plan).map(|()| Exit::Done)
}
