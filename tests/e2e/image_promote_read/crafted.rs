//! Images that no tool of this machine builds: with attestations as buildx writes them, with referrers, with annotations.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// A layout directory being filled by hand.
pub(crate) struct Crafted {
    folder: TempDir,
    index: Vec<Value>,
}

impl Crafted {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("blobs/sha256")).expect("blobs");
        fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a marker");
        let crafted = Self { folder, index: Vec::new() };
        crafted.write_index();
        crafted
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How our tools call an image of it.
    pub(crate) fn name(&self, tag: &str) -> String {
        format!("oci:{}:{tag}", self.path().display())
    }

    fn write_index(&self) {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": self.index });
        fs::write(self.path().join("index.json"), index.to_string()).expect("an index");
    }

    /// Writes a blob and returns its descriptor.
    pub(crate) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        fs::write(self.path().join("blobs/sha256").join(&digest), bytes).expect("a blob");
        json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": bytes.len() })
    }

    /// An image of one platform with this configuration and layers of this content.
    pub(crate) fn image(&self, architecture: &str, config: &Value, layers: &[&str]) -> Value {
        let diff_ids: Vec<_> =
            layers.iter().map(|layer| format!("sha256:{}", sha256(layer.as_bytes()))).collect();
        let config = json!({
            "architecture": architecture, "os": "linux", "config": config,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = self.blob(CONFIG, config.to_string().as_bytes());
        let layer = |layer: &&str| self.blob("application/vnd.oci.image.layer.v1.tar", layer.as_bytes());
        let layers: Vec<_> = layers.iter().map(layer).collect();
        self.manifest(&json!({ "config": config, "layers": layers }))
    }

    /// A manifest with these fields besides those that all have.
    pub(crate) fn manifest(&self, fields: &Value) -> Value {
        let mut manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST });
        let all = manifest.as_object_mut().expect("an object");
        all.extend(fields.as_object().expect("fields").clone());
        self.blob(MANIFEST, manifest.to_string().as_bytes())
    }

    /// What buildx puts into an index for each image of it.
    pub(crate) fn attestation(&self, subject: &Value) -> Value {
        let mut layer = self.blob("application/vnd.in-toto+json", b"{}");
        layer["annotations"] = json!({ "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" });
        let config = self.blob(CONFIG, br#"{"architecture":"unknown","os":"unknown","config":{}}"#);
        let manifest = self.manifest(&json!({ "config": config, "layers": [layer] }));
        let mut manifest = of_platform(&manifest, "unknown", "unknown");
        manifest["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject["digest"],
        });
        manifest
    }

    /// An index of these, with annotations.
    pub(crate) fn index(&self, entries: &[&Value], annotations: &Value) -> Value {
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries, "annotations": annotations });
        self.blob(INDEX, index.to_string().as_bytes())
    }

    /// Gives a manifest or an index a tag.
    pub(crate) fn tag(&mut self, descriptor: &Value, tag: &str) {
        let mut entry = descriptor.clone();
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        self.index.push(entry);
        self.write_index();
    }
}

/// The entry of an index for an image.
pub(crate) fn of_platform(descriptor: &Value, os: &str, architecture: &str) -> Value {
    let mut entry = descriptor.clone();
    entry["platform"] = json!({ "os": os, "architecture": architecture });
    entry
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut process =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("coreutils");
    process.stdin.take().expect("a pipe").write_all(bytes).expect("bytes are read");
    let output = process.wait_with_output().expect("sha256sum ends");
    String::from_utf8_lossy(&output.stdout)[..64].to_owned()
}
