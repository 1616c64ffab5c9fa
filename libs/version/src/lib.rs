//! Versions, their order, ranges of them, and the image tags made of them.
//!
//! Specifications: <https://semver.org/spec/v2.0.0.html> and, for tags,
//! <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>. Where versions come from
//! (git tags, commits, registries) is not known here.

mod args;
mod image_tag;
mod number;
mod range;

pub use args::{Dialect, RangeArgs};
pub use image_tag::{image_tag, version_of_tag};
pub use number::{Bump, InvalidVersion, TooLarge, Version};
pub use range::{InvalidRange, Range, RangeOptions};
