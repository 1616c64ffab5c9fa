//! `find`: which images of a repository carry marks.

use std::io::Write;

use contract::{Exit, Failure};
use registry::Access;

use crate::cli::Find;
use crate::output;
use crate::place::{keys, refuse_twice};

pub(crate) async fn run(find: &Find, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(keys(&find.marks))?;
    let registries = find.place.registries()?;
    let backend = find.place.repository(&find.repository, Access::Pull, &registries).await?;
    let images = backend.find(&find.marks).await?;
    output::found(find, &images, out)?;
    if !images.is_empty() {
        return Ok(Exit::Done);
    }
    let wanted: Vec<_> = find.marks.iter().map(ToString::to_string).collect();
    let failure = Failure::no(format!("no image of {} has {}", find.repository, wanted.join(" and ")));
    Err(match backend.likely_slip(keys(&find.marks)).await {
        Some(slip) => failure.hint(slip),
        None => failure.hint("'props get REF' shows what an image has"),
    })
}
