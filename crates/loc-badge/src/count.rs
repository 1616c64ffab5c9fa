//! Counts files: which of them count, and to which language.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memchr::{memchr, memchr_iter, memmem};
use rayon::prelude::*;
use tokei::LanguageType;
use tracing::{debug, warn};

use crate::error::CountError;
use crate::language::Language;
use crate::lines::{Lines, physical};
use crate::originals::{Originals, Sizes};
use crate::walk::{self, Found, SourceFile, Wanted};
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

impl Skipped {
    /// In one word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Duplicate => "duplicate",
            Self::Empty => "empty",
            Self::Generated => "generated",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The lines of one or more files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) files: usize,
    pub(crate) lines: Lines,
}

/// A file, and its lines or why they do not count.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) path: PathBuf,
    pub(crate) language: Language,
    pub(crate) lines: Result<Lines, Skipped>,
}

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Count {
    /// In the order of their paths' bytes.
    pub(crate) files: Vec<Counted>,
    /// How many files are not of the languages to count, by their names.
    pub(crate) other: usize,
    /// How many files and folders `--exclude` names.
    pub(crate) excluded: usize,
    /// How many files and folders git ignores.
    pub(crate) ignored: usize,
}

impl Count {
    /// The sum over all files.
    pub(crate) fn total(&self) -> Share {
        let mut total = Share::default();
        for lines in self.files.iter().filter_map(|file| file.lines.as_ref().ok()) {
            total.files += 1;
            total.lines += *lines;
        }
        total
    }

    /// The sums over the files of each language, by its name.
    pub(crate) fn languages(&self) -> BTreeMap<&'static str, (Language, Share)> {
        let mut languages = BTreeMap::new();
        for file in &self.files {
            if let Ok(lines) = file.lines {
                let (_, share) =
                    languages.entry(file.language.name()).or_insert((file.language, Share::default()));
                share.files += 1;
                share.lines += lines;
            }
        }
        languages
    }

    /// How many files do not count, by the reason.
    pub(crate) fn skipped(&self) -> BTreeMap<Skipped, usize> {
        let mut skipped = BTreeMap::new();
        for reason in self.files.iter().filter_map(|file| file.lines.err()) {
            *skipped.entry(reason).or_default() += 1;
        }
        skipped
    }
}

/// Counts all files at and below `paths` that are wanted.
pub(crate) fn count(paths: &[PathBuf], wanted: &Wanted) -> Result<Count, CountError> {
    let found = walk::find(paths, wanted)?;
    let sizes = Sizes::of(&found.files);
    // In the order of the files, so that the first that fails is always the same.
    let looked_at: Vec<Result<LookedAt, CountError>> =
        found.files.par_iter().map(|file| look_at(file, &sizes)).collect();
    let mut originals = Originals::default();
    let mut verdicts = Vec::with_capacity(found.files.len());
    for (file, looked_at) in found.files.iter().zip(looked_at) {
        let LookedAt { lines, fingerprint } = looked_at?;
        let is_copy = fingerprint.map(|fingerprint| originals.has(file, fingerprint)).transpose()?;
        let lines = if is_copy == Some(true) { Err(Skipped::Duplicate) } else { lines };
        explain(file, lines);
        verdicts.push(lines);
    }
    let Found { files, other, excluded, ignored } = found;
    let files = files.into_iter().zip(verdicts);
    let files = files.map(|(SourceFile { path, language, .. }, lines)| Counted { path, language, lines });
    Ok(Count { files: files.collect(), other, excluded, ignored })
}

/// What is known of a file without the others.
struct LookedAt {
    lines: Result<Lines, Skipped>,
    fingerprint: Option<u64>,
}

thread_local! {
    /// What the files of a thread are read into. One for each piece of work that `rayon` cuts off would be hundreds.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn look_at(file: &SourceFile, sizes: &Sizes) -> Result<LookedAt, CountError> {
    BUFFER.with_borrow_mut(|buffer| look_at_in(file, sizes, buffer))
}

