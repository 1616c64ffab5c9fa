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
    let wanted: Vec<_> = find.marks.iter().map(ToString::to_string).collect();
    let wanted = wanted.join(" and ");
    if let Some(required) = &find.require_digest {
        let others = images.iter().filter(|image| image.digest != *required);
        let others: Vec<_> = others.map(|image| format!("{} ({})", image.tag, image.digest)).collect();
        if !others.is_empty() {
            return Err(Failure::no(format!(
                "not {required} alone has {wanted} in {}: {}",
                find.repository,
                others.join(", ")
            ))
            .hint("'props unset' takes a mark off one image, 'props move' off all but one"));
        }
    }
    if !images.is_empty() {
        return Ok(Exit::Done);
    }
    let failure = Failure::no(format!("no image of {} has {wanted}", find.repository));
    Err(match backend.likely_slip(keys(&find.marks)).await {
        Some(slip) => failure.hint(slip),
        None => failure.hint("'props get REF' shows what an image has"),
    })
}
