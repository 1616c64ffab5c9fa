//! An OCI image layout: a directory that is a registry (image-spec, image-layout.md).
//!
//! Blobs are named by their digest and appear whole, by a rename. `index.json` says which tag leads where; it is read,
//! changed and replaced under a lock on `oci-layout`, so that writers at the same time lose nothing.

mod referrers;

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use contract::file;
use futures_util::stream::unfold;
use serde_json::{Map, Value, json};

use crate::{Blob, Descriptor, Digest, Error, Manifest, Tag, Which};

pub(crate) const MARKER: &str = "oci-layout";
const INDEX: &str = "index.json";
/// Why a directory that is not there is no layout.
pub(crate) const ABSENT: &str = "there is no such directory";
/// The annotation that names an entry of the index: its tag.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The folders below `blobs`.
const ALGORITHMS: [&str; 2] = ["sha256", "sha512"];
const CHUNK: usize = 256 * 1024;

/// An OCI image layout directory. It need not exist before something is written to it.
#[derive(Clone, Debug)]
pub struct Layout {
    directory: PathBuf,
}

impl Layout {
    /// The layout in this directory. Nothing is read yet.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn name(&self, which: &Which) -> String {
        match which {
            Which::Tag(tag) => format!("oci:{}:{tag}", self.directory.display()),
            Which::Digest(digest) => format!("oci:{}@{digest}", self.directory.display()),
        }
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.directory.join("blobs").join(digest.algorithm()).join(digest.hex())
    }

    /// Reads a manifest or index, and checks that it is what its digest says.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such image, [`Error::Layout`] when the directory is no layout.
    pub fn manifest(&self, which: &Which) -> Result<Manifest, Error> {
        let index = self.index()?;
        let what = self.name(which);
        let digest = match which {
            Which::Digest(digest) => digest.clone(),
            Which::Tag(tag) => index
                .find(tag)
                .map(|entry| entry.digest)
                .ok_or_else(|| Error::NotFound { what: what.clone() })?,
        };
        let bytes = match fs::read(self.blob_path(&digest)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(match which {
                    Which::Digest(_) => Error::NotFound { what },
                    Which::Tag(_) => Error::Missing { what: self.name(&Which::Digest(digest)) },
                });
            }
            Err(source) => {
                return Err(Error::File { action: "read", path: self.blob_path(&digest), source });
            }
        };
        if !digest.matches(&bytes) {
            return Err(Error::Digest { what, expected: digest, found: Digest::of(&bytes) });
        }
        let told =
            index.entries().into_iter().find(|entry| entry.digest == digest).map(|entry| entry.media_type);
        let manifest = Manifest::parse(bytes.into(), told.as_deref(), &what)?;
        Ok(match which {
            Which::Digest(digest) => manifest.known_as(digest),
            Which::Tag(_) => manifest,
        })
    }

    /// The digest a tag leads to, or none when there is no such tag or no such directory yet.
    ///
    /// # Errors
    /// When the directory holds something else.
    pub fn resolve(&self, tag: &Tag) -> Result<Option<Digest>, Error> {
        if self.is_vacant()? { Ok(None) } else { Ok(self.index()?.find(tag).map(|entry| entry.digest)) }
    }

    /// The tags, in the order of the index, with the digests they lead to.
    ///
    /// # Errors
    /// When the directory is no layout.
    pub fn tags(&self) -> Result<Vec<(Tag, Digest)>, Error> {
        let entries = self.index()?.entries();
        Ok(entries.into_iter().filter_map(|entry| Some((entry.tag?, entry.digest))).collect())
    }

    /// Is the manifest or index with this digest there?
    pub fn has_manifest(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Is this blob there, with its size?
    pub fn has_blob(&self, descriptor: &Descriptor) -> bool {
        fs::metadata(self.blob_path(&descriptor.digest)).is_ok_and(|known| known.len() == descriptor.size)
    }

    /// Begins to read a blob.
    ///
    /// # Errors
    /// When it is not there.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let path = self.blob_path(&descriptor.digest);
        let what = self.name(&Which::Digest(descriptor.digest.clone()));
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Error::Missing { what }),
            Err(source) => {
                return Err(Error::File { action: "read", path, source });
            }
        };
        let stream = unfold(Some((file, path)), |state| async {
            let (mut file, path) = state?;
            let mut chunk = vec![0; CHUNK];
            match file.read(&mut chunk) {
                Ok(0) => None,
                Ok(length) => {
                    chunk.truncate(length);
                    Some((Ok(Bytes::from(chunk)), Some((file, path))))
                }
                Err(source) => Some((Err(Error::File { action: "read", path, source }), None)),
            }
        });
        Ok(Blob::checked(descriptor, what, stream))
    }

    /// Makes the directory a layout, unless it is one, and takes away what runs that were cut off have left in it.
    ///
    /// # Errors
    /// When it holds something else already, or cannot be written.
    pub fn create(&self) -> Result<(), Error> {
        if !self.is_vacant()? {
            self.index()?;
            self.clear_abandoned();
            return Ok(());
        }
        let blobs = self.directory.join("blobs").join("sha256");
        fs::create_dir_all(&blobs).map_err(writing(&blobs))?;
        self.clear_abandoned();
        // The marker comes last: without it, this is no layout yet, and the next run begins again.
        if !self.directory.join(INDEX).exists() {
            let empty =
                json!({ "schemaVersion": 2, "mediaType": crate::media_type::OCI_INDEX, "manifests": [] });
            self.write(INDEX, &empty)?;
        }
        self.write(MARKER, &json!({ "imageLayoutVersion": "1.0.0" }))
    }

    /// Writes a blob. What was there under its digest is what its digest says, so it is left alone.
    ///
    /// # Errors
    /// When reading fails, the content is not what its digest says, or the disk is full; the blob is then not there.
    pub async fn put_blob(&self, mut blob: Blob) -> Result<(), Error> {
        let path = self.blob_path(&blob.descriptor.digest);
        let temporary = self.temporary(&path)?;
        while let Some(bytes) = blob.next().await {
            // Not through the temporary file itself, which adds its own name to errors.
            temporary.as_file().write_all(&bytes?).map_err(writing(&path))?;
        }
        self.keep(temporary, &path)
    }

    /// Writes bytes as a blob, unless they are there, and returns their digest.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Digest, Error> {
        let digest = Digest::of(bytes);
        self.put_known(bytes, &digest)?;
        Ok(digest)
    }

    fn put_known(&self, bytes: &[u8], digest: &Digest) -> Result<(), Error> {
        let path = self.blob_path(digest);
        if fs::read(&path).ok().as_deref() != Some(bytes) {
            let temporary = self.temporary(&path)?;
            temporary.as_file().write_all(bytes).map_err(writing(&path))?;
            self.keep(temporary, &path)?;
        }
        Ok(())
    }

    /// Writes a manifest as a blob and, under a tag, names it in the index.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn put_manifest(&self, manifest: &Manifest, which: &Which) -> Result<(), Error> {
        self.put_known(manifest.bytes(), manifest.digest())?;
        match which {
            Which::Digest(_) => Ok(()),
            Which::Tag(tag) => self.change_index(|index| index.set(tag, manifest)),
        }
    }

    /// Takes a tag out of the index. The content it led to stays.
    ///
    /// # Errors
    /// When the directory is no layout or cannot be written.
    pub fn remove_tag(&self, tag: &Tag) -> Result<(), Error> {
        self.change_index(|index| index.remove(tag))
    }

    fn change_index(&self, change: impl FnOnce(&mut Index)) -> Result<(), Error> {
        let marker = self.directory.join(MARKER);
        let lock = File::open(&marker).map_err(|source| Error::File {
            action: "open",
            path: marker.clone(),
            source,
        })?;
        lock.lock().map_err(|source| Error::File { action: "lock", path: marker, source })?;
        let mut index = self.index()?;
        change(&mut index);
        // The names of the blobs have to be on the disk before the index that leads to them, whatever order the file
        // system would choose; and the index before anybody is told.
        for algorithm in ALGORITHMS {
            sync(&self.directory.join("blobs").join(algorithm));
        }
        self.write(INDEX, &Value::Object(index.0))?;
        sync(&self.directory);
        Ok(())
        // The lock goes with the file.
    }

    fn clear_abandoned(&self) {
        file::clear_abandoned(&self.directory);
        for algorithm in ALGORITHMS {
            file::clear_abandoned(&self.directory.join("blobs").join(algorithm));
        }
    }

    /// Is there nothing here yet: no directory, or an empty one, or one whose first writer was cut off?
    ///
    /// # Errors
    /// When the directory cannot be looked into.
    pub fn is_vacant(&self) -> Result<bool, Error> {
        let names = match fs::read_dir(&self.directory) {
            Ok(entries) => {
                entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => Err(error),
        };
        let names = names.map_err(|error| Error::Layout {
            directory: self.directory.clone(),
            reason: error.to_string(),
        })?;
        let begun = |name: &std::ffi::OsString| {
            name == "blobs" || name == INDEX || name.to_string_lossy().starts_with(file::TEMPORARY)
        };
        Ok(names.iter().all(begun))
    }

    fn index(&self) -> Result<Index, Error> {
        let wrong = |reason: String| Error::Layout { directory: self.directory.clone(), reason };
        if !self.directory.exists() {
            return Err(wrong(ABSENT.into()));
        }
        let marker =
            fs::read(self.directory.join(MARKER)).map_err(|error| wrong(format!("{MARKER}: {error}")))?;
        let marker: Value =
            serde_json::from_slice(&marker).map_err(|error| wrong(format!("{MARKER}: {error}")))?;
        match marker.get("imageLayoutVersion").and_then(Value::as_str) {
            Some("1.0.0") => {}
            version => {
                let version = version.unwrap_or("none");
                return Err(wrong(format!("{MARKER} gives it the version {version}; only 1.0.0 is known")));
            }
        }
        let text =
            fs::read(self.directory.join(INDEX)).map_err(|error| wrong(format!("{INDEX}: {error}")))?;
        match serde_json::from_slice(&text) {
            Ok(Value::Object(index)) if index.get("manifests").is_some_and(Value::is_array) => {
                Ok(Index(index))
            }
            Ok(_) => Err(wrong(format!("{INDEX} has no list of manifests"))),
            Err(error) => Err(wrong(format!("{INDEX}: {error}"))),
        }
    }

    fn write(&self, name: &str, value: &Value) -> Result<(), Error> {
        let path = self.directory.join(name);
        file::replace(&path, value.to_string().as_bytes()).map(drop).map_err(writing(&path))
    }

    fn temporary(&self, path: &Path) -> Result<tempfile::NamedTempFile, Error> {
        let folder = path.parent().unwrap_or(&self.directory);
        fs::create_dir_all(folder).map_err(writing(folder))?;
        file::temporary_in(folder).map_err(writing(folder))
    }

    /// Synced before it gets its name: an index must never name what a power cut took.
    fn keep(&self, temporary: tempfile::NamedTempFile, path: &Path) -> Result<(), Error> {
        temporary.as_file().sync_all().map_err(writing(path))?;
        temporary.persist(path).map(drop).map_err(|error| writing(path)(error.error))
    }
}

