//! Image references, the OCI distribution API and OCI layout directories, behind one face: a [`Store`] is a repository
//! of either kind, with the same verbs.
//!
//! Specifications: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>,
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>. What to copy in which order is up to
//! the tools; here is what one can do with a repository.

mod args;
mod auth;
mod blob;
mod connection;
mod credentials;
mod digest;
mod error;
mod host;
mod layout;
mod manifest;
mod reference;
mod registries;
mod remote;
mod store;

pub use args::{RegistryArgs, typed_reference};
pub use blob::Blob;
pub use digest::{Digest, Hasher, InvalidDigest};
pub use error::Error;
pub use layout::Layout;
pub use manifest::{Content, Descriptor, InvalidPlatform, Manifest, Platform, media_type};
pub use reference::{InvalidReference, InvalidTag, Reference, Repository, Tag, Which};
pub use registries::{Access, Registries};
pub use remote::{Head, Keeping, Listed, Mounted, Referrer, Referrers, Remote, Upload, Written};
pub use store::Store;
