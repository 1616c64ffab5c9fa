//! The images that the services of a file pull, where they are written.

use std::collections::HashSet;

use yaml_splice::{Node, Path};

use crate::compose::{Compose, is_reset};

/// An image as it is written once; several services may use it through an anchor or `<<`.
#[derive(Debug)]
pub(crate) struct UsedImage<'y> {
    /// The first service that has it.
    pub(crate) service: &'y str,
    pub(crate) text: &'y str,
    pub(crate) path: Path,
    /// Where it is written.
    pub(crate) node: Node<'y>,
}

/// All of them, in the order of the services. Images that are built here are not pulled, so they are left out.
pub(crate) fn used_images<'y>(compose: &Compose<'y>) -> Vec<UsedImage<'y>> {
    let mut seen = HashSet::new();
    let mut images = Vec::new();
    for service in &compose.services {
        let is_built = service.node.get("build").is_some_and(|build| !is_reset(&build.entry));
        let Some(found) = service.node.get("image").filter(|found| !is_built && !is_reset(&found.entry))
        else {
            continue;
        };
        let value: Node<'y> = found.entry.value;
        let Some(text) = value.as_str().filter(|text| !text.is_empty() && !value.is_null()) else {
            continue;
        };
        // An alias is one more way to write it where it is anchored.
        if seen.insert(value.identity()) {
            let path = if found.merged || value.is_alias() {
                value.target().path()
            } else {
                service.path().key("image")
            };
            images.push(UsedImage { service: service.name, text, path, node: value });
        }
    }
    images
}
