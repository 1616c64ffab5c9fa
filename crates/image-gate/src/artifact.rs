//! Brings reports back out of a container.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use bollard::query_parameters::DownloadFromContainerOptionsBuilder;
use contract::Failure;
use futures_util::StreamExt;
use tar::EntryType;
use tracing::{debug, info, warn};

use crate::engine::{Engine, is_absent};
use crate::upload::no_temporary;
use crate::values::Artifact;

/// Fetches a file into the folder, or what is in a folder. What is not there is told of: a gate that fails early has
/// written no report.
pub(crate) async fn fetch(
    engine: &Engine,
    container: &str,
    workdir: &str,
    artifact: &Artifact,
) -> Result<(), Failure> {
    let path = if artifact.path.starts_with('/') {
        artifact.path.clone()
    } else {
        format!("{}/{}", workdir.trim_end_matches('/'), artifact.path)
    };
    let attempt = format!("bring {path} back from the container");
    let local = |error: io::Error| {
        Failure::failed(format!("cannot write {path} of the container to {}", artifact.directory.display()))
            .because(error)
    };
    let options = DownloadFromContainerOptionsBuilder::new().path(&path).build();
    let mut stream = std::pin::pin!(engine.api.download_from_container(container, Some(options)));
    // On disk: a report may be larger than memory.
    let mut file = tempfile::tempfile().map_err(no_temporary).map_err(local)?;
    while let Some(piece) = stream.next().await {
        match piece {
            Ok(piece) => file.write_all(&piece).map_err(local)?,
            Err(error) if is_absent(&error) => {
                warn!("there is no {path} in the container");
                return Ok(());
            }
            Err(error) => return Err(engine.failure(&attempt, error)),
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(local)?;
    let count = unpack(file, &artifact.directory).map_err(local)?;
    info!("{path} of the container: {count} files in {}", artifact.directory.display());
    Ok(())
}

/// Unpacks an archive with one file, or one folder whose content is wanted. Only files and folders: a link of a container
/// leads nowhere here.
fn unpack(file: File, directory: &Path) -> io::Result<usize> {
    fs::create_dir_all(directory)?;
    let mut archive = tar::Archive::new(file);
    let (mut root, mut count) = (None, 0);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = sound(&entry.path()?)?;
        let kind = entry.header().entry_type();
        let is_folder = kind == EntryType::Directory;
        let root = root.get_or_insert_with(|| if is_folder { path.clone() } else { PathBuf::new() });
        let below = path.strip_prefix(&*root).map_err(io::Error::other)?;
        let target = directory.join(below);
        if is_folder {
            fs::create_dir_all(&target)?;
        } else if kind == EntryType::Regular {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            let mode = entry.header().mode()? & 0o777 | 0o600;
            // What is there goes first: it may be a link.
            match fs::remove_file(&target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut out = File::options().write(true).create_new(true).mode(mode).open(&target)?;
            io::copy(&mut entry, &mut out)?;
            count += 1;
        } else {
            debug!("{} is neither file nor folder and stays behind", path.display());
        }
    }
    Ok(count)
}

/// Nothing above the folder it is unpacked in.
fn sound(path: &Path) -> io::Result<PathBuf> {
    let parts: Option<PathBuf> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| if let Component::Normal(name) = part { Some(name) } else { None })
        .collect();
    parts.ok_or_else(|| io::Error::other(format!("the engine's archive holds {}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, EntryType, &str)]) -> File {
        let mut builder = tar::Builder::new(tempfile::tempfile().unwrap());
        for (path, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.set_size(content.len() as u64);
            // Past the checks of the library, as somebody with bad intent would.
            header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        let mut file = builder.into_inner().unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    #[test]
    fn a_folder_gives_what_is_in_it_and_a_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("a/b");
        let entries = [
            ("out/", EntryType::Directory, ""),
            ("out/junit.xml", EntryType::Regular, "<x/>"),
            ("out/html/", EntryType::Directory, ""),
            ("out/html/index.html", EntryType::Regular, "<p>"),
            ("out/link", EntryType::Symlink, ""),
        ];
        assert_eq!(unpack(archive(&entries), &out).unwrap(), 2);
        assert_eq!(fs::read_to_string(out.join("html/index.html")).unwrap(), "<p>");
        assert!(!out.join("link").exists());
        assert_eq!(unpack(archive(&[("junit.xml", EntryType::Regular, "again")]), &out).unwrap(), 1);
        assert_eq!(fs::read_to_string(out.join("junit.xml")).unwrap(), "again");
    }

    #[test]
    fn nothing_is_written_above_the_folder_or_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        for path in ["../evil", "x/../../evil"] {
            assert!(unpack(archive(&[(path, EntryType::Regular, "x")]), &out).is_err(), "{path}");
        }
        std::os::unix::fs::symlink("../evil", out.join("link")).unwrap();
        unpack(archive(&[("link", EntryType::Regular, "x")]), &out).unwrap();
        assert!(!folder.path().join("evil").exists());
    }
}
