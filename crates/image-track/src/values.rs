//! The values that templates refer to, from YAML files.

use std::fs;
use std::path::PathBuf;

use contract::{Exit, Failure};
use yaml_splice::Yaml;

use crate::template::Value;
use crate::trouble::Trouble;

/// Reads the files; a later one wins.
pub(crate) fn read(files: &[PathBuf]) -> Result<Value, Failure> {
    let mut values = Value::default();
    for file in files {
        let text = fs::read(file).map_err(|error| unreadable(file, &error))?;
        let yaml = Yaml::open(&text).map_err(|error| Trouble::of(&error).at(file.display()))?;
        for document in yaml.documents().filter(|document| !document.is_null()) {
            if !document.is_mapping() {
                let place = document.position();
                return Err(Trouble::usage(format!("{}: {place}: values are a mapping", file.display()))
                    .hint("such as 'name: value'")
                    .into());
            }
            values.overlay(Value::of(document));
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
