//! Images of one platform, written as OCI image layouts: no engine is needed to put a static binary into one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::archive::{Content, Entry, date, gzip, tar};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// What an image is to be.
pub(crate) struct Plan {
    /// A layout with one image of this platform, and its tag, to stand on. Nothing, if it is made from scratch.
    pub(crate) base: Option<(PathBuf, String)>,
    pub(crate) os: String,
    pub(crate) architecture: String,
    /// A folder whose content, modes included, goes to the root.
    pub(crate) tree: Option<PathBuf>,
    /// Files, and where they go.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// Symbolic links, and where they lead.
    pub(crate) links: Vec<(String, String)>,
    /// `docker inspect`'s words: `User`, `Entrypoint`, `Cmd`, `Env`, `Labels`.
    pub(crate) config: Value,
}

/// Writes the image into a layout and gives it the tag. The same plan makes the same digest.
///
/// # Errors
/// A file cannot be read or written, or the base is not an image of one platform.
pub(crate) fn write(layout: &Path, tag: &str, plan: Plan) -> io::Result<String> {
    fs::create_dir_all(layout.join("blobs/sha256"))?;
    let Base { mut layers, mut diff_ids, mut history, mut config } = match &plan.base {
        Some((base, tag)) => read_base(base, tag, layout)?,
        None => Base::default(),
    };
    let archive = tar(entries(&plan)?)?;
    diff_ids.push(json!(digest(&archive)));
    layers.push(blob(layout, LAYER, &gzip(&archive)?)?);
    history.push(json!({ "created": created(), "created_by": "pypelines" }));
    for (name, own) in plan.config.as_object().into_iter().flatten() {
        // What stands on nothing has no settings to go on from: this makes an object of null.
        config[name] = own.clone();
    }
    let config = json!({
        "created": created(), "os": plan.os, "architecture": plan.architecture, "config": config,
        "rootfs": { "type": "layers", "diff_ids": diff_ids }, "history": history,
    });
    let config = blob(layout, CONFIG, config.to_string().as_bytes())?;
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
    let mut descriptor = blob(layout, MANIFEST, manifest.to_string().as_bytes())?;
    let digest = descriptor["digest"].as_str().unwrap_or_default().to_owned();
    descriptor["platform"] = json!({ "os": plan.os, "architecture": plan.architecture });
    descriptor["annotations"] = json!({ REF_NAME: tag });
    name(layout, tag, descriptor)?;
    Ok(digest)
}

/// The files, and the folders above them, each once.
fn entries(plan: &Plan) -> io::Result<Vec<Entry>> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    if let Some(tree) = &plan.tree {
        add_tree(tree, "", &mut entries)?;
    }
    let files = plan.files.iter().map(|(from, path)| Entry::read(from, path.trim_start_matches('/')));
    let links = plan.links.iter().map(|(path, target)| {
        Ok(Entry { path: path.trim_start_matches('/').to_owned(), content: Content::Link(target.clone()) })
    });
    for entry in files.chain(links) {
        let entry = entry?;
        let path = entry.path.clone();
        for (at, _) in path.match_indices('/') {
            let folder = path[..at].to_owned();
            entries
                .entry(folder.clone())
                .or_insert(Entry { path: folder, content: Content::Folder { mode: 0o755 } });
        }
        entries.insert(path, entry);
    }
    Ok(entries.into_values().collect())
}

/// What is in a folder, and in those below it.
fn add_tree(folder: &Path, at: &str, entries: &mut BTreeMap<String, Entry>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for found in fs::read_dir(folder)? {
        let found = found?;
        let path = format!("{at}{}", found.file_name().to_string_lossy());
        let kind = found.file_type()?;
        let content = if kind.is_symlink() {
            Content::Link(fs::read_link(found.path())?.to_string_lossy().into_owned())
        } else if kind.is_dir() {
            add_tree(&found.path(), &format!("{path}/"), entries)?;
            Content::Folder { mode: found.metadata()?.permissions().mode() & 0o7777 }
        } else {
            Entry::read(&found.path(), &path)?.content
        };
        entries.insert(path.clone(), Entry { path, content });
    }
    Ok(())
}

#[derive(Default)]
struct Base {
    layers: Vec<Value>,
    diff_ids: Vec<Value>,
    history: Vec<Value>,
    config: Value,
}

/// What an image brings along, its layers copied.
fn read_base(base: &Path, tag: &str, layout: &Path) -> io::Result<Base> {
    let wrong = |what: &str| io::Error::other(format!("the base {}:{tag}: {what}", base.display()));
    let index: Value = serde_json::from_slice(&fs::read(base.join("index.json"))?)?;
    let manifests = index["manifests"].as_array().cloned().unwrap_or_default();
    let named = manifests.iter().find(|manifest| manifest["annotations"][REF_NAME] == tag);
    let descriptor = named.ok_or_else(|| wrong("there is no such tag"))?;
    let manifest: Value = serde_json::from_slice(&read_blob(base, descriptor)?)?;
    let layers = manifest["layers"].as_array().ok_or_else(|| wrong("it is not an image of one platform"))?;
    let config: Value = serde_json::from_slice(&read_blob(base, &manifest["config"])?)?;
    // Docker's own name for the same bytes.
    let layers = layers.iter().map(|layer| blob(layout, LAYER, &read_blob(base, layer)?));
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    Ok(Base {
        layers: layers.collect::<io::Result<_>>()?,
        diff_ids: list(&config["rootfs"]["diff_ids"]),
        history: list(&config["history"]),
        config: config["config"].clone(),
    })
}

fn read_blob(layout: &Path, descriptor: &Value) -> io::Result<Vec<u8>> {
    let digest = descriptor["digest"].as_str().unwrap_or_default();
    let path = layout.join("blobs").join(digest.replacen(':', "/", 1));
    fs::read(&path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> io::Result<Value> {
    let digest = digest(bytes);
    fs::write(layout.join("blobs").join(digest.replacen(':', "/", 1)), bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}

/// Puts the descriptor into the index of the layout, in the place of what had its tag.
fn name(layout: &Path, tag: &str, descriptor: Value) -> io::Result<()> {
    let path = layout.join("index.json");
    let mut manifests = match fs::read(&path) {
        Ok(bytes) => {
            serde_json::from_slice::<Value>(&bytes)?["manifests"].as_array().cloned().unwrap_or_default()
        }
        Err(_) => Vec::new(),
    };
    manifests.retain(|known| known["annotations"][REF_NAME] != tag);
    manifests.push(descriptor);
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    fs::write(path, json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests }).to_string())
}

/// The date as RFC 3339 writes it.
pub(crate) fn created() -> String {
    let seconds = i64::try_from(date()).unwrap_or_default();
    let moment =
        time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
