//! The images of a release, as skopeo reads them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::tools;

use super::{ARCH, ARCHES, Dist, output};
use crate::install::bare::Bare;

/// Who the images of single tools run as.
pub(super) const NOBODY: u32 = 65532;

impl Dist {
    fn image(&self, name: &str) -> String {
        format!("oci:{}:{}", self.path("images").join(name).display(), self.version)
    }

    /// The images of this release, and their digests.
    pub(super) fn images(&self) -> Vec<(String, String)> {
        let listed = self.read("image-digests.txt");
        let lines = listed.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(name, digest)| (name.to_owned(), digest.to_owned())).collect()
    }

    /// The architectures that it is for.
    fn platforms(&self, name: &str) -> BTreeSet<&'static str> {
        ARCHES.iter().map(|(arch, _)| *arch).filter(|arch| self.has(name, arch)).collect()
    }

    /// The root of an image: its layers, unpacked.
    pub(super) fn root(&self, name: &str, arch: &str) -> tempfile::TempDir {
        let (copied, root) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let folder = format!("dir:{}", copied.path().display());
        skopeo(&["copy", "--quiet", "--override-arch", arch, &self.image(name), &folder]);
        let manifest = fs::read(copied.path().join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        for layer in manifest["layers"].as_array().expect("layers") {
            let blob = layer["digest"].as_str().expect("a digest").trim_start_matches("sha256:");
            let mut tar = Command::new("tar");
            output(tar.arg("-xpzf").arg(copied.path().join(blob)).arg("-C").arg(root.path()));
        }
        root
    }
}

fn skopeo(words: &[&str]) -> String {
    output(Command::new("skopeo").args(words))
}

fn inspected(words: &[&str]) -> Value {
    serde_json::from_str(&skopeo(&[&["inspect"], words].concat())).expect("JSON")
}

#[test]
fn an_image_is_an_index_of_its_platforms_and_says_what_it_is() {
    let Some(dist) = Dist::open() else { return };
    let images = dist.images();
    assert!(!images.is_empty());
    for (name, digest) in images {
        let image = dist.image(&name);
        let index = inspected(&["--raw", &image]);
        assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json", "{name}");
        let platforms = index["manifests"].as_array().expect("manifests").iter();
        let platforms: BTreeSet<_> =
            platforms.filter_map(|one| one["platform"]["architecture"].as_str()).collect();
        assert_eq!(platforms, dist.platforms(&name), "{name}");
        let entries: Value =
            serde_json::from_str(&dist.read(&format!("images/{name}/index.json"))).expect("JSON");
        assert_eq!(
            entries["manifests"].as_array().map(Vec::len),
            Some(1),
            "{name}: one tag and nothing else"
        );
        assert_eq!(entries["manifests"][0]["digest"], digest.as_str(), "{name}");
        let revision = &index["annotations"]["org.opencontainers.image.revision"];
        assert!(revision.as_str().is_some_and(|commit| commit.len() == 40), "{name}: {index}");
        for arch in platforms {
            let config = inspected(&["--config", "--override-arch", arch, &image]);
            let what = &config["config"];
            assert_eq!(config["architecture"], arch, "{name}");
            assert_eq!(what["Labels"]["org.opencontainers.image.revision"], *revision, "{name}");
            assert_eq!(what["Labels"]["org.opencontainers.image.title"], name.as_str(), "{name} for {arch}");
            assert_eq!(what["Labels"].get("branch"), None, "{name} for {arch}: where it was built");
            // Whether the tag was there or not.
            for label in ["version", "org.opencontainers.image.version"] {
                assert_eq!(what["Labels"][label], dist.version, "{name} for {arch}: {label}");
            }
            for label in ["source", "url"] {
                let address = &what["Labels"][format!("org.opencontainers.image.{label}")];
                assert!(
                    address.as_str().is_some_and(|url| url.starts_with("http")),
                    "{name}: {label}: {address}"
                );
            }
            let shell = if name == "pypelines" { " AND GPL-2.0-only" } else { "" };
            assert_eq!(
                what["Labels"]["org.opencontainers.image.licenses"],
                format!("(MIT OR Apache-2.0) AND MPL-2.0{shell}"),
                "{name}"
            );
            for label in ["created", "version", "description", "licenses"] {
                let label = format!("org.opencontainers.image.{label}");
                assert_eq!(what["Labels"][&label], index["annotations"][&label], "{name} for {arch}");
                assert!(what["Labels"][&label].is_string(), "{name} for {arch}: {label}");
            }
            if name == "pypelines" {
                assert_eq!((&what["Cmd"][0], &what["Entrypoint"]), (&"sh".into(), &Value::Null));
                continue;
            }
            assert_eq!(what["Entrypoint"], serde_json::json!([format!("/{name}")]));
            assert_eq!(what["User"], format!("{NOBODY}:{NOBODY}"), "{name}");
            assert_eq!(
                config["rootfs"]["diff_ids"].as_array().map(Vec::len),
                Some(1),
                "{name}: from scratch"
            );
        }
    }
}

