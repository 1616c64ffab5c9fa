//! Which files are manifests.

use std::fs;
use std::path::{Path, PathBuf};

use contract::Failure;

use super::Pipeline;
use super::read::read;
use crate::template::{Scope, Value};
use crate::trouble::Trouble;
use crate::values::unreadable;

/// Where manifests are by default: the first of these that is there.
const PLACES: [&str; 3] = ["updatecli.d", ".updatecli", "updatecli.yaml"];

/// The named files, and those below the named folders in the order of their names.
pub(crate) fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let default = || PLACES.iter().map(PathBuf::from).find(|place| place.exists());
    let named = match named {
        [] => vec![default().ok_or_else(|| {
            Failure::usage(format!("no manifests here: looked for {}", PLACES.join(", ")))
                .hint("name them, or write them with 'image-track adopt'")
        })?],
        named => named.to_vec(),
    };
    let mut found = Vec::new();
    for path in &named {
        if path.is_dir() {
            let before = found.len();
            below(path, &is_manifest, &mut found)?;
            if found.len() == before {
                return Err(Failure::usage(format!("there are no manifests in {}", path.display()))
                    .hint("a manifest's name ends with .yaml, .yml or .tpl"));
            }
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    matches!(extension, "yaml" | "yml" | "tpl")
}

/// The files below a folder that are wanted, in the order of their names.
pub(crate) fn below(
    folder: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let unlisted = |error: std::io::Error| Failure::from(unreadable(folder, &error));
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unlisted)? {
        entries.push(entry.map_err(unlisted)?.path());
    }
    entries.sort();
    for entry in entries {
        let is_link = fs::symlink_metadata(&entry).is_ok_and(|known| known.is_symlink());
        if entry.is_dir() && !is_link {
            below(&entry, wanted, found)?;
        } else if entry.is_file() && wanted(&entry) {
            found.push(entry);
        }
    }
    Ok(())
}

/// Reads them all. Every manifest has to be in order before anything is done.
pub(crate) fn read_all(files: &[PathBuf], values: &Value) -> Result<Vec<Pipeline>, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let scope = Scope { values, variable: &variable, source: None };
    let mut pipelines = Vec::new();
    for file in files {
        let bytes = fs::read(file).map_err(|error| Failure::from(unreadable(file, &error)))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Trouble::usage(format!("{}: it is not UTF-8 text", file.display())).hint("save it as UTF-8")
        })?;
        pipelines.extend(read(file, &text, &scope)?);
    }
    Ok(pipelines)
}
