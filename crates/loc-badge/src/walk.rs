//! Which files are there to count.
//!
//! The rules are pygount's: links are not followed, hidden files and folders, editors' copies and a few folders of
//! other tools are passed over; and git's ([`crate::ignored`]). A path that was named is counted whatever it is called.
//! The folders are read by all processors at once.

use std::collections::HashSet;
use std::fs::{self, DirEntry, FileType, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::Scope;
use tracing::debug;

use crate::error::CountError;
use crate::ignored::{self, Excludes, Rules};
use crate::language::Language;
use crate::select::Suffixes;

/// A file to count.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: PathBuf,
    pub(crate) language: Language,
    /// Bytes.
    pub(crate) size: u64,
    /// Device and inode.
    identity: (u64, u64),
}

impl SourceFile {
    fn new(path: PathBuf, language: Language, known: &Metadata) -> Self {
        Self { path, language, size: known.len(), identity: (known.dev(), known.ino()) }
    }
}

/// What was found under the paths.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each file once, in the order of its path's bytes, so that of two equal files it is always the same that counts.
    pub(crate) files: Vec<SourceFile>,
    /// How many files are not among the languages or suffixes.
    pub(crate) other: usize,
    /// How many files and folders the command line excludes.
    pub(crate) excluded: usize,
    /// How many files and folders git ignores.
    pub(crate) ignored: usize,
}

/// What is looked for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) suffixes: Suffixes,
    pub(crate) excludes: Excludes,
    /// Whether what git ignores is left out.
    pub(crate) gitignore: bool,
}

/// All files at and below `roots`.
pub(crate) fn find(roots: &[PathBuf], wanted: &Wanted) -> Result<Found, CountError> {
    let walk = Walk { wanted, found: Mutex::default(), errors: Mutex::default() };
    let mut folders = Vec::new();
    for root in roots {
        // A link that was named itself is followed.
        let known = fs::metadata(root).map_err(|source| unreachable_root(root, source))?;
        if known.is_dir() {
            folders.push(walk.root(root)?);
        } else if known.is_file() {
            walk.named_file(root, &known);
        } else {
            return Err(CountError::Special { path: root.clone() });
        }
    }
    rayon::scope(|scope| {
        for folder in folders {
            walk.enter(scope, folder);
        }
    });
    // Which one is met first differs from run to run.
    let first = walk.errors.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
    if let Some(error) = first.min_by(|a, b| a.path().cmp(b.path())) {
        return Err(error);
    }
    let mut found = walk.found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.files.sort_unstable_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
    if roots.len() > 1 {
        // One root may lie in another, or be the same by another name.
        let mut seen = HashSet::new();
        found.files.retain(|file| seen.insert(file.identity));
    }
    Ok(found)
}

struct Walk<'a> {
    wanted: &'a Wanted,
    found: Mutex<Found>,
    errors: Mutex<Vec<CountError>>,
}

/// A folder to be read.
struct Folder<'a> {
    root: &'a Path,
    path: PathBuf,
    /// Relative to the top of its repository.
    place: Vec<u8>,
    /// The patterns that hold for the folder itself.
    rules: Rules,
}

impl<'a> Walk<'a> {
    fn root(&self, path: &'a Path) -> Result<Folder<'a>, CountError> {
        let (rules, place) = if self.wanted.gitignore { Rules::above(path)? } else { Default::default() };
        Ok(Folder { root: path, path: path.to_owned(), place, rules })
    }

    fn named_file(&self, path: &Path, known: &Metadata) {
        let mut found = Found::default();
        if self.wanted.excludes.exclude(path, Path::new(""), false) {
            found.excluded += 1;
        } else if let Some(language) = self.language_of(path, &mut found) {
            found.files.push(SourceFile::new(path.to_owned(), language, known));
        }
        self.add(found);
    }

    fn enter<'scope>(&'scope self, scope: &Scope<'scope>, folder: Folder<'scope>)
    where
        'a: 'scope,
    {
        scope.spawn(move |scope| {
            if let Err(error) = self.read(scope, folder) {
                self.errors.lock().unwrap_or_else(PoisonError::into_inner).push(error);
            }
        });
    }

    fn read<'scope>(&'scope self, scope: &Scope<'scope>, folder: Folder<'scope>) -> Result<(), CountError>
    where
        'a: 'scope,
    {
        let unreadable = |path: &Path, source| CountError::Unreadable { path: path.to_owned(), source };
        let entries = fs::read_dir(&folder.path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|source| unreadable(&folder.path, source))?;
        let (rules, place) = self.rules_within(&folder, &entries)?;
        let mut found = Found::default();
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| unreadable(&path, source))?;
            let name = entry.file_name();
            if !(kind.is_dir() || kind.is_file()) || is_skipped(name.as_encoded_bytes(), kind) {
                continue;
            }
            let below = ignored::joined(&place, name.as_encoded_bytes());
            if self.wanted.excludes.exclude(&path, folder.root, kind.is_dir()) {
                debug!("{}: excluded", path.display());
                found.excluded += 1;
            } else if rules.ignore(&below, kind.is_dir()) {
                debug!("{}: left out, git ignores it", path.display());
                found.ignored += 1;
            } else if kind.is_dir() {
                self.enter(scope, Folder { root: folder.root, path, place: below, rules: rules.clone() });
            } else if let Some(language) = self.language_of(&path, &mut found) {
                let known = entry.metadata().map_err(|source| unreadable(&path, source))?;
                found.files.push(SourceFile::new(path, language, &known));
            }
        }
        self.add(found);
        Ok(())
    }

    /// The patterns that hold for what is in a folder, and where it is below the top of its repository.
    fn rules_within(
        &self,
        folder: &Folder<'_>,
        entries: &[DirEntry],
    ) -> Result<(Rules, Vec<u8>), CountError> {
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        let (mut rules, mut place) = (folder.rules.clone(), folder.place.clone());
        if !self.wanted.gitignore {
            return Ok((rules, place));
        }
        if has(".git") && !place.is_empty() {
            // A repository of its own, such as a submodule.
            (rules, place) = (Rules::of_repository(&folder.path)?, Vec::new());
        }
        if has(".gitignore") {
            rules = rules.in_folder(&folder.path, &place)?;
        }
        Ok((rules, place))
    }

    fn language_of(&self, path: &Path, found: &mut Found) -> Option<Language> {
        let language = self.wanted.suffixes.language_of(path);
        if language.is_none() {
            debug!("{}: left out by its name", path.display());
            found.other += 1;
        }
        language
    }

    fn add(&self, found: Found) {
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        all.files.extend(found.files);
        all.other += found.other;
        all.excluded += found.excluded;
        all.ignored += found.ignored;
    }
}

fn is_skipped(name: &[u8], kind: FileType) -> bool {
    name.starts_with(b".")
        || if kind.is_dir() { name == b"_svn" || name == b"__pycache__" } else { name.ends_with(b"~") }
}

fn unreachable_root(root: &Path, source: io::Error) -> CountError {
    let path = root.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => CountError::Missing { path, source },
        _ => CountError::Unreadable { path, source },
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests;