/// Brings the names in a folder to the disk, as far as the file system knows how.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        // Not every file system can do this for folders, and content is synced by itself.
        drop(folder.sync_all());
    }
}

fn writing(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |source| Error::File { action: "write", path: path.to_owned(), source }
}

/// `index.json`: kept as it was read, so that what other tools put there stays.
struct Index(Map<String, Value>);

struct Entry {
    tag: Option<Tag>,
    digest: Digest,
    media_type: String,
}

impl Index {
    /// The entries that make sense; others are some other tool's business.
    fn entries(&self) -> Vec<Entry> {
        let manifests = self.0.get("manifests").and_then(Value::as_array);
        manifests.into_iter().flatten().filter_map(Entry::read).collect()
    }

    fn find(&self, tag: &Tag) -> Option<Entry> {
        self.entries().into_iter().find(|entry| entry.tag.as_ref() == Some(tag))
    }

    fn remove(&mut self, tag: &Tag) {
        if let Some(Value::Array(manifests)) = self.0.get_mut("manifests") {
            manifests.retain(|entry| Entry::read(entry).is_none_or(|entry| entry.tag.as_ref() != Some(tag)));
        }
    }

    /// Names a manifest that has no tag, unless it is named already.
    fn list(&mut self, manifest: &Manifest) {
        if self.entries().iter().any(|entry| entry.digest == *manifest.digest()) {
            return;
        }
        if let Some(Value::Array(manifests)) = self.0.get_mut("manifests") {
            // The type is what other tools look for; the annotations of an index entry are about the entry.
            let mut entry = json!({
                "mediaType": manifest.media_type(),
                "digest": manifest.digest().to_string(),
                "size": manifest.bytes().len(),
            });
            if let Some(artifact_type) = manifest.artifact_type() {
                entry["artifactType"] = json!(artifact_type);
            }
            manifests.push(entry);
        }
    }

    fn set(&mut self, tag: &Tag, manifest: &Manifest) {
        self.remove(tag);
        if let Some(Value::Array(manifests)) = self.0.get_mut("manifests") {
            manifests.push(json!({
                "mediaType": manifest.media_type(),
                "digest": manifest.digest().to_string(),
                "size": manifest.bytes().len(),
                "annotations": { REF_NAME: tag.as_str() },
            }));
        }
    }
}

impl Entry {
    fn read(value: &Value) -> Option<Self> {
        let tag = value
            .get("annotations")
            .and_then(|annotations| annotations.get(REF_NAME))
            .and_then(Value::as_str);
        Some(Self {
            tag: tag.and_then(|tag| tag.parse().ok()),
            digest: value.get("digest")?.as_str()?.parse().ok()?,
            media_type: value.get("mediaType")?.as_str()?.to_owned(),
        })
    }
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "layout_properties.rs"]
mod properties;