fn look_at_in(file: &SourceFile, sizes: &Sizes, buffer: &mut Vec<u8>) -> Result<LookedAt, CountError> {
    let bytes =
        read(file, buffer).map_err(|source| CountError::Unreadable { path: file.path.clone(), source })?;
    Ok(LookedAt { lines: verdict(file, bytes), fingerprint: sizes.fingerprint(file, bytes) })
}

/// Reads a file into a buffer that only grows, which is cheaper than a new one for each file.
fn read<'a>(file: &SourceFile, buffer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    if file.size == 0 {
        return Ok(&[]);
    }
    let mut source = File::open(&file.path)?;
    let expected = usize::try_from(file.size).unwrap_or_default() + 1;
    if buffer.len() < expected {
        // Zeros straight from the system, where growing writes them one by one.
        *buffer = vec![0; expected.max(1 << 16)];
    }
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            // The file has grown since its size was asked for.
            buffer.resize(filled * 2, 0);
        }
        match source.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(&buffer[..filled]),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The lines of a file, or why they do not count. The order of the questions is pygount's.
fn verdict(file: &SourceFile, bytes: &[u8]) -> Result<Lines, Skipped> {
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
    let is_list = file.language == Language::Other(LanguageType::D) && is_dependency_list(&text);
    if is_list || has_generated_name(&file.path) || is_generated(&text) {
        return Err(Skipped::Generated);
    }
    Ok(match file.language {
        Language::Python => python::count(&text),
        Language::Markup(_) => Lines { code: 0, source: 0, physical: physical(&text) },
        Language::Other(language) => other::count(language, &text),
    })
}

fn explain(file: &SourceFile, lines: Result<Lines, Skipped>) {
    let path = file.path.display();
    match lines {
        Ok(lines) => debug!("{path}: {} lines of {}", lines.code, file.language.name()),
        Err(Skipped::Binary) => debug!("{path}: left out, it is binary"),
        Err(Skipped::Duplicate) => debug!("{path}: left out, a file counted before has the same content"),
        Err(Skipped::Empty) => debug!("{path}: left out, it is empty"),
        Err(Skipped::Generated) => {
            debug!("{path}: left out, its name or first lines say that it is generated");
        }
        // Nobody means to have such a file, so this is worth a line without -v.
        Err(Skipped::Unreadable) => warn!("{path}: left out, its bytes do not fit its encoding"),
    }
}

/// Whether these are the bytes of no text: a NUL near the start, and no mark of UTF-16 before it.
fn is_binary(bytes: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [&[0xEF, 0xBB, 0xBF], &[0xFF, 0xFE], &[0xFE, 0xFF]];
    let is_marked = marks.iter().any(|mark| bytes.starts_with(mark));
    !is_marked && memchr(0, &bytes[..bytes.len().min(8192)]).is_some()
}

/// Whether its name says that a program wrote the file: lock files are among them.
fn has_generated_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let whole: [&[u8]; 4] = [b"go.sum", b"npm-shrinkwrap.json", b"package-lock.json", b"pnpm-lock.yaml"];
    name.ends_with(b".g.dart") || name.ends_with(b".lock") || whole.contains(&name)
}

/// Whether a file with D's suffix is what a compiler wrote for make (`gcc -MD`): `main.o: main.c main.h \`. A colon with a
/// name before and white space behind it does not begin a module of D; its comments and attributes do not look like that.
fn is_dependency_list(text: &[u8]) -> bool {
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let target = first.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
    target.len() > 1
        && target.ends_with(b":")
        && target[..target.len() - 1].iter().any(|byte| b"./".contains(byte))
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
    let end = memchr_iter(b'\n', text).nth(14).unwrap_or(text.len());
    let head = text[..end].to_ascii_lowercase();
    // Few files have one of these, and it takes one of them.
    if memmem::find(&head, b"generated").is_none() && memmem::find(&head, b"do not edit").is_none() {
        return false;
    }
    String::from_utf8_lossy(&head).lines().any(|line| {
        let by_utility = line.split_once("generated with the ").is_some_and(|(_, rest)| {
            // At least one character between the two.
            rest.rfind(" utility").is_some_and(|at| at > 0)
        });
        by_utility || WORDS.iter().any(|words| line.contains(words))
    })
}

#[cfg(test)]
mod tests;
