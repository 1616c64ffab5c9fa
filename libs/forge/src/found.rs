//! A release as it was found on a forge.

use crate::Release;

/// A release, and what the forge needs to know to change it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The release.
    pub release: Release,
    /// The ids of its assets, in their order, or of the release itself where it has only that.
    pub(crate) ids: Vec<String>,
    /// Whether the commit of the tag cannot be changed by changing the release.
    pub has_fixed_tag: bool,
}
