//! Counts files: which of them count, and to which language.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tracing::{debug, warn};

use crate::error::CountError;
use crate::language::Language;
use crate::lines::Lines;
use crate::walk::{self, Found, SourceFile};
use crate::{other, python, text};

/// Why a source file adds nothing to the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Skipped {
    /// It has a NUL among its first bytes.
    Binary,
    /// A file that counts has the same content.
    Duplicate,
    /// It has no bytes.
    Empty,
    /// A program wrote it, as its name or one of its first lines says.
    Generated,
    /// Its bytes are in no encoding that it could be in.
    Unreadable,
}

/// The lines of one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) files: usize,
    pub(crate) lines: Lines,
}

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) languages: BTreeMap<&'static str, Share>,
    pub(crate) skipped: BTreeMap<Skipped, usize>,
    /// How many files are no source code, by their suffix.
    pub(crate) other: usize,
}

impl Count {
    /// The sum over all languages.
    pub(crate) fn total(&self) -> Share {
        let mut total = Share::default();
        for share in self.languages.values() {
            total.files += share.files;
            total.lines += share.lines;
        }
        total
    }
}

/// Counts all source files at and below `paths`.
pub(crate) fn count(paths: &[PathBuf]) -> Result<Count, CountError> {
    let Found { files, other } = walk::find(paths)?;
    let mut count = Count { other, ..Count::default() };
    let mut originals = Originals::among(&files);
    for file in &files {
        let bytes = read(&file.path)?;
        match verdict(file, &bytes, &mut originals) {
            Ok(lines) => {
                debug!("{}: {} lines of {}", file.path.display(), lines.code, file.language.name());
                let share = count.languages.entry(file.language.name()).or_default();
                share.files += 1;
                share.lines += lines;
            }
            Err(reason) => {
                explain(&file.path, reason);
                *count.skipped.entry(reason).or_default() += 1;
            }
        }
    }
    Ok(count)
}

fn read(path: &Path) -> Result<Vec<u8>, CountError> {
    std::fs::read(path).map_err(|source| CountError::Unreadable { path: path.to_owned(), source })
}

/// The lines of a file, or why they do not count. The order of the questions is pygount's.
fn verdict(file: &SourceFile, bytes: &[u8], originals: &mut Originals) -> Result<Lines, Skipped> {
    if originals.is_copy(file.size, bytes) {
        return Err(Skipped::Duplicate);
    }
    if bytes.is_empty() {
        return Err(Skipped::Empty);
    }
    if is_binary(bytes) {
        return Err(Skipped::Binary);
    }
    if file.language == Language::Python && !text::is_readable_python(bytes) {
        return Err(Skipped::Unreadable);
    }
    let text = text::decode(bytes);
    if has_generated_name(&file.path) || is_generated(&text) {
        return Err(Skipped::Generated);
    }
    Ok(match file.language {
        Language::Python => python::count(&text),
        Language::Other(language) => other::count(language, &text),
    })
}

fn explain(path: &Path, reason: Skipped) {
    let path = path.display();
    match reason {
        Skipped::Binary => debug!("{path}: left out, it is binary"),
        Skipped::Duplicate => debug!("{path}: left out, a file counted before has the same content"),
        Skipped::Empty => debug!("{path}: left out, it is empty"),
        Skipped::Generated => debug!("{path}: left out, its name or first lines say that it is generated"),
        // Nobody means to have such a file, so this is worth a line without -v.
        Skipped::Unreadable => warn!("{path}: left out, its bytes do not fit its encoding"),
    }
}

/// The contents seen so far. Only files that have their size in common with another are worth a digest.
struct Originals {
    of_size: HashMap<u64, usize>,
    digests: HashSet<[u8; 32]>,
}

impl Originals {
    fn among(files: &[SourceFile]) -> Self {
        let mut of_size = HashMap::new();
        for file in files {
            *of_size.entry(file.size).or_default() += 1;
        }
        Self { of_size, digests: HashSet::new() }
    }

    fn is_copy(&mut self, size: u64, bytes: &[u8]) -> bool {
        self.of_size.get(&size).is_some_and(|&files| files > 1)
            && !self.digests.insert(Sha256::digest(bytes).into())
    }
}

/// Whether these are the bytes of no text: a NUL near the start, and no mark of UTF-16 before it.
fn is_binary(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [&[0xEF, 0xBB, 0xBF], &[0xFF, 0xFE], &[0xFE, 0xFF]];
    let is_marked = marks.iter().any(|mark| bytes.starts_with(mark));
    !is_marked && bytes[..bytes.len().min(8192)].contains(&0)
}

/// Whether its name says that a program wrote the file. pygount's other such names are lock files, whose suffixes are no
/// source code anyway.
fn has_generated_name(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b".g.dart")
}

/// Whether one of the first 15 lines says that a program wrote the file, in the words pygount looks for.
fn is_generated(text: &[u8]) -> bool {
    const WORDS: [&str; 5] = [
        "autogenerated",
        "automatically generated",
        "do not edit",
        "this is a generated file",
        "generated automatically",
    ];
    let head = text.split(|&byte| byte == b'\n').take(15);
    head.map(|line| String::from_utf8_lossy(line).to_ascii_lowercase()).any(|line| {
        let by_utility = line.split_once("generated with the ").is_some_and(|(_, rest)| {
            // At least one character between the two.
            rest.rfind(" utility").is_some_and(|at| at > 0)
        });
        by_utility || WORDS.iter().any(|words| line.contains(words))
    })
}

#[cfg(test)]
mod tests;
