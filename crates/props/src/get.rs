//! `get`: the marks of an image, or the value of one.

use std::io::Write;

use contract::{Exit, Failure};
use registry::Access;

use crate::cli::Get;
use crate::output;

pub(crate) async fn run(get: &Get, out: &mut dyn Write) -> Result<Exit, Failure> {
    let target = get.place.image(&get.image, Access::Pull).await?;
    let digest = &target.subject.digest;
    let found = target.backend.marks(digest).await?;
    let Some(key) = &get.key else {
        output::marks(get, digest, &found, out)?;
        return Ok(Exit::Done);
    };
    if let Some(mark) = found.iter().find(|mark| mark.key == *key) {
        output::one(get, digest, mark, out)?;
        return Ok(Exit::Done);
    }
    let failure = Failure::no(format!("{key} is not set on {} ({digest})", get.image));
    Err(match target.backend.likely_slip([key]).await {
        Some(slip) => failure.hint(slip),
        None => failure,
    })
}
