//! The notes of a release, from a file.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use contract::{Exit, Explain};
use forge::LONGEST_DESCRIPTION;

/// More bytes than this cannot be few enough characters: UTF-8 takes at most four for one.
const LONGEST_FILE: u64 = 4 * LONGEST_DESCRIPTION as u64;

/// Why there are no notes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read the notes from {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the notes in {} are not UTF-8 text: byte {} is wrong", path.display(), at + 1)]
    NotText { path: PathBuf, at: usize },
    #[error("the notes in {} are too long: {LONGEST_DESCRIPTION} characters are allowed", path.display())]
    TooLong { path: PathBuf },
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Unreadable { source, .. } => Exit::of_unreadable(source),
            _ => Exit::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable { source, .. } if source.kind() == ErrorKind::NotFound => {
                "check --notes, or leave it out for a release without notes"
            }
            Self::Unreadable { .. } => "name a file that this user may read",
            Self::NotText { .. } => "save the file as UTF-8, for example with iconv",
            Self::TooLong { .. } => "shorten them, and link to the full text with --asset",
        };
        Some(hint.into())
    }
}

/// Reads a file of notes; a byte order mark in front, which is no part of the text, is dropped.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(Error::TooLong { path: path.to_owned() });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Error::NotText { path: path.to_owned(), at: error.utf8_error().valid_up_to() })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    // The forge checks this as well; here the file can be named.
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(Error::TooLong { path: path.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(content: &[u8]) -> Result<String, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.md");
        std::fs::write(&path, content).unwrap();
        read(&path)
    }

    #[test]
    fn notes_are_text_of_limited_length() {
        assert_eq!(notes("\u{feff}# é\r\n".as_bytes()).unwrap(), "# é\r\n");
        assert_eq!(notes(b"").unwrap(), "");
        assert!(notes("é".repeat(LONGEST_DESCRIPTION).as_bytes()).is_ok());
        for content in ["é".repeat(LONGEST_DESCRIPTION + 1), "x".repeat(4 * LONGEST_DESCRIPTION + 1)] {
            assert!(matches!(notes(content.as_bytes()), Err(Error::TooLong { .. })));
        }
        assert!(matches!(notes(b"ab\xff"), Err(Error::NotText { at: 2, .. })));
    }

    #[test]
    fn a_missing_file_and_a_folder_are_wrong_input() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("x")).unwrap_err().exit(), Exit::Usage);
        assert_eq!(read(folder.path()).unwrap_err().exit(), Exit::Usage);
    }
}
