//! Which files say the same as one before them.

use std::collections::HashMap;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::Path;

use crate::error::CountError;
use crate::walk::SourceFile;

/// How many files there are of each size: those that are alone in it are no copies, whatever is in them.
pub(crate) struct Sizes(HashMap<u64, usize>);

impl Sizes {
    pub(crate) fn of(files: &[SourceFile]) -> Self {
        let mut sizes = HashMap::new();
        for file in files {
            *sizes.entry(file.size).or_default() += 1;
        }
        Self(sizes)
    }

    /// A number that equal contents share, where it matters.
    pub(crate) fn fingerprint(&self, file: &SourceFile, bytes: &[u8]) -> Option<u64> {
        (self.0.get(&file.size)? > &1).then(|| {
            let mut hasher = DefaultHasher::new();
            hasher.write(bytes);
            hasher.finish()
        })
    }
}

/// The files seen so far, by their fingerprints.
#[derive(Default)]
pub(crate) struct Originals<'a>(HashMap<(u64, u64), Vec<&'a Path>>);

impl<'a> Originals<'a> {
    /// Whether a file seen before has the same content. The fingerprint is quick and no proof, so files that share it are
    /// compared.
    pub(crate) fn has(&mut self, file: &'a SourceFile, fingerprint: u64) -> Result<bool, CountError> {
        let alike = self.0.entry((file.size, fingerprint)).or_default();
        if file.size == 0 && !alike.is_empty() {
            return Ok(true);
        }
        if !alike.is_empty() {
            let bytes = read(&file.path)?;
            for original in alike.iter() {
                if read(original)? == bytes {
                    return Ok(true);
                }
            }
        }
        alike.push(&file.path);
        Ok(false)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CountError> {
    fs::read(path).map_err(|source| CountError::Unreadable { path: path.to_owned(), source })
}
