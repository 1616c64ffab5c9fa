//! What is stored: files in repositories, with their properties, by `KEY/FOLDER/…/NAME`.
//!
//! A tag is a folder with `manifest.json` or `list.manifest.json` and the layers (`sha256__<hex>`); the platforms of an
//! index are in folders beside it, `sha256:<hex>`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use bytes::Bytes;
use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// Everything.
#[derive(Default)]
pub(super) struct Storage {
    repositories: BTreeMap<String, Kind>,
    pub(super) files: BTreeMap<String, File>,
}

#[derive(Clone)]
pub(super) enum Kind {
    Local,
    Virtual { members: Vec<String>, deploys_to: String },
}

#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) media_type: String,
    pub(super) sha256: String,
    pub(super) properties: BTreeMap<String, Vec<String>>,
}

impl File {
    pub(super) fn sha1(&self) -> String {
        text(&Sha1::digest(&self.bytes))
    }

    pub(super) fn md5(&self) -> String {
        text(&Md5::digest(&self.bytes))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    text(&Sha256::digest(bytes))
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `KEY/FOLDER/…/NAME` in three parts; the folder of what is at the top is `.`.
pub(super) fn parts(path: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = path.split_once('/')?;
    Some(match rest.rsplit_once('/') {
        Some((folder, name)) => (key, folder, name),
        None => (key, ".", rest),
    })
}

impl Storage {
    pub(super) fn add(&mut self, key: &str, kind: Kind) {
        self.repositories.insert(key.to_owned(), kind);
    }

    pub(super) fn kind(&self, key: &str) -> Option<&Kind> {
        self.repositories.get(key)
    }

    /// The local repositories that a key stands for.
    pub(super) fn locals(&self, key: &str) -> Vec<String> {
        match self.kind(key) {
            Some(Kind::Local) => vec![key.to_owned()],
            Some(Kind::Virtual { members, .. }) => members.clone(),
            None => Vec::new(),
        }
    }

    /// The local repository that takes what is pushed to a key.
    pub(super) fn takes(&self, key: &str) -> Option<String> {
        match self.kind(key)? {
            Kind::Local => Some(key.to_owned()),
            Kind::Virtual { deploys_to, .. } => Some(deploys_to.clone()),
        }
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    pub(super) fn file_mut(&mut self, path: &str) -> Option<&mut File> {
        self.files.get_mut(path)
    }

    /// Everything below a folder.
    pub(super) fn below(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        self.files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect()
    }

    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.repositories.contains_key(path) || !self.below(path).is_empty()
    }

    /// The names right below a folder, with a slash behind those of folders.
    pub(super) fn children(&self, folder: &str) -> BTreeSet<String> {
        let child = |path: String| match path[folder.len() + 1..].split_once('/') {
            Some((name, _)) => format!("{name}/"),
            None => path[folder.len() + 1..].to_owned(),
        };
        self.below(folder).into_iter().map(child).collect()
    }

    pub(super) fn write(&mut self, path: &str, media_type: &str, bytes: Bytes, forget: bool) {
        let kept = self.files.remove(path).filter(|_| !forget).map(|file| file.properties);
        let sha256 = hex(&bytes);
        let file =
            File { bytes, media_type: media_type.to_owned(), sha256, properties: kept.unwrap_or_default() };
        self.files.insert(path.to_owned(), file);
    }

    /// The manifest of a tag or a digest, by its path.
    pub(super) fn manifest(&self, key: &str, image: &str, which: &str) -> Option<String> {
        for local in self.locals(key) {
            let named = ["manifest.json", "list.manifest.json"]
                .into_iter()
                .map(|name| format!("{local}/{image}/{which}/{name}"))
                .find(|path| self.files.contains_key(path));
            let by_digest = || {
                let digest = which.strip_prefix("sha256:")?;
                let found = self.below(&format!("{local}/{image}")).into_iter().find(|path| {
                    path.ends_with("manifest.json")
                        && self.files.get(path).is_some_and(|file| file.sha256 == digest)
                });
                found.filter(|path| path[local.len() + image.len() + 2..].matches('/').count() == 1)
            };
            if let Some(path) = named.or_else(by_digest) {
                return Some(path);
            }
        }
        None
    }

    /// Where a blob of an image is.
    pub(super) fn blob(&self, key: &str, image: &str, digest: &str) -> Option<String> {
        let name = format!("/{}", digest.replace(':', "__"));
        let locals = self.locals(key).into_iter();
        locals.flat_map(|local| self.below(&format!("{local}/{image}"))).find(|path| path.ends_with(&name))
    }

    /// Writes a manifest by tag or by digest, and puts its layers beside it.
    pub(super) fn put_manifest(
        &mut self,
        key: &str,
        image: &str,
        which: &str,
        media_type: &str,
        bytes: &Bytes,
        forget: bool,
    ) -> Result<String, String> {
        let json: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let digest = format!("sha256:{}", hex(bytes));
        if which.starts_with("sha256:") && which != digest {
            return Err(format!("the digest is {digest}"));
        }
        let folder = format!("{key}/{image}/{which}");
        let is_index = INDEXES.contains(&media_type);
        let text = |value: &Value| value["digest"].as_str().unwrap_or_default().to_owned();
        let blobs: Vec<String> =
            json["layers"].as_array().into_iter().flatten().chain([&json["config"]]).map(text).collect();
        for blob in blobs.iter().filter(|digest| !digest.is_empty()) {
            let from = self.blob(key, image, blob).ok_or_else(|| format!("blob {blob} is unknown"))?;
            if let Some(file) = self.files.get(&from).cloned() {
                self.files.insert(format!("{folder}/{}", blob.replace(':', "__")), file);
            }
        }
        for child in json["manifests"].as_array().into_iter().flatten().map(text) {
            self.manifest(key, image, &child).ok_or_else(|| format!("manifest {child} is unknown"))?;
        }
        let (name, other) = if is_index {
            ("list.manifest.json", "manifest.json")
        } else {
            ("manifest.json", "list.manifest.json")
        };
        self.files.remove(&format!("{folder}/{other}"));
        let path = format!("{folder}/{name}");
        self.write(&path, media_type, bytes.clone(), forget);
        let told = [
            ("docker.manifest", which),
            ("docker.manifest.digest", &digest),
            ("docker.manifest.type", media_type),
            ("docker.repoName", image),
        ];
        if let Some(file) = self.files.get_mut(&path) {
            let told = told.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
            file.properties.extend(told);
        }
        Ok(digest)
    }

    /// The tags of an image.
    pub(super) fn tags(&self, key: &str, image: &str) -> BTreeSet<String> {
        let locals = self.locals(key).into_iter();
        let folders = locals.flat_map(|local| {
            let folder = format!("{local}/{image}");
            self.children(&folder).into_iter().map(move |child| (folder.clone(), child))
        });
        let tag = |(folder, child): (String, String)| {
            let tag = child.strip_suffix('/').filter(|tag| !tag.contains(':'))?.to_owned();
            let held = |name| self.files.contains_key(&format!("{folder}/{tag}/{name}"));
            (held("manifest.json") || held("list.manifest.json")).then_some(tag)
        };
        folders.filter_map(tag).collect()
    }

    /// Takes an image over from a layout directory.
    pub(super) fn take_over(
        &mut self,
        layout: &Path,
        from: &str,
        key: &str,
        image: &str,
        tag: &str,
        forget: bool,
    ) -> Result<String, String> {
        let read = |digest: &str| {
            let path = layout.join("blobs").join(digest.replace(':', "/"));
            fs::read(&path).map(Bytes::from).map_err(|error| format!("{}: {error}", path.display()))
        };
        let key = self.takes(key).ok_or_else(|| format!("there is no repository {key}"))?;
        let index = fs::read(layout.join("index.json")).map_err(|error| error.to_string())?;
        let index: Value = serde_json::from_slice(&index).map_err(|error| error.to_string())?;
        let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == from;
        let entry = index["manifests"].as_array().into_iter().flatten().find(named);
        let entry = entry.ok_or_else(|| format!("there is no tag {from}"))?;
        self.take_entry(&read, entry, &key, image, tag, forget)
    }

    fn take_entry(
        &mut self,
        read: &dyn Fn(&str) -> Result<Bytes, String>,
        entry: &Value,
        key: &str,
        image: &str,
        which: &str,
        forget: bool,
    ) -> Result<String, String> {
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let bytes = read(&text(entry, "digest"))?;
        let json: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        for child in json["manifests"].as_array().into_iter().flatten() {
            self.take_entry(read, child, key, image, &text(child, "digest"), forget)?;
        }
        let config = Some(&json["config"]).filter(|config| config.is_object());
        for blob in json["layers"].as_array().into_iter().flatten().chain(config) {
            let digest = text(blob, "digest");
            let path = format!("{key}/{image}/_uploads/{}", digest.replace(':', "__"));
            self.write(&path, "application/octet-stream", read(&digest)?, false);
        }
        self.put_manifest(key, image, which, &text(entry, "mediaType"), &bytes, forget)
    }
}
