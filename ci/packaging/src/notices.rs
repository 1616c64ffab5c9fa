//! What the authors of the crates in a program want said where it goes: their licences, as their packages have them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;

use crate::sbom::Linked;

/// How the files begin that hold licences and names, in small letters.
const NAMES: [&str; 4] = ["licen", "copying", "notice", "copyright"];

/// The crates with their licences and authors, then the text of each licence once, with those that it is of. Our own are not
/// among them: what we say is in `LICENSE`.
///
/// # Errors
/// A package's folder cannot be read.
pub(crate) fn of(tool: &str, linked: &Linked) -> io::Result<String> {
    let crates: Vec<_> = linked.crates().into_iter().filter(|package| !package["source"].is_null()).collect();
    let mut list = format!(
        "{tool} has code of these crates in it. Behind them are the licences and notices that their packages hold.\n\n"
    );
    let mut texts: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for package in crates {
        let word = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
        let name = format!("{} {}", word("name"), word("version"));
        let authors: Vec<_> =
            package["authors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let about = [word("license"), authors.join(", "), word("repository")];
        let about: Vec<_> = about.into_iter().filter(|part| !part.is_empty()).collect();
        let _ = writeln!(list, "{name}: {}", about.join("; "));
        for text in texts_of(Path::new(&word("manifest_path")))? {
            // The same text in lines of another length is the same text.
            let key = text.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.entry(key).or_insert_with(|| (text, BTreeSet::new())).1.insert(name.clone());
        }
    }
    for (text, names) in texts.into_values() {
        let names: Vec<_> = names.into_iter().collect();
        let _ = write!(list, "\n{}\n{}:\n\n{}\n", "=".repeat(80), names.join(", "), text.trim_matches('\n'));
    }
    Ok(list)
}

/// The files with licences beside a Cargo.toml, in the order of their names.
fn texts_of(manifest: &Path) -> io::Result<Vec<String>> {
    let folder = manifest.parent().unwrap_or(manifest);
    let about = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let mut found: Vec<_> = fs::read_dir(folder).map_err(about)?.collect::<io::Result<_>>()?;
    found.sort_by_key(fs::DirEntry::file_name);
    let is_wanted = |entry: &fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        NAMES.iter().any(|begin| name.starts_with(begin)) && entry.path().is_file()
    };
    let texts = found
        .iter()
        .filter(|entry| is_wanted(entry))
        .map(|entry| Ok(String::from_utf8_lossy(&fs::read(entry.path()).map_err(about)?).replace('\r', "")));
    texts.collect()
}
