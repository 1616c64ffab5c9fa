//! The images that the services of a file pull, where they are written.

use std::collections::HashSet;

use tracing::warn;
use yaml_splice::{Node, Path};

use crate::compose::{Compose, standing};
use crate::source::Source;

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

impl UsedImage<'_> {
    /// Says why it stays as it is.
    pub(crate) fn is_kept(&self, source: &Source, reason: &str) {
        warn!("{source}: {}: '{}' keeps {}: {reason}", self.node.position(), self.service, self.text);
    }
}

/// All of them, in the order of the services. Images that are built here are not pulled, so they are left out.
pub(crate) fn used_images<'y>(compose: &Compose<'y>) -> Vec<UsedImage<'y>> {
    let mut seen = HashSet::new();
    let mut images = Vec::new();
    for service in &compose.services {
        let build = compose.merged(*service, "build").filter(|build| !build.is_unknown());
        let Some(image) = standing(service.node, "image").filter(|_| build.is_none()) else {
            continue;
        };
        let value: Node<'y> = image.value;
        let Some(text) = value.as_str().filter(|text| !text.is_empty() && !value.is_null()) else {
            continue;
        };
        // An alias is one more way to write it where it is anchored.
        if seen.insert(value.identity()) {
            let path = value.target().path();
            images.push(UsedImage { service: service.name, text, path, node: value });
        }
    }
    images
}
