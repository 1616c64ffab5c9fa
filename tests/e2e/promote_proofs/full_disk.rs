//! A directory on a disk that becomes full: a clear error, nothing half written, nothing left over, and it can go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use testkit::binaries;

use super::copy;
use super::inventory::Inventory;
use crate::image_promote_read::crafted::Crafted;

/// An image of some pages, no two blobs alike.
fn image(crafted: &mut Crafted) -> Inventory {
    let layer = |n: u8| vec![n; 6000 + usize::from(n)];
    let layers: Vec<_> = (1..4).map(|n| crafted.blob("application/vnd.example.layer", &layer(n))).collect();
    let config = crafted.blob("application/vnd.oci.image.config.v1+json", b"{}");
    let image = crafted.manifest(&json!({ "config": config, "layers": layers }));
    let index = crafted.index(&[&image], &json!({}));
    crafted.tag(&index, "1");
    Inventory::of_layout(crafted.path(), "1")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What a failed run may leave behind: whole blobs, and no tag.
fn assert_nothing_half(left: &Path, whole: &Inventory, after: &str) {
    for path in files(left) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a file");
        match name.as_str() {
            "oci-layout" => assert_eq!(bytes, br#"{"imageLayoutVersion":"1.0.0"}"#, "{after}"),
            "index.json" => {
                let index: Value = serde_json::from_slice(&bytes).expect("JSON");
                assert_eq!(index["manifests"], json!([]), "{after}");
            }
            hex => {
                let digest = format!("sha256:{hex}");
                let known = whole.blobs.get(&digest).or(whole.manifests.get(&digest));
                assert_eq!(Some(&bytes), known, "{after}: {}", path.display());
            }
        }
    }
}

fn assert_told(stderr: &str, reason: &str) {
    let lines: Vec<_> = stderr.lines().collect();
    let [.., what, next] = lines[..] else { panic!("two lines: {stderr}") };
    assert!(what.starts_with("image-promote: cannot write ") && what.contains("/out"), "{stderr}");
    assert!(what.contains(reason), "{stderr}");
    assert!(next.contains("hint: ") && next.contains("run it again"), "{stderr}");
}

#[test]
fn a_file_longer_than_allowed_ends_in_a_clear_error() {
    let mut crafted = Crafted::new();
    let whole = image(&mut crafted);
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let (from, to) = (crafted.name("1"), format!("oci:{}:1", out.display()));
    // A limit of 4 KiB, told by an error and not by a signal: less than a layer, and more than anything else.
    let output = Command::new("bash")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 4; exec "$0" copy "$1" "$2""#])
        .arg(binaries().join("image-promote"))
        .args([&from, &to])
        .output()
        .expect("bash");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_told(&stderr, "File too large");
    assert_nothing_half(&out, &whole, "a limit");
    copy(&from, &to).succeeds();
    assert_eq!(Inventory::of_layout(&out, "1"), whole);
}

/// Copies to a file system of its own with this many pages, then with room for all, and keeps what it finds after each.
const FILL: &str = r#"
tool=$0 from=$1 disk=$2 kept=$3
mount -t tmpfs none "$disk" && umount "$disk" || exit 77
for pages in $(seq 1 99); do
  mount -t tmpfs -o nr_blocks="$pages" none "$disk"
  "$tool" copy "$from" "oci:$disk/out:1" >"$kept/stdout" 2>"$kept/$pages.stderr"
  echo $? >"$kept/$pages.code"
  [ -d "$disk/out" ] && cp -r "$disk/out" "$kept/$pages.left"
  mount -o remount,nr_blocks=9999 "$disk"
  "$tool" copy "$from" "oci:$disk/out:1" >"$kept/stdout" 2>"$kept/$pages.stderr-again" || exit 1
  cp -r "$disk/out" "$kept/$pages.whole"
  umount "$disk"
  [ "$(cat "$kept/$pages.code")" -eq 0 ] && exit 0
done
exit 1
"#;

/// Runs the script where it may mount, as root or as a user who is root in a namespace of his own.
fn fill(arguments: &[&Path], from: &str) -> Option<Output> {
    let [disk, kept] = arguments else { panic!("two folders") };
    [&["--mount"][..], &["--user", "--map-root-user", "--mount"]].into_iter().find_map(|namespace| {
        let output = Command::new("unshare")
            .args(namespace)
            .args(["bash", "-c", FILL])
            .arg(binaries().join("image-promote"))
            .arg(from)
            .args([disk, kept])
            .output()
            .ok()?;
        // 77: it may not mount. 1 from unshare itself: it may not even ask.
        let began = kept.join("1.code").exists();
        began.then_some(output)
    })
}

#[test]
fn a_disk_that_is_full_after_any_number_of_pages_ends_in_a_clear_error_and_can_go_on() {
    let mut crafted = Crafted::new();
    let whole = image(&mut crafted);
    let folder = tempfile::tempdir().expect("a folder");
    let (disk, kept) = (folder.path().join("disk"), folder.path().join("kept"));
    fs::create_dir(&disk).and_then(|()| fs::create_dir(&kept)).expect("folders");
    let Some(output) = fill(&[&disk, &kept], &crafted.name("1")) else {
        eprintln!("NOT TESTED: a full disk; this needs the right to mount a file system of its own");
        return;
    };
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "it cannot go on: {failed}");
    let text =
        |name: String| fs::read_to_string(kept.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut pages = 1;
    while text(format!("{pages}.code")).trim() != "0" {
        assert_eq!(text(format!("{pages}.code")).trim(), "1", "{pages} pages");
        assert_told(&text(format!("{pages}.stderr")), "No space left on device");
        assert_nothing_half(&kept.join(format!("{pages}.left")), &whole, &format!("{pages} pages"));
        assert_eq!(Inventory::of_layout(&kept.join(format!("{pages}.whole")), "1"), whole, "{pages} pages");
        pages += 1;
    }
    assert!(pages > 8, "{pages} pages hold less than the image has");
}
