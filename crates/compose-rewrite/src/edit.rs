//! What `set`, `delete` and `get` have in common: paths, the file behind them, and what to say when one leads nowhere.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};

use contract::{Exit, Failure};
use yaml_splice::{Error, Path, Step, Yaml, nearest};

use crate::cli::Target;
use crate::delivery::{self, Rewritten, counted};
use crate::source::{Opened, Source};

/// What is said not to work, when it does not.
pub(crate) const ATTEMPT: &str = "change";

/// Changes the one file that is named, or that compose finds.
pub(crate) fn change_one(
    file: Option<&FilePath>,
    target: &Target,
    out: &mut dyn Write,
    rewrite: &mut dyn FnMut(&Opened) -> Result<Rewritten, Failure>,
) -> Result<Exit, Failure> {
    let files = delivery::open(vec![Source::locate(file)?], target)?;
    let changes = delivery::rewrite_each(files, target, rewrite)?;
    delivery::deliver(&changes, target, out)
}

/// Splits `WORD… [FILE]`: the last word is the file when it cannot be anything else, or is one that exists.
pub(crate) fn split_file(
    words: &[OsString],
    is_word: impl Fn(&str) -> bool,
) -> (&[OsString], Option<PathBuf>) {
    let Some((last, before)) = words.split_last() else {
        return (words, None);
    };
    let path = FilePath::new(last);
    let named_as_file =
        path.extension().and_then(OsStr::to_str).is_some_and(|end| matches!(end, "yml" | "yaml" | "json"));
    let is_file =
        path == FilePath::new("-") || path.is_file() || last.to_str().is_none_or(|text| !is_word(text));
    if is_file || (named_as_file && !before.is_empty() && !last.to_string_lossy().contains('=')) {
        (before, Some(path.to_owned()))
    } else {
        (words, None)
    }
}

/// A word that has to be text.
pub(crate) fn text(word: &OsString) -> Result<&str, Failure> {
    word.to_str().ok_or_else(|| Failure::usage(format!("'{}' is not UTF-8", word.to_string_lossy())))
}

/// The path in every document that has it; compose merges documents in their order.
pub(crate) fn places(yaml: &Yaml<'_>, path: &Path) -> Vec<Path> {
    let documents = 0..yaml.documents().len();
    documents.map(|document| path.in_document(document)).filter(|path| yaml.find(path).is_some()).collect()
}

/// That there is no such path, with what is there instead.
pub(crate) fn missing(
    yaml: &Yaml<'_>,
    path: &Path,
    attempt: &str,
    source: &Source,
    way_out: &str,
) -> Failure {
    let error = Error::Missing { path: path.clone() };
    let failure = Failure::usage(format!("cannot {attempt} {source}: {error}"));
    // The longest part of the path that is there.
    let mut known = Path::root();
    let mut rest = path.steps.as_slice();
    for depth in (0..path.steps.len()).rev() {
        let part = Path { document: 0, steps: path.steps[..depth].to_vec() };
        if let Some(found) = places(yaml, &part).pop() {
            (known, rest) = (found, &path.steps[depth..]);
            break;
        }
    }
    let Some(node) = yaml.find(&known) else {
        return failure.hint("the file is empty");
    };
    let hint = match rest.first() {
        Some(Step::Key(key)) if node.inherited(key).is_some() => {
            format!(
                "{} comes in through <<, from {}",
                part(&known, key),
                node.inherited(key).map_or_else(String::new, |entry| entry.key.position().to_string())
            )
        }
        Some(Step::Key(key)) if node.is_mapping() => {
            let keys: Vec<String> =
                node.entries().filter_map(|entry| entry.key.as_str().map(str::to_owned)).collect();
            match nearest(key, &keys) {
                Some(near) => format!("did you mean {}?", part(&known, &near)),
                None => format!("the last that is there is {known}"),
            }
        }
        Some(Step::Index(_)) if node.is_sequence() => {
            format!("{known} has {}", counted(node.items().count(), "item", "items"))
        }
        Some(Step::Index(_)) => format!("{known} is not a list"),
        _ => format!("the last that is there is {known}"),
    };
    let between = match way_out {
        "" => "",
        _ if hint.ends_with('?') => " ",
        _ => "; ",
    };
    failure.hint(format!("{hint}{between}{way_out}"))
}

fn part(known: &Path, key: &str) -> String {
    known.key(key).to_string()
}
