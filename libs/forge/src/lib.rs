//! What a forge can do, in GitLab's terms: it keeps releases and shows files to the world. [`Forge`] is the one face;
//! behind it is a directory, for which no server is needed.
//!
//! The model ([`Release`], [`Asset`], …) is checked when it is put together, so that whatever reached it, from a command
//! line or from a forge, is safe to show. How a releases page looks is up to the tools.

mod address;
mod asset;
mod directory;
mod error;
mod image;
mod record;
mod release;
mod tag;
mod timestamp;

pub use address::Address;
pub use asset::{Asset, LinkType};
pub use directory::Directory;
pub use error::{Error, Invalid};
pub use image::Image;
pub use record::ReleaseRecord;
pub use release::{Draft, LONGEST_DESCRIPTION, Release};
pub use tag::{Ref, Tag};
pub use timestamp::Timestamp;

/// Where releases are kept.
#[derive(Debug)]
pub enum Forge {
    /// In a directory of this machine.
    Directory(Directory),
}

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

impl Forge {
    /// The forge at an address. Nothing is written.
    ///
    /// # Errors
    /// [`Error::NoDirectory`] when something else is where the directory should be.
    pub fn open(address: &Address) -> Result<Self, Error> {
        match address {
            Address::Directory(path) => Directory::open(path).map(Self::Directory),
        }
    }

    /// All releases, newest version first; see [`Release::newest_first`].
    ///
    /// # Errors
    /// When they cannot be read, or one of them is not in order.
    pub fn releases(&self) -> Result<Vec<Release>, Error> {
        match self {
            Self::Directory(directory) => directory.releases(),
        }
    }

    /// Creates the release of this tag, or replaces the one that is there.
    ///
    /// # Errors
    /// When it cannot be written; what was there before is then still there.
    pub fn save(&self, release: &Release) -> Result<(), Error> {
        match self {
            Self::Directory(directory) => directory.save(release),
        }
    }

    /// Where the release of this tag is kept, for people.
    pub fn location(&self, tag: &Tag) -> String {
        match self {
            Self::Directory(directory) => directory.record_path(tag).display().to_string(),
        }
    }

    /// What [`Forge::publish`] would do.
    ///
    /// # Errors
    /// When the file that is there cannot be read.
    pub fn compare(&self, file: &str, content: &[u8]) -> Result<Change, Error> {
        match self {
            Self::Directory(directory) => directory.compare(file, content),
        }
    }

    /// Shows a file to the world, under this name.
    ///
    /// # Errors
    /// When it cannot be written; what was there before is then still there.
    pub fn publish(&self, file: &str, content: &[u8]) -> Result<(), Error> {
        match self {
            Self::Directory(directory) => directory.publish(file, content),
        }
    }

    /// Where a published file is found, for people.
    pub fn public_location(&self, file: &str) -> String {
        match self {
            Self::Directory(directory) => directory.public_path(file).display().to_string(),
        }
    }
}
