//! Files of ours on their way into an engine, as a tar archive.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::Stream;
use tar::{Builder, EntryType, Header, HeaderMode};

/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// What is wrong where files of ours, which may be larger than memory, have no place: in an image without `/tmp`.
pub(crate) fn no_temporary(error: io::Error) -> io::Error {
    let folder = std::env::temp_dir();
    io::Error::new(
        error.kind(),
        format!(
            "there is no place for a temporary file in {} (TMPDIR names another folder): {error}",
            folder.display()
        ),
    )
}

/// An archive that is being written, in a temporary file: a folder may be larger than memory.
pub(crate) struct Archive {
    builder: Builder<File>,
    owner: (u64, u64),
}

impl Archive {
    /// An empty one, all of whose files belong to this user and group.
    pub(crate) fn new(owner: (u64, u64)) -> io::Result<Self> {
        let file = tempfile::tempfile().map_err(no_temporary)?;
        Ok(Self { builder: Builder::new(file), owner })
    }

    /// Adds a file, or a folder with all that `wanted` wants of it; that gets paths seen from `source`.
    pub(crate) fn add(
        &mut self,
        source: &Path,
        target: &Path,
        wanted: &dyn Fn(&Path, bool) -> Wanted,
    ) -> io::Result<()> {
        let metadata = fs::metadata(source).map_err(|error| at(source, &error))?;
        if metadata.is_dir() {
            if target.components().next().is_some() {
                self.entry(&metadata, target, EntryType::Directory, None)?;
            }
            self.folder(source, Path::new(""), target, wanted)
        } else {
            self.file(source, target, &metadata)
        }
    }

    fn folder(
        &mut self,
        source: &Path,
        below: &Path,
        target: &Path,
        wanted: &dyn Fn(&Path, bool) -> Wanted,
    ) -> io::Result<()> {
        let folder = source.join(below);
        let entries = fs::read_dir(&folder).map_err(|error| at(&folder, &error))?;
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        // The same files make the same archive, so that a build finds its cache.
        names.sort();
        for name in names {
            let (below, target) = (below.join(&name), target.join(&name));
            let path = source.join(&below);
            let metadata = fs::symlink_metadata(&path).map_err(|error| at(&path, &error))?;
            let is_folder = metadata.is_dir();
            let choice = wanted(&below, is_folder);
            if is_folder {
                if choice == Wanted::Yes {
                    self.entry(&metadata, &target, EntryType::Directory, None)?;
                }
                if choice != Wanted::No {
                    self.folder(source, &below, &target, wanted)?;
                }
            } else if choice == Wanted::Yes {
                self.file(&path, &target, &metadata)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, target: &Path, metadata: &Metadata) -> io::Result<()> {
        if metadata.is_symlink() {
            let link = fs::read_link(path).map_err(|error| at(path, &error))?;
            return self.entry(metadata, target, EntryType::Symlink, Some(&link));
        }
        if !metadata.is_file() {
            tracing::debug!("{} is no file and stays here", path.display());
            return Ok(());
        }
        let file = File::open(path).map_err(|error| at(path, &error))?;
        let mut header = self.header(metadata, EntryType::Regular);
        // A file that grows meanwhile would break the archive.
        let length = metadata.len();
        header.set_size(length);
        self.builder.append_data(&mut header, target, file.take(length).chain(io::empty()))?;
        Ok(())
    }

    fn entry(
        &mut self,
        metadata: &Metadata,
        target: &Path,
        kind: EntryType,
        link: Option<&Path>,
    ) -> io::Result<()> {
        let mut header = self.header(metadata, kind);
        header.set_size(0);
        match link {
            Some(link) => self.builder.append_link(&mut header, target, link),
            None => self.builder.append_data(&mut header, target, io::empty()),
        }
    }

    fn header(&self, metadata: &Metadata, kind: EntryType) -> Header {
        let mut header = Header::new_gnu();
        header.set_metadata_in_mode(metadata, HeaderMode::Complete);
        header.set_entry_type(kind);
        header.set_mode(metadata.mode() & 0o7777);
        header.set_uid(self.owner.0);
        header.set_gid(self.owner.1);
        // Names are looked at before numbers, where they are known.
        let _ = header.set_username("").and_then(|()| header.set_groupname(""));
        header
    }

    /// The body of a request.
    pub(crate) fn into_stream(self) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static> {
        let mut file = self.builder.into_inner()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(futures_util::stream::unfold(Some(file), |file| async move {
            let mut file = file?;
            let mut piece = vec![0; PIECE];
            // A temporary file that was just written is in memory, or nearly.
            match file.read(&mut piece) {
                Ok(0) => None,
                Ok(length) => {
                    piece.truncate(length);
                    Some((Ok(Bytes::from(piece)), Some(file)))
                }
                Err(error) => Some((Err(error), None)),
            }
        }))
    }
}

/// Is a file or folder part of the archive?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Yes,
    No,
    /// The folder is not, but something in it may be.
    Inside,
}

/// All of it.
pub(crate) fn everything(_: &Path, _: bool) -> Wanted {
    Wanted::Yes
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The path that something gets in an archive that is unpacked at the root.
pub(crate) fn from_root(path: &str) -> PathBuf {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}
