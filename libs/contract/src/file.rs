//! Files appear whole or not at all.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// What the names of temporary files begin with.
pub const TEMPORARY: &str = ".pypelines-";

/// What [`replace`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The file has the new content now.
    Written,
    /// It had that content already; nothing was touched.
    Unchanged,
}

/// Gives the file at `path` the content `data`: a temporary file beside it, synced, then renamed over it.
///
/// A symbolic link is followed, so the link stays and its target changes. An existing file keeps its mode, owner and
/// group, a new one gets what the umask leaves of 0666. Equal content writes nothing, so the modification time stays.
///
/// # Errors
/// Any error of the file system, and that the owner cannot be kept; the old content is then still there.
pub fn replace(path: &Path, data: &[u8]) -> io::Result<Replaced> {
    let target = resolve(path)?;
    let known = match fs::metadata(&target) {
        Ok(known) if known.is_file() => {
            if fs::read(&target)? == data {
                return Ok(Replaced::Unchanged);
            }
            Some(known)
        }
        Ok(_) => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = temporary_in(folder)?;
    // Not through the temporary file itself, which adds its own name to errors.
    temporary.as_file().write_all(data)?;
    if let Some(known) = known {
        keep_owner(temporary.as_file(), &known)?;
        // Last, because a change of the owner takes bits of the mode away.
        temporary.as_file().set_permissions(known.permissions())?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|error| error.error)?;
    Ok(Replaced::Written)
}

fn keep_owner(file: &File, known: &Metadata) -> io::Result<()> {
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (known.uid(), known.gid()) {
        return Ok(());
    }
    fchown(file, Some(known.uid()), Some(known.gid()))
        .map_err(|error| io::Error::new(error.kind(), OwnerLost { user: known.uid(), group: known.gid() }))
}

/// The file would be somebody else's.
#[derive(Debug, thiserror::Error)]
#[error("its owner, user {user} and group {group}, cannot be kept")]
struct OwnerLost {
    user: u32,
    group: u32,
}

/// What to do about an error of [`replace`], as a hint.
pub fn advice(error: &io::Error) -> &'static str {
    if error.get_ref().is_some_and(|inner| inner.is::<OwnerLost>()) {
        "run it as that user or as root, or make the file your own before; nothing was written"
    } else {
        "check that its folder is there and may be written to"
    }
}

/// A file without a name of its own yet, to be renamed into place. It goes away if that never happens; if the process is
/// killed, [`clear_abandoned`] takes it away.
///
/// The umask applies to its mode, as it does for any other program's output.
///
/// # Errors
/// Any error of the file system, in the system's own words.
pub fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    // Opened by ourselves: the library's own way adds the temporary name to errors, which means nothing to anybody.
    Builder::new().prefix(TEMPORARY).make_in(folder, |path| {
        let file = File::options().read(true).write(true).create_new(true).mode(0o666).open(path)?;
        // The lock says that somebody is at work here. Who clears up may have come in between: then under another name.
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::AlreadyExists.into()),
            // A file system without locks: then nothing is ever cleared up either.
            Err(TryLockError::Error(_)) => {}
            Ok(()) if file.metadata()?.nlink() == 0 => return Err(io::ErrorKind::AlreadyExists.into()),
            Ok(()) => {}
        }
        Ok(file)
    })
}

/// Removes the temporary files that killed processes have left in this folder, and none that a living one is writing.
///
/// What cannot be removed stays: this is a courtesy, and no error.
pub fn clear_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes());
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        // Locks end with the process that holds them.
        if let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
            && fs::remove_file(entry.path()).is_ok()
        {
            tracing::debug!("removed {}, which a run that was cut off has left", entry.path().display());
        }
    }
}

/// The file a chain of symbolic links leads to; it need not exist yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    // The kernel's own limit; a longer chain is a loop.
    for _ in 0..40 {
        match fs::symlink_metadata(&target) {
            Ok(known) if known.is_symlink() => {
                let link = fs::read_link(&target)?;
                target = target.parent().unwrap_or(Path::new("")).join(link);
            }
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn replaces_keeps_mode_and_writes_nothing_when_equal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        assert_eq!(replace(&path, b"one").unwrap(), Replaced::Written);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert_eq!(replace(&path, b"two").unwrap(), Replaced::Written);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(replace(&path, b"two").unwrap(), Replaced::Unchanged);
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_link_stays_and_its_target_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink("target", &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn who_may_not_keep_the_owner_is_not_sent_to_the_folder() {
        let error = io::Error::new(io::ErrorKind::PermissionDenied, OwnerLost { user: 1, group: 2 });
        assert_eq!(error.to_string(), "its owner, user 1 and group 2, cannot be kept");
        assert!(advice(&error).contains("as that user"));
        assert!(advice(&io::ErrorKind::PermissionDenied.into()).contains("its folder"));
    }

    #[test]
    fn an_error_is_in_the_systems_own_words() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(&folder.path().join("none/f"), b"x").unwrap_err();
        assert_eq!(error.to_string(), "No such file or directory (os error 2)");
    }

    #[test]
    fn a_folder_and_a_loop_of_links_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(replace(folder.path(), b"x").is_err());
        std::os::unix::fs::symlink("loop", folder.path().join("loop")).unwrap();
        assert!(replace(&folder.path().join("loop"), b"x").is_err());
    }

    #[test]
    fn what_a_killed_process_has_left_is_cleared_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let alive = temporary_in(folder.path()).unwrap();
        let (dead, other) = (path(".pypelines-dead"), path("other"));
        fs::write(&dead, "half").unwrap();
        fs::write(&other, "whole").unwrap();
        fs::create_dir(path(".pypelines-folder")).unwrap();
        clear_abandoned(folder.path());
        clear_abandoned(&path("absent"));
        assert!(!dead.exists());
        assert!(alive.path().exists() && other.exists() && path(".pypelines-folder").exists());
        alive.persist(path("kept")).unwrap();
        clear_abandoned(folder.path());
        assert!(path("kept").exists());
    }

    #[test]
    fn who_clears_up_all_the_time_takes_nothing_from_those_who_write() {
        let folder = tempfile::tempdir().unwrap();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    clear_abandoned(folder.path());
                }
            });
            for n in 0..500 {
                let temporary = temporary_in(folder.path()).unwrap();
                temporary.persist(folder.path().join(n.to_string())).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 500);
    }
}
