//! What a forge can do, in GitLab's terms: it keeps releases, says what runs where, shows badges and pages. [`Forge`] is
//! the one face; behind it is a GitLab project, a GitHub repository, or a directory, for which no server is needed.
//!
//! The model ([`Release`], [`Asset`], …) is checked when it is put together, so that whatever reached it, from a command
//! line or from a forge, is safe to show. How a releases page looks is up to the tools.

mod address;
mod asset;
mod badge;
mod description;
mod directory;
mod environment;
mod error;
mod forge;
mod found;
mod github;
mod gitlab;
mod image;
mod page_of_html;
mod plan;
mod proposal;
mod record;
mod recording;
mod release;
mod start;
mod tag;
mod timestamp;
mod web;

pub use address::{Address, NoneFound, Variables};
pub use asset::{Asset, LinkType};
pub use badge::Badge;
pub use directory::Directory;
pub use environment::{Deployment, Environment, Environments, EnvironmentsRecord};
pub use error::{Error, Invalid};
pub use forge::{Forge, Opening, Saving, Stored};
pub use found::Found;
pub use github::Github;
pub use gitlab::Gitlab;
pub use image::Image;
pub use proposal::{MergeMethod, Merging, Proposal, Proposed, ProposedFile};
pub use record::ReleaseRecord;
pub use release::{Draft, LONGEST_DESCRIPTION, Release};
pub use start::{Pipeline, Workflow, start_pipeline, start_workflow, trigger_address};
pub use tag::{Ref, Tag};
pub use timestamp::Timestamp;
pub use web::Web;

/// What a write does, or did, to the thing it is about. Ordered by how much happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was like that already; nothing was touched.
    Unchanged,
    /// It was there, and is different now.
    Updated,
    /// It was not there before.
    Created,
}
