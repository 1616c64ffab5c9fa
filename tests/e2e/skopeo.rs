//! skopeo, which knows nothing of us: it makes what we read and judges what we wrote.

use std::path::Path;
use std::process::Command;

use testkit::Image;

/// Runs it, and returns what it prints.
pub(crate) fn skopeo(arguments: &[&str]) -> String {
    let output = Command::new("skopeo").args(arguments).output().expect("skopeo is installed");
    assert!(output.status.success(), "skopeo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("skopeo speaks UTF-8")
}

/// Pushes the image, all platforms, under a name with a tag, and returns its digest.
pub(crate) fn push(image: &Image, registry: &str, name: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let digest = image.write(folder.path(), "x").expect("a layout");
    push_layout(folder.path(), "x", registry, name);
    digest
}

/// Pushes an image of a layout directory as it is, all platforms.
pub(crate) fn push_layout(layout: &Path, tag: &str, registry: &str, name: &str) {
    let (from, to) = (format!("oci:{}:{tag}", layout.display()), format!("docker://{registry}/{name}"));
    skopeo(&["copy", "--all", "--quiet", "--preserve-digests", "--dest-tls-verify=false", &from, &to]);
}

/// The manifest or index behind a reference, as it is.
pub(crate) fn raw(reference: &str) -> String {
    skopeo(&["inspect", "--raw", "--tls-verify=false", reference])
}
