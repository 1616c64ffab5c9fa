//! `props` as its users run it.

mod artifactory;
mod backends;
mod clients;
pub(crate) mod stand;
mod writers;

use serde_json::{Value, json};
use testkit::{File, Image};

use stand::props;

fn layout() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let digest = Image::new().layer(vec![File::new("a", "b")]).write(&path, "1").expect("a layout");
    let image = format!("oci:{}:1", path.display());
    (folder, image, digest)
}

#[test]
fn a_gate_opens_only_when_every_mark_holds() {
    let (_folder, image, digest) = layout();
    let set = props(["set", &image, "tested", "scanned=false"]).succeeds();
    assert_eq!(set.stdout(), format!("{digest}\n"));
    let closed = props(["verify", &image, "tested", "scanned", "signed"]).fails(3);
    assert_eq!(closed.stdout(), format!("{digest}\n"));
    let message = closed.error()[0];
    for part in ["scanned is 'false', not 'true'", "signed is not set", digest.as_str()] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("tested is"), "{message}");
    props(["set", &image, "scanned", "signed=yes"]).succeeds();
    let open = props(["verify", &image, "tested", "scanned", "signed=yes"]).succeeds();
    assert_eq!((open.stdout(), open.stderr.as_str()), (format!("{digest}\n").as_str(), ""));
}

#[test]
fn marks_are_read_back_with_who_set_them() {
    let (_folder, image, digest) = layout();
    let url = "https://gitlab.example.com/team/app/-/pipelines/7";
    let set = props(["set", &image, "ticket=ABC-1 | x; y"]).env("CI_PIPELINE_URL", url).env("CI_JOB_URL", "");
    set.succeeds();
    props(["set", &image, "tested"]).succeeds();
    props(["set", &image, "note=  two  "]).succeeds();
    assert!(props(["history", &image]).succeeds().stdout().contains("\tset note=  two  \n"));
    assert_eq!(props(["get", &image, "note"]).succeeds().stdout(), "  two  \n");
    props(["unset", &image, "note"]).succeeds();
    assert_eq!(props(["get", &image]).succeeds().stdout(), "tested=true\nticket=ABC-1 | x; y\n");
    assert_eq!(props(["get", &image, "ticket"]).succeeds().stdout(), "ABC-1 | x; y\n");
    let json_text = props(["get", &image, "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(json_text.stdout()).expect("JSON");
    let expected = json!({
        "schema": 1, "image": image, "digest": digest,
        "marks": [
            { "key": "tested", "value": "true", "created": "2026-01-02T03:04:05Z" },
            { "key": "ticket", "value": "ABC-1 | x; y", "created": "2026-01-02T03:04:05Z", "pipeline": url },
        ],
    });
    assert_eq!(report, expected);
    let absent = props(["get", &image, "signed"]).fails(3);
    assert!(absent.error()[0].contains("signed is not set"), "{absent:?}");
}

#[test]
fn twice_is_once_and_a_dry_run_writes_nothing() {
    let (folder, image, _) = layout();
    let index = || std::fs::read(folder.path().join("layout/index.json")).expect("an index");
    let before = index();
    let dry = props(["set", &image, "tested", "--dry-run"]).succeeds();
    assert!(dry.stderr.contains("dry run"), "{dry:?}");
    assert_eq!(index(), before);
    props(["set", &image, "tested"]).succeeds();
    let once = index();
    let again = props(["set", &image, "tested"]).succeeds();
    assert!(again.stderr.contains("was set already"), "{again:?}");
    assert_eq!(index(), once);
}

#[test]
fn a_mark_stays_with_its_digest_when_the_tag_moves() {
    let (folder, image, digest) = layout();
    props(["set", &image, "tested"]).succeeds();
    let path = folder.path().join("layout");
    let moved = Image::new().layer(vec![File::new("a", "c")]).write(&path, "1").expect("a layout");
    assert_ne!(moved, digest);
    props(["verify", &image, "tested"]).fails(3);
    props(["verify", &format!("oci:{}@{digest}", path.display()), "tested"]).succeeds();
}

#[test]
fn the_manifest_of_a_mark_can_be_read_by_others() {
    let (_folder, image, digest) = layout();
    props(["set", &image, "tested"]).succeeds();
    let tag = format!("{}.tested", digest.replace(':', "-"));
    let reference = image.replace(":1", &format!(":{tag}"));
    let output = std::process::Command::new("skopeo").args(["inspect", "--raw", &reference]).output();
    let output = output.expect("skopeo is installed");
    let manifest: Value = serde_json::from_slice(&output.stdout).expect("a manifest");
    assert_eq!(manifest["subject"]["digest"], json!(digest));
    assert_eq!(manifest["artifactType"], json!("application/vnd.pypelines.mark.v1+json"));
}

#[test]
fn bad_input_and_absent_images_have_their_own_message() {
    let (folder, image, _) = layout();
    let none = format!("{image}0");
    let no_layout = format!("oci:{}:1", folder.path().display());
    let nowhere = format!("oci:{}:1", folder.path().join("nowhere").display());
    let long = format!("note={}", "v".repeat(5000));
    let table: [(&[&str], i32, &str); 21] = [
        (&["set", &image, "tested="], 2, "the variable is set"),
        (&["verify", &image, "tested="], 2, "the value is empty"),
        (&["set", &image, "tested", "--repo-key", ""], 2, "--repo-key"),
        (&["set", &image, "docker.x=1"], 2, "docker.x is not free"),
        (&["move", "build.name=1", &image], 2, "build.name is not free"),
        (&["get", "dir:images"], 2, "docker.io/library/dir:images"),
        (&["set", &nowhere, "tested"], 1, "check the path"),
        (&["verify", &nowhere, "tested"], 1, "there is no such directory"),
        (&["find", nowhere.trim_end_matches(":1"), "tested"], 1, "there is no such directory"),
        (&["set", &image, &long], 2, "'note=vvvv"),
        (&["set", &image, "tested", "--oci-scheme", "referrers"], 2, "in a layout directory"),
        (&["set", &image, "tested", "--oci-scheme", "tags", "--dry-run"], 0, "tested=true"),
        (&["set", &image, "tested", "--require-digest", "sha256:12"], 2, "sha256:12"),
        (&["verify", &none, "tested"], 1, "there is no"),
        (&["get", &none], 1, "there is no"),
        (&["get", &no_layout], 2, "no OCI image layout"),
        (&["get", &image, "--backend", "artifactory"], 2, "keeps no marks of"),
        (&["set", &image], 2, "KEY[=VALUE]"),
        (&["set", &image, "a b"], 2, "' '"),
        (&["set", &image, "tested", "tested=false"], 2, "twice"),
        (&["verify", "oci:somewhere", "tested"], 2, "neither a tag nor a digest"),
    ];
    for (arguments, code, part) in table {
        let output = props(arguments.iter().copied()).run();
        assert_eq!(output.code, Some(code), "{output:?}");
        let error = output.error().join("\n");
        assert!(error.contains(part) && error.len() < 1000, "{arguments:?}: {output:?}");
    }
}
