//! What skopeo wrote is read by us, in each of its formats.

use serde_json::Value;
use testkit::{File, Image, Registry, tool};

use super::copy;
use super::inventory::Inventory;
use super::reader::Reader;
use crate::skopeo::{raw, skopeo};

fn image() -> Image {
    Image::new().layer(vec![File::new("app/main.py", "print('hello')\n")])
}

#[test]
fn what_skopeo_wrote_is_read_in_each_of_its_formats() {
    let (registry, other, reader) = (Registry::start(), Registry::start(), Reader::new());
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    image().write(folder.path().join("in").as_path(), "1").expect("a layout");
    // Ours, so that skopeo reads what we wrote and we read what skopeo made of it.
    copy(&format!("oci:{}:1", at("in")), &format!("oci:{}:1", at("ours"))).succeeds();
    let ours = format!("oci:{}:1", at("ours"));
    let zstd = ["--dest-compress-format", "zstd", "--dest-compress"];
    let table: [(&str, &[&str], &str, usize); 4] = [
        (
            "list",
            &["--all", "--format", "v2s2"],
            "application/vnd.docker.distribution.manifest.list.v2+json",
            2,
        ),
        ("docker", &["--format", "v2s2"], "application/vnd.docker.distribution.manifest.v2+json", 1),
        ("index", &["--all", "--format", "oci"], "application/vnd.oci.image.index.v1+json", 2),
        ("zstd", &zstd, "application/vnd.oci.image.manifest.v1+json", 1),
    ];
    for (name, options, media_type, platforms) in table {
        let (written, mirrored) =
            (format!("{}/app:{name}", registry.address()), format!("{}/app:{name}", other.address()));
        let remote = format!("docker://{written}");
        let from = [&["copy", "--quiet", "--dest-tls-verify=false"][..], options, &[&ours, &remote]].concat();
        skopeo(&from);
        let digest = tool("image-promote").args(["digest", &written]).succeeds();
        let found = reader.read(&written);
        assert_eq!(digest.stdout().trim_end(), found.root, "{name}");
        assert_eq!(found.manifests[&found.root], raw(&remote).as_bytes(), "{name}");
        let shown = tool("image-promote").args(["inspect", &written, "--format", "json"]).succeeds();
        let report: Value = serde_json::from_str(shown.stdout()).expect("JSON");
        assert_eq!(report["media_type"], media_type, "{name}: {report}");
        assert_eq!(report["images"].as_array().map(Vec::len), Some(platforms), "{name}: {report}");
        copy(&written, &mirrored).succeeds();
        assert_eq!(reader.read(&mirrored), found, "{name}");
        copy(&mirrored, &format!("oci:{}:{name}", at("out"))).succeeds();
        assert_eq!(Inventory::of_layout(&folder.path().join("out"), name), found, "{name}");
    }
}
