//! Archives that are the same bytes for the same content, on every machine and day.

use std::io::{self, Write};
use std::path::Path;
use std::{env, fs};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// What is put into an archive.
pub(crate) enum Content {
    File { bytes: Vec<u8>, mode: u32 },
    Folder { mode: u32 },
    Link(String),
}

/// Something in an archive, by its path there, without a slash in front.
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) content: Content,
}

impl Entry {
    /// A file as it lies on disk; it may be run if its owner may run it.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(from: &Path, path: &str) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let about = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", from.display()));
        let bytes = fs::read(from).map_err(about)?;
        let may_run = fs::metadata(from).map_err(about)?.permissions().mode() & 0o100 != 0;
        Ok(Self {
            path: path.to_owned(),
            content: Content::File { bytes, mode: if may_run { 0o755 } else { 0o644 } },
        })
    }
}

/// Seconds since 1970 that every date in what is made says: `SOURCE_DATE_EPOCH`
/// (<https://reproducible-builds.org/specs/source-date-epoch/>), else 0.
pub(crate) fn date() -> u64 {
    env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// A tar archive: entries in the order of their paths, owned by root, all of one date.
///
/// # Errors
/// A path is too long for the format.
pub(crate) fn tar(mut entries: Vec<Entry>) -> io::Result<Vec<u8>> {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let mut archive = Builder::new(Vec::new());
    for Entry { path, content } in entries {
        let mut header = Header::new_gnu();
        header.set_mtime(date());
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match content {
            Content::File { bytes, mode } => {
                header.set_mode(mode);
                header.set_size(bytes.len() as u64);
                archive.append_data(&mut header, path, bytes.as_slice())?;
            }
            Content::Folder { mode } => {
                header.set_mode(mode);
                header.set_entry_type(EntryType::Directory);
                archive.append_data(&mut header, format!("{path}/"), io::empty())?;
            }
            Content::Link(target) => {
                header.set_mode(0o777);
                header.set_entry_type(EntryType::Symlink);
                archive.append_link(&mut header, path, target)?;
            }
        }
    }
    archive.into_inner()
}

/// Compressed, with neither name nor date.
///
/// # Errors
/// None that memory does not make.
pub(crate) fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut into = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    into.write_all(bytes)?;
    into.finish()
}

/// An archive with a folder of its own name around what is in it: files, and links to what stands beside them.
///
/// # Errors
/// A file cannot be read, or the archive cannot be written.
pub(crate) fn write(
    out: &Path,
    files: &[(std::path::PathBuf, String)],
    links: &[(String, String)],
) -> io::Result<()> {
    let name = out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = name.trim_end_matches(".tar.gz");
    let files = files.iter().map(|(from, path)| Entry::read(from, &format!("{folder}/{path}")));
    let links = links.iter().map(|(path, target)| {
        Ok(Entry { path: format!("{folder}/{path}"), content: Content::Link(target.clone()) })
    });
    let entries: io::Result<Vec<_>> = files.chain(links).collect();
    fs::write(out, gzip(&tar(entries?)?)?)
}
