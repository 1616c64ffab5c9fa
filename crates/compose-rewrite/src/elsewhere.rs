//! What compose reads besides the files that were given, so that nobody takes it for changed.

use tracing::warn;

use crate::compose::{Compose, Effective, Inherited};
use crate::source::Source;

/// The files that are included and were not given.
pub(crate) fn not_given<'y>(compose: &Compose<'y>) -> Vec<&'y str> {
    compose.includes.iter().copied().filter(|file| !compose.place.is_given(file)).collect()
}

/// Warns of them.
pub(crate) fn warn_of_includes(compose: &Compose<'_>, source: &Source) {
    for file in not_given(compose) {
        warn!("{source}: {}", left_alone(file));
    }
}

/// What to say about a file that is included.
pub(crate) fn left_alone(file: &str) -> String {
    format!("it includes {file}, which stays as it is; name that file too to change it")
}

/// Warns of images that come from files which were not given.
pub(crate) fn warn_of_images(compose: &Compose<'_>, source: &Source) {
    warn_of_includes(compose, source);
    for service in &compose.services {
        let image = compose.merged(*service, "image");
        let is_built = compose.merged(*service, "build").is_some_and(|build| !build.is_unknown());
        let Some(Effective::Inherited(Inherited::OtherFile { from, file, brought })) = image else {
            continue;
        };
        if !is_built && !compose.place.is_given(file) {
            let image = brought.and_then(|brought| brought.text).unwrap_or_else(|| "its image".into());
            warn!(
                "{source}: '{}' keeps {image}, which comes from '{from}' in {file}; name that file too",
                service.name
            );
        }
    }
}
