//! `image-track`: what is followed, what is written, and how it is proposed.

mod adopt;
mod bad_input;
mod cut_off;
mod field;
mod forges;
mod network;
mod sources;
mod targets;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Image, Registry, Tool, tool};

/// A folder of files and manifests, as a repository of deployments has them.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder above")).expect("folders");
        fs::write(path, text).expect("a file");
        self
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("a file")
    }

    /// All files and what is in them.
    fn files(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path())
            {
                if entry.is_dir() {
                    folders.push(entry);
                } else {
                    let name =
                        entry.strip_prefix(self.path()).expect("inside").to_string_lossy().into_owned();
                    found.insert(name, fs::read_to_string(&entry).expect("text"));
                }
            }
        }
        found
    }

    fn run(&self, command: &str) -> Tool {
        tool("image-track").arg(command).current_dir(self.path()).env("IMAGE_TRACK_TIMEOUT", "20")
    }

    /// A manifest for an image, with a yaml target.
    fn follow(&self, name: &str, image: &str, range: &str, file: &str, key: &str) -> &Self {
        let text = format!(
            "name: {name}\nsources:\n  version:\n    kind: dockerimage\n    spec:\n      image: {image}\n      versionfilter:\n        kind: semver\n        pattern: '{range}'\ntargets:\n  file:\n    kind: yaml\n    spec:\n      file: {file}\n      key: {key}\n"
        );
        self.write(&format!("updatecli.d/{name}.yaml"), &text)
    }
}

/// A registry with one repository of these tags.
fn registry(repository: &str, tags: &[&str]) -> Registry {
    let registry = Registry::start();
    registry.push(&Image::new(), repository, tags);
    registry
}

/// The state of each place by its key.
fn states(output: &testkit::Output) -> BTreeMap<String, String> {
    let document: Value = serde_json::from_str(output.stdout()).expect("JSON");
    assert_eq!(document["schema"], 1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let places = document["places"].as_array().expect("places");
    places
        .iter()
        .map(|place| (text(&place["key"]), format!("{} {}", text(&place["state"]), text(&place["to"]))))
        .collect()
}
