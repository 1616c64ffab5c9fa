//! Which files are there to count.
//!
//! The rules are pygount's: links are not followed, hidden files and folders, editors' copies and a few folders of
//! other tools are passed over. A path that was named is counted whatever it is called.

use std::io;
use std::path::{Path, PathBuf};

use tracing::debug;
use walkdir::{DirEntry, WalkDir};

use crate::error::CountError;
use crate::language::{self, Language};

/// A file of source code.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) language: Language,
    /// Bytes.
    pub(crate) size: u64,
}

/// What was found under the paths.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each file once, in the order of its path's bytes, so that of two equal files it is always the same that counts.
    pub(crate) files: Vec<SourceFile>,
    /// How many files are no source code, by their suffix.
    pub(crate) other: usize,
}

/// All files at and below `roots`.
pub(crate) fn find(roots: &[PathBuf]) -> Result<Found, CountError> {
    let mut found = Found::default();
    for root in roots {
        // walkdir reports a missing root like any other error on its way.
        std::fs::metadata(root).map_err(|source| unreachable_root(root, source))?;
        let walk = WalkDir::new(root).into_iter().filter_entry(|entry| !is_skipped(entry));
        for entry in walk {
            let entry = entry.map_err(|error| unreadable(error, root))?;
            add(&entry, &mut found)?;
        }
    }
    found.files.sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
    found.files.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

fn add(entry: &DirEntry, found: &mut Found) -> Result<(), CountError> {
    // A link that was named itself is followed; its entry still says that it is one.
    let named_link = entry.depth() == 0 && entry.path_is_symlink() && entry.path().is_file();
    if !entry.file_type().is_file() && !named_link {
        return Ok(());
    }
    let Some(language) = language::of(entry.path()) else {
        debug!("{}: no source code, by its name", entry.path().display());
        found.other += 1;
        return Ok(());
    };
    let size = std::fs::metadata(entry.path())
        .map_err(|source| CountError::Unreadable { path: entry.path().to_owned(), source })?
        .len();
    found.files.push(SourceFile { path: entry.path().to_owned(), language, size });
    Ok(())
}

fn is_skipped(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    entry.depth() > 0
        && if entry.file_type().is_dir() {
            name.starts_with(b".") || name == b"_svn" || name == b"__pycache__"
        } else {
            name.starts_with(b".") || name.ends_with(b"~")
        }
}

fn unreachable_root(root: &Path, source: io::Error) -> CountError {
    let path = root.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => CountError::Missing { path, source },
        _ => CountError::Unreadable { path, source },
    }
}

fn unreadable(error: walkdir::Error, root: &Path) -> CountError {
    let path = error.path().unwrap_or(root).to_owned();
    CountError::Unreadable { path, source: error.into() }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path, roots: &[&str]) -> Vec<String> {
        let roots: Vec<_> = roots.iter().map(|root| folder.join(root)).collect();
        let found = find(&roots).unwrap();
        let relative = |file: &SourceFile| file.path.strip_prefix(folder).unwrap().display().to_string();
        found.files.iter().map(relative).collect()
    }

    #[test]
    fn hidden_and_foreign_folders_copies_and_links_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "b.py",
            "a/b.py",
            "a-b.py",
            "a/deep/c.rs",
            ".hidden.py",
            ".git/x.py",
            "_svn/x.py",
            "__pycache__/x.py",
            "old.py~",
            "notes.md",
            "venv/x.py",
            "..dots/x.py",
        ];
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x\n").unwrap();
        }
        std::os::unix::fs::symlink("b.py", folder.path().join("link.py")).unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
        assert_eq!(names(folder.path(), &[""]), ["a-b.py", "a/b.py", "a/deep/c.rs", "b.py", "venv/x.py"]);
        assert_eq!(find(&[folder.path().to_owned()]).unwrap().other, 1, "notes.md");
        assert_eq!(names(folder.path(), &["a", "a/b.py"]), ["a/b.py", "a/deep/c.rs"], "each file once");
        assert_eq!(
            names(folder.path(), &[".git", "link.py"]),
            [".git/x.py", "link.py"],
            "what is named counts"
        );
    }

    #[test]
    fn a_path_through_a_file_is_unreadable() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.py"), "x\n").unwrap();
        let error = find(&[folder.path().join("a.py/b.py")]).unwrap_err();
        assert!(matches!(error, CountError::Unreadable { path, .. } if path.ends_with("b.py")));
    }

    #[test]
    fn a_missing_path_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(&[folder.path().to_owned(), folder.path().join("src")]).unwrap_err();
        assert!(matches!(error, CountError::Missing { path, .. } if path.ends_with("src")));
    }
}
