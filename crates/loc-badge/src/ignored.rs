//! What is left out because git ignores it or the command line excludes it.
//!
//! The rules are gitignore(5)'s: the innermost `.gitignore` that has a word to say decides, in it the last pattern that
//! matches, and `.git/info/exclude` comes last. Patterns and their matching are gitoxide's. The user's own
//! `core.excludesFile` is not asked: the number should be the same on every machine. Nor is the index, so a file that is
//! tracked and ignored is left out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix_glob::Pattern;
use gix_glob::pattern::Case;
use gix_glob::wildmatch::Mode;

use crate::error::CountError;

/// The patterns that hold in a folder, the innermost first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Option<Arc<Level>>);

#[derive(Debug)]
struct Level {
    /// Where the patterns start: a path that ends with `/`, or nothing.
    base: Vec<u8>,
    patterns: Vec<Pattern>,
    above: Rules,
}

impl Rules {
    /// Whether git ignores what is at `path`, relative to the top of the repository.
    pub(crate) fn ignore(&self, path: &[u8], is_folder: bool) -> bool {
        let mut rules = self;
        while let Some(level) = &rules.0 {
            let below = &path[level.base.len()..];
            if let Some(last) = level.patterns.iter().rev().find(|pattern| matches(pattern, below, is_folder))
            {
                return !last.is_negative();
            }
            rules = &level.above;
        }
        false
    }

    /// These rules and those of a file of patterns, if it is there, for what is below `base`.
    fn with(&self, file: &Path, base: &[u8]) -> Result<Self, CountError> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            // A folder of that name means nothing to git.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::IsADirectory) => {
                return Ok(self.clone());
            }
            Err(source) => return Err(CountError::Unreadable { path: file.to_owned(), source }),
        };
        let patterns: Vec<_> = gix_ignore::parse(&bytes, false).map(|(pattern, ..)| pattern).collect();
        if patterns.is_empty() {
            return Ok(self.clone());
        }
        let mut base = base.to_vec();
        if !base.is_empty() {
            base.push(b'/');
        }
        Ok(Self(Some(Arc::new(Level { base, patterns, above: self.clone() }))))
    }

    /// These rules and those of the folder's own `.gitignore`. Like git, it takes a link of that name for none.
    pub(crate) fn in_folder(&self, folder: &Path, place: &[u8]) -> Result<Self, CountError> {
        let file = folder.join(".gitignore");
        if file.is_symlink() { Ok(self.clone()) } else { self.with(&file, place) }
    }

    /// The rules of a repository for its top, without the top's own `.gitignore`.
    pub(crate) fn of_repository(top: &Path) -> Result<Self, CountError> {
        Self::default().with(&git_folder(top).join("info/exclude"), b"")
    }

    /// The rules that hold in `folder` because of what is above it, and where it is below the top of its repository.
    /// Without a repository there is nothing above, and the folder itself is the top.
    pub(crate) fn above(folder: &Path) -> Result<(Self, Vec<u8>), CountError> {
        let path = fs::canonicalize(folder)
            .map_err(|source| CountError::Unreadable { path: folder.to_owned(), source })?;
        let Some(top) = path.ancestors().find(|above| is_top(above)) else {
            return Ok((Self::default(), Vec::new()));
        };
        let mut rules = Self::of_repository(top)?;
        let (mut at, mut place) = (top.to_owned(), Vec::new());
        for part in path.strip_prefix(top).unwrap_or(Path::new("")) {
            rules = rules.in_folder(&at, &place)?;
            at.push(part);
            place = joined(&place, part.as_encoded_bytes());
        }
        Ok((rules, place))
    }
}

/// A path inside of a repository, one step further down.
pub(crate) fn joined(place: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if place.is_empty() { b"" } else { b"/" };
    [place, slash, name].concat()
}

/// Whether a repository has its top here: a submodule and a worktree have a file `.git`.
pub(crate) fn is_top(folder: &Path) -> bool {
    folder.join(".git").exists()
}

