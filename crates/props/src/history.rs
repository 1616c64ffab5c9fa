//! `history`: who did what to the marks of an image.

use std::io::Write;

use contract::{Exit, Failure};
use registry::Access;

use crate::cli::History;
use crate::output;

pub(crate) async fn run(history: &History, out: &mut dyn Write) -> Result<Exit, Failure> {
    let target = history.place.image(&history.image, Access::Pull).await?;
    history.pin.check(&history.image, &target.subject.digest, history.format, out)?;
    let told = target.backend.history(&target.subject.digest).await?;
    if !told.complete {
        tracing::info!("earlier changes are not all kept there");
    }
    output::history(history, &target.subject.digest, &told, out)?;
    Ok(Exit::Done)
}
