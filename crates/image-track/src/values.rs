//! The values that templates refer to, from YAML files.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use contract::{Exit, Failure};
use yaml_splice::{Node, Yaml};

use crate::trouble::Trouble;

/// Reads the files; a later one wins. Mappings become dotted names, `image.tag`.
pub(crate) fn read(files: &[PathBuf]) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = BTreeMap::new();
    for file in files {
        let text = fs::read(file).map_err(|error| unreadable(file, &error))?;
        let yaml = Yaml::open(&text).map_err(|error| Trouble::of(&error).at(file.display()))?;
        for document in yaml.documents() {
            flatten(document, "", &mut values);
        }
    }
    Ok(values)
}

/// A file that cannot be read: one that is not there is a mistake of whoever named it.
pub(crate) fn unreadable(file: &std::path::Path, error: &std::io::Error) -> Trouble {
    let exit = match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory => Exit::Usage,
        _ => Exit::Failed,
    };
    Trouble { exit, message: format!("cannot read {}: {error}", file.display()), hint: None }
        .hint("check its name, which counts from the current folder")
}

fn flatten(node: Node<'_>, path: &str, values: &mut BTreeMap<String, String>) {
    if let Some(text) = node.as_str() {
        values.insert(path.to_owned(), text.to_owned());
    }
    for entry in node.entries() {
        let key = entry.key.as_str().unwrap_or_default();
        let below = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        flatten(entry.value, &below, values);
    }
}
