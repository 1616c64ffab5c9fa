//! Makes images where no Docker is: OCI image layout directories with real gzipped tar layers, the same bytes for the
//! same input. It shares no code with `libs/registry`, which is tested with what is made here.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CREATED: &str = "2026-01-02T03:04:05Z";

/// A file of a layer.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it stands in the image, without a leading slash.
    pub path: String,
    /// What is in it.
    pub content: Vec<u8>,
    /// Its permissions.
    pub mode: u32,
}

impl File {
    /// A file that everybody may read.
    pub fn new(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), content: content.into(), mode: 0o644 }
    }
}

/// A multi-platform image to be.
#[derive(Clone, Debug)]
pub struct Image {
    platforms: Vec<(String, String)>,
    layers: Vec<Vec<File>>,
    config: Value,
    created: String,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// An image for linux/amd64 and linux/arm64 with no layers of its own. Each platform gets a layer that names it, as
    /// a base image would.
    pub fn new() -> Self {
        let platform = |architecture: &str| ("linux".to_owned(), architecture.to_owned());
        Self {
            platforms: vec![platform("amd64"), platform("arm64")],
            layers: Vec::new(),
            config: json!({}),
            created: CREATED.into(),
        }
    }

    /// Adds a layer that all platforms share.
    #[must_use]
    pub fn layer(mut self, files: Vec<File>) -> Self {
        self.layers.push(files);
        self
    }

    /// For this platform alone.
    #[must_use]
    pub fn only(mut self, os: &str, architecture: &str) -> Self {
        self.platforms = vec![(os.to_owned(), architecture.to_owned())];
        self
    }

    /// Was made at this time, RFC 3339.
    #[must_use]
    pub fn created(mut self, time: &str) -> Self {
        time.clone_into(&mut self.created);
        self
    }

    /// Sets what a container runs with: `Cmd`, `Env`, `Labels`, `Healthcheck` as the image specification names them.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// Writes the image into the layout in `directory`, which is made if it is not there, and gives it the tag.
    /// Returns its digest.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, directory: &Path, tag: &str) -> io::Result<String> {
        fs::create_dir_all(directory.join("blobs/sha256"))?;
        let mut manifests = Vec::new();
        for (os, architecture) in &self.platforms {
            let mut descriptor = self.write_platform(directory, os, architecture)?;
            descriptor["platform"] = json!({ "os": os, "architecture": architecture });
            manifests.push(descriptor);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        let mut descriptor = write_blob(directory, INDEX, index.to_string().as_bytes())?;
        let digest = descriptor["digest"].as_str().unwrap_or_default().to_owned();
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        name(directory, descriptor, tag)?;
        Ok(digest)
    }

    fn write_platform(&self, directory: &Path, os: &str, architecture: &str) -> io::Result<Value> {
        let base = vec![File::new("etc/platform", format!("{os}/{architecture}\n"))];
        let (mut layers, mut diff_ids) = (Vec::new(), Vec::new());
        for files in std::iter::once(&base).chain(&self.layers) {
            let archive = tar(files)?;
            diff_ids.push(digest(&archive));
            layers.push(write_blob(directory, LAYER, &gzip(&archive)?)?);
        }
        let config = json!({
            "created": self.created,
            "os": os,
            "architecture": architecture,
            "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = write_blob(directory, CONFIG, config.to_string().as_bytes())?;
        let manifest =
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers });
        write_blob(directory, MANIFEST, manifest.to_string().as_bytes())
    }
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn write_blob(directory: &Path, media_type: &str, bytes: &[u8]) -> io::Result<Value> {
    let digest = digest(bytes);
    fs::write(directory.join("blobs").join(digest.replace(':', "/")), bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() }))
}

/// Puts the image into `index.json` in the place of what had its tag.
fn name(directory: &Path, descriptor: Value, tag: &str) -> io::Result<()> {
    let path = directory.join("index.json");
    let mut index: Value = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(_) => json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }),
    };
    if let Some(manifests) = index["manifests"].as_array_mut() {
        manifests.retain(|known| known["annotations"]["org.opencontainers.image.ref.name"] != tag);
        manifests.push(descriptor);
    }
    fs::write(&path, index.to_string())?;
    fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)
}

fn tar(files: &[File]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, &file.path, file.content.as_slice())?;
    }
    archive.into_inner()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}
