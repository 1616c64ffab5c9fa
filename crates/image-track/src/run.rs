//! `run`: `apply` and `publish` in one, and with `--trigger` what follows.

use std::io::{self, Write};

use contract::{Exit, Failure};
use tracing::info;

use crate::apply::{told, write};
use crate::cli::Run;
use crate::destination::Destination;
use crate::output;
use crate::plan::{pipelines, plan};
use crate::publish::propose;
use crate::trigger;

pub(crate) async fn run(args: &Run, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pipelines = pipelines(&args.selection)?;
    let (network, dry_run) = (&args.registry.network, args.dry_run.dry_run);
    // Where it goes is known before anything is written.
    let destination = Destination::open(&pipelines, &args.proposing, network, dry_run)?;
    let plan = plan(&pipelines, &args.resolving, &args.registry).await?;
    if dry_run {
        plan.files.iter().for_each(|file| info!("dry run: {} would be written, and proposed", file.name));
        output::plan(&plan, args.format.format, out)?;
        return told(&plan).map(|()| Exit::Done);
    }
    write(&plan)?;
    let allow_downgrade = args.resolving.allow_downgrade;
    let published =
        propose(&pipelines, destination, args.proposing.title.as_deref(), allow_downgrade).await?;
    output::published(&published, args.format.format, out)?;
    published.told()?;
    if args.trigger && published.is_new() {
        // One document on stdout, and that is the one about the request.
        let format = contract::args::Format::Text;
        trigger::start(&args.starting, network, dry_run, format, &mut io::sink()).await?;
    }
    told(&plan).map(|()| Exit::Done)
}
