//! `check` and `apply`: what would change, and writing it.

use std::io::Write;
use std::path::Path;

use contract::file::{Replaced, advice, clear_abandoned, replace};
use contract::{Exit, Failure};
use tracing::{error, info};

use crate::cli::{Apply, Check};
use crate::output;
use crate::plan::{FileChange, Plan, pipelines, plan};

pub(crate) async fn check(args: &Check, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pipelines = pipelines(&args.selection)?;
    let plan = plan(&pipelines, &args.resolving, &args.registry).await?;
    output::plan(&plan, args.format.format, out)?;
    let updates = plan.updates();
    match updates {
        0 => info!("nothing would change"),
        1 => info!("1 value would change"),
        _ => info!("{updates} values would change"),
    }
    let exit = if args.exit_code && updates > 0 { Exit::No } else { Exit::Done };
    told(&plan).map(|()| exit)
}

pub(crate) async fn apply(args: &Apply, out: &mut dyn Write) -> Result<Exit, Failure> {
    let pipelines = pipelines(&args.selection)?;
    let plan = plan(&pipelines, &args.resolving, &args.writing.registry).await?;
    if args.writing.dry_run.dry_run {
        plan.files.iter().for_each(|file| info!("dry run: {} would be written", file.name));
    } else {
        write(&plan)?;
    }
    output::plan(&plan, args.writing.format.format, out)?;
    told(&plan).map(|()| Exit::Done)
}

/// Writes all files.
///
/// # Errors
/// When one cannot be written; those before it are named.
pub(crate) fn write(plan: &Plan) -> Result<(), Failure> {
    let mut written: Vec<&str> = Vec::new();
    for FileChange { name, after } in &plan.files {
        let path = Path::new(name);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            clear_abandoned(folder);
        }
        match replace(path, after.as_bytes()) {
            Ok(Replaced::Written) => {
                info!("{name}: written");
                written.push(name);
            }
            Ok(Replaced::Unchanged) => {}
            Err(error) => {
                let hint = match written.is_empty() {
                    true => advice(&error).into(),
                    false => {
                        format!("written before that: {}; run it again for the rest", written.join(", "))
                    }
                };
                return Err(Failure::failed(format!("cannot write {name}")).because(error).hint(hint));
            }
        }
    }
    if written.is_empty() && plan.updates() == 0 {
        info!("nothing to change");
    }
    Ok(())
}

/// Tells what failed while the rest went on.
pub(crate) fn told(plan: &Plan) -> Result<(), Failure> {
    let Some((last, before)) = plan.troubles.split_last() else { return Ok(()) };
    before.iter().for_each(|trouble| error!("{trouble}"));
    // It was tried, and part of it did not work, whoever is to blame for that.
    let failure = Failure::failed(last.message.clone());
    Err(match last.advice() {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}
