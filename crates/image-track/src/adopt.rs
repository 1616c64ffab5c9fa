//! `adopt`: writes manifests for the images that deployments use.

mod found;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use contract::{Exit, Failure, file};
use tracing::{info, warn};

use crate::cli::Adopt;
use crate::manifest;
use crate::values::unreadable;
use found::{Use, in_dockerfile, in_yaml};
use write::{Following, manifest as text_of};

pub(crate) fn adopt(args: &Adopt) -> Result<Exit, Failure> {
    let mut uses = Vec::new();
    for path in files(args)? {
        let text = fs::read_to_string(&path).map_err(|error| Failure::from(unreadable(&path, &error)))?;
        let name = plain(&path);
        if is_dockerfile(&path) {
            uses.extend(in_dockerfile(&name, &text));
        } else {
            match in_yaml(&name, &text) {
                Ok(found) => uses.extend(found),
                // Templates of charts are no YAML; what was named has to be.
                Err(trouble) if args.files.contains(&path) => return Err(trouble.into()),
                Err(trouble) => warn!("{trouble}; it is left out"),
            }
        }
    }
    let mut manifests: BTreeMap<String, Vec<(Following, Use)>> = BTreeMap::new();
    for found in uses {
        match Following::of(&found, args.step) {
            Ok(following) => manifests.entry(following.file_name()).or_default().push((following, found)),
            Err(reason) => warn!("{}: {} is left out: {reason}", found.place, found.image),
        }
    }
    if manifests.is_empty() {
        return Err(Failure::no("no image with a version as its tag was found")
            .hint("name the files: compose files, Helm values, Kubernetes manifests, Dockerfiles"));
    }
    write_all(&manifests, args)
}

fn write_all(manifests: &BTreeMap<String, Vec<(Following, Use)>>, args: &Adopt) -> Result<Exit, Failure> {
    let unwritable = |path: &Path, error: std::io::Error| {
        let hint = match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                "--into names a folder, and that is a file"
            }
            _ => file::advice(&error),
        };
        Failure::failed(format!("cannot write {}", path.display())).because(error).hint(hint)
    };
    for (name, uses) in manifests {
        let path = args.into.join(name);
        let text = text_of(uses);
        let what: Vec<_> = uses.iter().map(|(_, found)| found.place.as_str()).collect();
        match fs::read(&path) {
            Ok(known) if known == text.as_bytes() => info!("{}: is there already", path.display()),
            Ok(_) => {
                warn!("{}: is there already, and says something else; it stays as it is", path.display())
            }
            Err(_) if args.dry_run.dry_run => {
                info!("dry run: {}: would be written for {}", path.display(), what.join(", "));
            }
            Err(_) => {
                fs::create_dir_all(&args.into).map_err(|error| unwritable(&args.into, error))?;
                file::replace(&path, text.as_bytes()).map_err(|error| unwritable(&path, error))?;
                info!("{}: written for {}", path.display(), what.join(", "));
            }
        }
    }
    Ok(Exit::Done)
}

/// The named files, and what looks like one of theirs below the named folders.
fn files(args: &Adopt) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let named: &[PathBuf] = if args.files.is_empty() { &here } else { &args.files };
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            let is_wanted = |file: &Path| {
                let is_hidden = |part: std::path::Component<'_>| {
                    let name = part.as_os_str().to_string_lossy();
                    name.starts_with('.') && name.len() > 1 && name != ".."
                };
                let inside = file.strip_prefix(path).unwrap_or(file);
                let is_ours = plain(file).starts_with(&plain(&args.into));
                let is_yaml = matches!(file.extension().and_then(|end| end.to_str()), Some("yaml" | "yml"));
                (is_yaml || is_dockerfile(file)) && !is_ours && !inside.components().any(is_hidden)
            };
            manifest::below(path, &is_wanted, &mut found)?;
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn is_dockerfile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name == "dockerfile"
        || name == "containerfile"
        || name.starts_with("dockerfile.")
        || name.ends_with(".dockerfile")
}

/// Without a leading `./`.
fn plain(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.strip_prefix("./").unwrap_or(&text).to_owned()
}