/// The paths of all files and links below a folder, without the folder's own.
fn files(folder: &Path) -> BTreeSet<String> {
    let listed = output(Command::new("find").args([".", "-not", "-type", "d"]).current_dir(folder));
    listed.lines().map(|path| path.trim_start_matches("./").to_owned()).collect()
}

#[test]
fn the_image_of_a_tool_holds_it_and_the_certificates_and_runs_as_nobody() {
    let Some(dist) = Dist::open() else { return };
    for (name, _) in dist.images().into_iter().filter(|(name, _)| name != "pypelines") {
        for arch in dist.platforms(&name) {
            let root = dist.root(&name, arch);
            let expected = [name.clone(), "etc/ssl/certs/ca-certificates.crt".to_owned()];
            assert_eq!(files(root.path()), expected.into(), "{name} for {arch}");
            let bundle =
                fs::read_to_string(root.path().join("etc/ssl/certs/ca-certificates.crt")).expect("a bundle");
            assert!(bundle.matches("BEGIN CERTIFICATE").count() > 100, "{name}");
            if arch == ARCH {
                let bare = Bare::at(root);
                let version = output(&mut bare.command_as(Some(NOBODY), &[&format!("/{name}"), "--version"]));
                assert_eq!(version, format!("{name} {}\n", dist.version));
            }
        }
    }
}

#[test]
fn the_image_of_pipelines_has_a_shell_and_every_tool_in_less_than_25_mb() {
    let Some(dist) = Dist::open() else { return };
    for arch in dist.platforms("pypelines") {
        let root = dist.root("pypelines", arch);
        let weight: u64 = files(root.path())
            .iter()
            .filter_map(|file| fs::symlink_metadata(root.path().join(file)).ok())
            .map(|file| file.len())
            .sum();
        assert!(weight < 25_000_000, "{arch}: {weight} bytes");
        if arch != ARCH {
            continue;
        }
        let bare = Bare::at(root);
        for tool in tools() {
            let version = output(&mut bare.command(&[&format!("/usr/local/bin/{tool}"), "--version"]));
            assert_eq!(version, format!("{tool} {}\n", dist.version));
        }
        // What jobs do: a file that nobody else reads, and the names of users.
        let line = "set -e; cd \"$(mktemp -d)\"; echo ok > file; cat file; id -un; ls /usr/local/bin | wc -l";
        let told = output(
            bare.command_as(Some(NOBODY), &["/bin/sh", "-c", "cd \"$(mktemp -d)\" && pwd"])
                .env("PATH", "/bin:/usr/bin"),
        );
        assert!(told.starts_with("/tmp/"), "{told}");
        let told = output(bare.command(&["/bin/sh", "-c", line]).env("PATH", "/bin:/usr/bin"));
        assert_eq!(told, format!("ok\nroot\n{}\n", tools().len() + 1));
    }
}
