//! However large a layer is, a copy of it takes little memory.

use std::fs::{self, File};
use std::process::Command;

use serde_json::{Value, json};
use testkit::Registry;

use super::copy;
use crate::image_promote_read::crafted::Crafted;
use crate::process::peak;

/// The most that a run may have in memory at once, in KiB, however large a layer is.
const MOST_KIB: u64 = 32 * 1024;
/// The size of the layer in MiB, where `E2E_LAYER_MIB` does not say another. What is kept in memory by mistake is far
/// beyond the bound at this size; `E2E_LAYER_MIB=1024` is the size of the promise, takes half a minute and 3 GB of disk.
const LAYER_MIB: u64 = 192;

/// A layer of nothing but zeroes, which takes no room on the disk.
fn sparse_layer(crafted: &Crafted, bytes: u64) -> Value {
    let blobs = crafted.path().join("blobs/sha256");
    let path = blobs.join("layer");
    File::create(&path).and_then(|file| file.set_len(bytes)).expect("a sparse file");
    let output = Command::new("sha256sum").arg(&path).output().expect("coreutils");
    let hex = String::from_utf8_lossy(&output.stdout)[..64].to_owned();
    fs::rename(path, blobs.join(&hex)).expect("a blob");
    let media_type = "application/vnd.oci.image.layer.v1.tar";
    json!({ "mediaType": media_type, "digest": format!("sha256:{hex}"), "size": bytes })
}

#[test]
fn a_large_layer_passes_through_little_memory() {
    let mib = std::env::var("E2E_LAYER_MIB").ok().map(|text| text.parse().expect("a number of MiB"));
    let bytes = mib.unwrap_or(LAYER_MIB) * 1024 * 1024;
    let mut crafted = Crafted::new();
    let layer = sparse_layer(&crafted, bytes);
    let config = crafted.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let image = crafted.manifest(&json!({ "config": config, "layers": [layer] }));
    crafted.tag(&image, "large");
    let (one, two) = (Registry::start(), Registry::start());
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let stations = [
        crafted.name("large"),
        format!("{}/large:1", one.address()),
        format!("{}/large:1", two.address()),
        format!("oci:{}:1", out.display()),
    ];
    for leg in stations.windows(2) {
        let kib = peak(copy(&leg[0], &leg[1]), &folder.path().join("peak"));

        assert!(kib < MOST_KIB, "{leg:?} took {kib} KiB of memory for a layer of {bytes} bytes");
    }
    let digest = layer["digest"].as_str().expect("a digest").replace(':', "/");
    let written = fs::metadata(out.join("blobs").join(digest)).expect("the layer");
    assert_eq!(written.len(), bytes);
}
