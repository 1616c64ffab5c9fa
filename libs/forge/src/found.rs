//! A release as it was found on a forge.

use crate::description::split;
use crate::{Asset, Draft, Ref, Release, Tag, Timestamp};

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

/// What a server tells about a release.
pub(crate) struct Told {
    pub(crate) tag: String,
    pub(crate) name: Option<String>,
    /// The notes, and what stands below them.
    pub(crate) text: Option<String>,
    pub(crate) released_at: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) milestones: Vec<String>,
    /// Its links; none where they stand below the notes.
    pub(crate) links: Option<Vec<Asset>>,
    pub(crate) ids: Vec<String>,
}

impl Told {
    /// What of it we could have made: the rest is left out, and so stays as it is. None when nothing is left.
    pub(crate) fn found(self) -> Option<Found> {
        let tag: Tag = self.tag.parse().ok()?;
        let (description, image, below) = split(&self.text.unwrap_or_default());
        let name = self.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| tag.to_string());
        let time = self.released_at.as_deref().and_then(|time| time.parse().ok());
        let draft = Draft {
            name: name.replace(char::is_control, " "),
            git_ref: self.commit.and_then(|id| id.parse::<Ref>().ok()),
            description,
            released_at: time.unwrap_or(Timestamp::EPOCH),
            image,
            milestones: self.milestones,
            assets: self.links.unwrap_or(below),
            tag,
        };
        let release =
            Release::new(draft).map_err(|error| tracing::warn!("passing over a release: {error}")).ok()?;
        Some(Found { release, ids: self.ids, has_fixed_tag: true })
    }
}
