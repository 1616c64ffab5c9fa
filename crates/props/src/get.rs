//! `get`: the marks of an image, or the value of one.

use std::io::Write;

use contract::{Exit, Failure};
use marks::{Mark, Record};
use registry::Access;

use crate::cli::Get;
use crate::output;

pub(crate) async fn run(get: &Get, out: &mut dyn Write) -> Result<Exit, Failure> {
    let target = get.place.image(&get.image, Access::Pull).await?;
    let digest = &target.subject.digest;
    get.pin.check(&get.image, digest, get.format, out)?;
    let asked = get.key.as_ref().map(std::slice::from_ref);
    let records = target.backend.latest(digest, asked).await?;
    let found: Vec<Mark> = records.iter().filter_map(Record::mark).collect();
    let Some(key) = &get.key else {
        output::marks(get, digest, &found, out)?;
        return Ok(Exit::Done);
    };
    let mark = found.iter().find(|mark| mark.key == *key);
    output::one(get, digest, mark, out)?;
    if mark.is_some() {
        return Ok(Exit::Done);
    }
    let failure = Failure::no(format!("{key} is not set on {} ({digest})", get.image));
    Err(match target.backend.likely_slip([key]).await {
        Some(slip) => failure.hint(slip),
        None => failure.hint("'props get' without a key shows what is set"),
    })
}
