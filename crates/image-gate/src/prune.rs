//! `image-gate prune`: removes what killed runs have left behind.

use std::io::Write;

use contract::{Exit, Failure};
use tracing::info;

use crate::cli::Prune;
use crate::engine::Engine;
use crate::keeper::{abandoned, remove};
use crate::output;

/// Removes it, and says what it was.
pub(crate) async fn run(args: &Prune, out: &mut dyn Write) -> Result<Exit, Failure> {
    let engine = Engine::connect().await?;
    let mut removed = Vec::new();
    for thing in abandoned(&engine, args.all).await? {
        if args.dry_run.dry_run || remove(&engine, &thing).await? {
            removed.push(thing);
        }
    }
    if removed.is_empty() {
        info!("nothing was left behind");
    }
    output::pruned(args, &removed, out)?;
    Ok(Exit::Done)
}