/// The folder that the worktrees of a repository have in common.
fn git_folder(top: &Path) -> PathBuf {
    let git = top.join(".git");
    let first_line = |file: &Path| Some(fs::read_to_string(file).ok()?.lines().next()?.trim_end().to_owned());
    let Some(named) = first_line(&git).and_then(|line| Some(line.strip_prefix("gitdir: ")?.to_owned()))
    else {
        return git;
    };
    let own = top.join(named);
    match first_line(&own.join("commondir")) {
        Some(common) => own.join(common),
        None => own,
    }
}

fn matches(pattern: &Pattern, path: &[u8], is_folder: bool) -> bool {
    let name = path.iter().rposition(|&byte| byte == b'/').map(|slash| slash + 1);
    pattern.matches_repo_relative_path(
        path.into(),
        name,
        Some(is_folder),
        Case::Sensitive,
        Mode::NO_MATCH_SLASH_LITERAL,
    )
}

/// What `--exclude` leaves out.
#[derive(Debug, Default)]
pub(crate) struct Excludes(Vec<Pattern>);

impl Excludes {
    /// An exclamation mark is nothing special in them: there is nothing to take back. `./build` is what a shell completes,
    /// and means the one here, which git writes `/build`.
    pub(crate) fn new(globs: &[String]) -> Self {
        let pattern = |glob: &String| {
            let glob = glob.trim();
            let glob = if glob.starts_with("./") { &glob[1..] } else { glob };
            Pattern::from_bytes_without_negation(glob.as_bytes())
        };
        Self(globs.iter().filter_map(pattern).collect())
    }

    /// Whether a pattern matches `path`, or its part from `below` on.
    pub(crate) fn exclude(&self, path: &Path, below: &Path, is_folder: bool) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let bytes = path.as_os_str().as_encoded_bytes();
        let bytes = bytes.strip_prefix(b"./").unwrap_or(bytes);
        let bytes = bytes.strip_prefix(b"/").unwrap_or(bytes);
        let below = path.strip_prefix(below).map_or(bytes, |below| below.as_os_str().as_encoded_bytes());
        self.0.iter().any(|pattern| matches(pattern, bytes, is_folder) || matches(pattern, below, is_folder))
    }
}

/// Whether every bracket of a pattern has its end. Git takes one that has none for a pattern that matches nothing.
pub(crate) fn is_closed(glob: &str) -> bool {
    let mut rest = glob.as_bytes();
    loop {
        rest = match rest {
            [] => return true,
            [b'\\', _, after @ ..] => after,
            [b'[', inside @ ..] => match behind_bracket(inside) {
                Some(after) => after,
                None => return false,
            },
            [_, after @ ..] => after,
        };
    }
}

/// What follows a bracket expression, of which the text begins with the inside. A `]` that comes first is one of its
/// characters, and so are those of classes such as `[:alpha:]`.
fn behind_bracket(inside: &[u8]) -> Option<&[u8]> {
    let inside = inside.strip_prefix(b"!").or(inside.strip_prefix(b"^")).unwrap_or(inside);
    let mut rest = inside.strip_prefix(b"]").unwrap_or(inside);
    loop {
        rest = match rest {
            [] => return None,
            [b']', after @ ..] => return Some(after),
            [b'\\', _, after @ ..] => after,
            [b'[', b':', class @ ..] => match class.windows(2).position(|two| two == b":]") {
                Some(end) => &class[end + 2..],
                None => class,
            },
            [_, after @ ..] => after,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_git_takes_for_none_is_told_from_others() {
        for glob in
            ["", "a", "[a]", "a[!]]b", "[]]", "[^]a]*", "\\[a", "[[:alpha:]_]", "[\\]]", "a]", "[a-]x[b]"]
        {
            assert!(is_closed(glob), "{glob}");
        }
        for glob in ["[", "[a", "[]", "[!]", "x[[:alpha:]", "[a\\]", "[a][b", "src/[ab/"] {
            assert!(!is_closed(glob), "{glob}");
        }
    }
}
