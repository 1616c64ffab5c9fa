//! `release` as its users run it: here with a directory as the forge, below with servers.

mod answers;
mod directory;
mod faults;
mod github;
mod gitlab;
mod notes;
mod page;
mod tags;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Output, Tool, tool};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// A folder to release into.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("the folder is ours");
        fs::write(&path, content).expect("the folder is ours");
        path
    }

    /// `release create TAG` into `out`, at a frozen time.
    fn create(&self, tag: &str) -> Tool {
        let create = tool("release").args(["create", tag, "--forge", "dir:out"]);
        create.current_dir(self.folder.path()).env("SOURCE_DATE_EPOCH", "1795248000")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the folder is ours")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).expect("JSON")
    }

    /// Every file below, with its content.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.folder.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the folder is ours") {
                let path = entry.expect("the folder is ours").path();
                match path.is_dir() {
                    true => folders.push(path),
                    // Nothing is in it, and whoever looks at the folder does not see it.
                    false if path.ends_with(".lock") => {}
                    false => files.push((path.clone(), fs::read(&path).expect("the folder is ours"))),
                }
            }
        }
        files.sort();
        files
    }

    /// Runs it and expects this exit code, these words in the message, and not a byte written.
    fn refuses(&self, run: Tool, code: i32, words: &[&str]) -> Output {
        let before = self.files();
        let output = run.fails(code);
        for word in words {
            assert!(output.stderr.contains(word), "{word:?} is missing in {output:?}");
        }
        assert_eq!(output.stdout(), "");
        assert_eq!(self.files(), before, "{output:?}");
        output
    }
}

#[test]
fn a_release_is_a_record_and_a_page() {
    let place = Place::new();
    place.file("notes.md", "## Fixes\n- the **upper** bound <script>\n");
    let digest = format!("sha256:{}", "ab".repeat(32));
    let run = place.create("v1.2.0").args(["--ref", SHA, "--name", "Spring", "--notes", "notes.md"]);
    let run = run.args(["--image", &format!("registry.example.com/app/release:1.2.0@{digest}")]);
    let run = run.args(["--asset", "Wheel=https://example.com/app.whl,type=package,path=/app.whl"]);
    let output =
        run.args(["--asset", "Guide=https://example.com/guide", "--project", "numbers-api"]).succeeds();
    let expected = "release v1.2.0 created: out/releases/v1.2.0.json\npage created: out/public/index.html\n";
    assert_eq!((output.stdout(), output.stderr.as_str()), (expected, ""));
    let record = json!({
        "schema": 1,
        "tag_name": "v1.2.0",
        "name": "Spring",
        "ref": SHA,
        "released_at": "2026-11-21T08:00:00Z",
        "image": {"reference": format!("registry.example.com/app/release:1.2.0@{digest}"), "digest": digest},
        "milestones": [],
        "assets": {"links": [
            {"name": "Wheel", "url": "https://example.com/app.whl", "link_type": "package", "direct_asset_path": "/app.whl"},
            {"name": "Guide", "url": "https://example.com/guide", "link_type": "other", "direct_asset_path": null},
        ]},
        "description": "## Fixes\n- the **upper** bound <script>\n",
    });
    assert_eq!(place.json("out/releases/v1.2.0.json"), record);
    let site = place.json("out/public/releases.json");
    assert_eq!((&site["schema"], &site["project"]), (&json!(1), &json!("numbers-api")));
    assert_eq!(site["releases"][0]["tag_name"], "v1.2.0");
    let page = place.read("out/public/index.html");
    for part in
        ["<title>numbers-api releases</title>", "Spring", "<strong>upper</strong>", "&lt;script&gt;", &digest]
    {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn a_tag_pipeline_needs_no_argument() {
    let place = Place::new();
    let run = tool("release").arg("create").current_dir(place.folder.path());
    let variables = [
        ("CI_COMMIT_TAG", "v1.0.0"),
        ("CI_COMMIT_SHA", SHA),
        ("CI_PROJECT_NAME", "numbers-api"),
        ("RELEASE_FORGE", "dir:out"),
        ("RELEASE_NAME", ""),
        ("RELEASE_NOTES", ""),
        ("RELEASE_IMAGE", "localhost:5000/app/release:1.0.0"),
        ("RELEASE_ASSETS", "A=https://example.com/a\nB=https://example.com/b,type=image\n"),
        ("RELEASE_RELEASED_AT", "2026-11-20T10:00:00+02:00"),
        ("RELEASE_FORMAT", "json"),
    ];
    let run = variables.into_iter().fold(run, |run, (name, value)| run.env(name, value));
    let output: Value = serde_json::from_str(run.succeeds().stdout()).unwrap();
    let record = place.json("out/releases/v1.0.0.json");
    let shown =
        [&record["name"], &record["ref"], &record["released_at"], &record["assets"]["links"][1]["link_type"]];
    assert_eq!(shown, ["v1.0.0", SHA, "2026-11-20T08:00:00Z", "image"]);
    assert_eq!(output["schema"], 1);
    assert_eq!(output["dry_run"], false);
    assert_eq!(output["record"], json!({"change": "created", "location": "out/releases/v1.0.0.json"}));
    assert_eq!(output["page"], json!({"change": "created", "location": "out/public/index.html"}));
    assert_eq!(
        output["release"]["image"],
        json!({"reference": "localhost:5000/app/release:1.0.0", "digest": null})
    );
}

#[test]
fn the_second_run_changes_nothing_and_says_so() {
    let place = Place::new();
    place.create("v1.0.0").succeeds();
    let before = place.files();
    let second = place.create("v1.0.0").env("SOURCE_DATE_EPOCH", "1800000000").succeeds();
    let expected =
        "release v1.0.0 unchanged: out/releases/v1.0.0.json\npage unchanged: out/public/index.html\n";
    assert_eq!(second.stdout(), expected);
    assert_eq!(place.files(), before);
}

#[test]
fn a_changed_input_updates_and_the_time_of_release_stays() {
    let place = Place::new();
    let first = ["--image", "app:1", "--asset", "A=https://example.com/a", "--milestone", "Spring"];
    place.create("v1.0.0").args(first).succeeds();
    let second =
        place.create("v1.0.0").args(["--name", "New"]).env("SOURCE_DATE_EPOCH", "1800000000").succeeds();
    assert!(
        second.stdout().contains("release v1.0.0 updated") && second.stdout().contains("page updated"),
        "{second:?}"
    );
    let record = place.json("out/releases/v1.0.0.json");
    assert_eq!((&record["name"], &record["image"]["reference"]), (&json!("New"), &json!("app:1")));
    assert_eq!(
        (&record["milestones"], &record["assets"]["links"][0]["name"]),
        (&json!(["Spring"]), &json!("A"))
    );
    assert_eq!(record["released_at"], "2026-11-21T08:00:00Z");
    place.create("v1.0.0").args(["--released-at", "2026-01-01T00:00:00Z"]).succeeds();
    assert_eq!(place.json("out/releases/v1.0.0.json")["released_at"], "2026-01-01T00:00:00Z");
}

#[test]
fn replace_takes_away_what_is_left_out_but_the_time() {
    let place = Place::new();
    place.file("notes.md", "Notes");
    let first =
        ["--image", "app:1", "--asset", "A=https://example.com/a", "--notes", "notes.md", "--name", "Spring"];
    place.create("v1.0.0").args(first).succeeds();
    let second = place.create("v1.0.0").arg("--replace").env("SOURCE_DATE_EPOCH", "1800000000").succeeds();
    assert!(second.stdout().contains("release v1.0.0 updated"), "{second:?}");
    let record = place.json("out/releases/v1.0.0.json");
    let left = [&record["name"], &record["image"], &record["assets"]["links"], &record["description"]];
    assert_eq!(left, [&json!("v1.0.0"), &Value::Null, &json!([]), &json!("")]);
    assert_eq!(record["released_at"], "2026-11-21T08:00:00Z");
}

#[test]
fn an_interrupted_run_is_finished_by_the_next() {
    let place = Place::new();
    place.create("v1.0.0").succeeds();
    place.create("v1.1.0").succeeds();
    let whole = place.files();
    // What is left when a run ends after its record, and when it ends in the middle of one.
    fs::remove_dir_all(place.path("out/public")).unwrap();
    place.file("out/releases/.pypelines-Ab12Cd", "{\"schema\": 1, \"tag_na");
    let output = place.create("v1.1.0").succeeds();
    assert!(
        output.stdout().contains("release v1.1.0 unchanged") && output.stdout().contains("page created"),
        "{output:?}"
    );
    fs::remove_file(place.path("out/releases/.pypelines-Ab12Cd")).unwrap();
    assert_eq!(place.files(), whole);
}

#[test]
fn the_newest_version_comes_first_on_the_page() {
    let place = Place::new();
    for tag in ["v1.10.0", "v1.9.0", "v1.10.0-rc.1", "v2.0.0-rc.1"] {
        place.create(tag).succeeds();
    }
    let site = place.json("out/public/releases.json");
    let tags: Vec<&Value> =
        site["releases"].as_array().unwrap().iter().map(|release| &release["tag_name"]).collect();
    assert_eq!(tags, ["v2.0.0-rc.1", "v1.10.0", "v1.10.0-rc.1", "v1.9.0"]);
    let page = place.read("out/public/index.html");
    let headings: Vec<&str> =
        page.split("<h2 id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(headings, tags);
}

#[test]
fn runs_at_the_same_time_lose_no_release() {
    let tags: Vec<String> = (0..12).map(|minor| format!("v1.{minor}.0")).collect();
    // One round meets the moment that matters about every third time.
    for _ in 0..10 {
        let place = Place::new();
        let start = |tag: &String| {
            let mut command = place.create(tag).into_command();
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let children: Vec<_> = tags.iter().map(start).collect();
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let page = place.read("out/public/index.html");
        let site = place.read("out/public/releases.json");
        for tag in &tags {
            assert!(page.contains(&format!("<h2 id=\"{tag}\">")), "{tag} is not on the page");
            assert!(site.contains(&format!("\"{tag}\"")), "{tag} is not in releases.json");
        }
    }
}

#[test]
fn runs_at_the_same_time_lose_no_environment() {
    let place = Place::new();
    let names: Vec<String> = (0..12).map(|number| format!("env-{number}")).collect();
    let start = |name: &String| {
        let tool = tool("release").args(["env", name, "1.0.0", "--forge", "dir:out"]);
        tool.current_dir(place.folder.path()).into_command().stdout(Stdio::null()).spawn().unwrap()
    };
    let children: Vec<_> = names.iter().map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let document = place.read("out/environments.json");
    for name in &names {
        assert!(document.contains(&format!("\"{name}\"")), "{name} is lost: {document}");
    }
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_nothing() {
    let place = Place::new();
    let output = place.create("v1.0.0").arg("--dry-run").succeeds();
    let expected = "release v1.0.0 would be created: out/releases/v1.0.0.json\npage would be created: out/public/index.html\n";
    assert_eq!(output.stdout(), expected);
    assert_eq!(place.files(), []);
    assert!(!place.path("out").exists());
    place.create("v1.0.0").succeeds();
    let before = place.files();
    let unchanged = place.create("v1.0.0").arg("--dry-run").succeeds();
    assert!(unchanged.stdout().contains("v1.0.0 unchanged") && unchanged.stdout().contains("page unchanged"));
    let updated = place.create("v1.0.0").args(["--dry-run", "--name", "x"]).succeeds();
    assert!(
        updated.stdout().contains("v1.0.0 would be updated")
            && updated.stdout().contains("page would be updated")
    );
    assert_eq!(place.files(), before);
}

#[test]
fn any_tag_gets_a_file_of_its_own() {
    let place = Place::new();
    for (tag, file) in [("api/v1.0.0", "api%2Fv1.0.0.json"), ("api%2Fv1.0.0", "api%252Fv1.0.0.json")] {
        place.refuses(place.create(tag), 2, &["is no semantic version", "--any-tag"]);
        place.create(tag).arg("--any-tag").succeeds();
        assert_eq!(place.json(&format!("out/releases/{file}"))["tag_name"], tag);
    }
    assert!(!place.path("out/releases/api").exists());
    for tag in ["../../x", "a b", ""] {
        place.refuses(place.create(tag).arg("--any-tag"), 2, &["the tag"]);
    }
}

#[test]
fn wrong_options_are_refused_before_anything_is_written() {
    let place = Place::new();
    place.file("latin1.md", b"caf\xe9");
    place.file("long.md", "x".repeat(1_000_001));
    let dup_name = ["--asset", "A=https://example.com/1", "--asset", "A=https://example.com/2"];
    let dup_url = ["--asset", "A=https://example.com", "--asset", "B=https://example.com/"];
    let table: &[(&[&str], &[&str])] = &[
        (&["--asset", "https://example.com/x"], &["it has no =", "NAME=URL"]),
        (&["--asset", "A=ftp://example.com/x"], &["only http and https"]),
        (&["--asset", "A=javascript:alert(1)"], &["only http and https"]),
        (&["--asset", "A=https://example.com,type=binary"], &["'binary'", "runbook"]),
        (&["--asset", "A=https://example.com,path=x"], &["does not start with /"]),
        (&dup_name, &["asset name 'A'", "two assets"]),
        (&dup_url, &["asset URL 'https://example.com/'", "two assets"]),
        (&["--notes", "missing.md"], &["missing.md", "No such file", "check --notes"]),
        (&["--notes", "."], &["the notes from .", "Is a directory"]),
        (&["--upload", "missing.whl"], &["cannot read missing.whl", "check --upload"]),
        (&["--notes", "latin1.md"], &["latin1.md", "not UTF-8", "byte 4"]),
        (&["--notes", "long.md"], &["long.md", "1000000 characters"]),
        (&["--image", "a b"], &["'a b' is no image reference"]),
        (&["--image", "Bad:x:y"], &["'Bad:x:y' is no image reference", "upper-case"]),
        (&["--image", "app@sha256:12"], &["'sha256:12' is no digest"]),
        (&["--released-at", "yesterday"], &["'yesterday'", "RFC 3339", "2026-11-21T08:00:00Z"]),
        (&["--ref", "a..b"], &["ref 'a..b'"]),
        (&["--name", ""], &["release name", "empty", "is the variable set"]),
        (&["--asset", "=https://example.com"], &["asset name", "empty", "is the variable set"]),
    ];
    for (args, words) in table {
        place.refuses(place.create("v1.0.0").args(*args), 2, words);
    }
    for (forge, word) in [("gitea", "not known"), ("dir:", "path is missing"), ("out", "not known")] {
        let run =
            tool("release").args(["create", "v1.0.0", "--forge", forge]).current_dir(place.folder.path());
        place.refuses(run, 2, &[word, "dir:PATH"]);
    }
}

#[test]
fn a_password_in_an_address_is_refused_and_not_shown() {
    let place = Place::new();
    let run = place.create("v1.0.0").args(["--asset", "A=https://bob:s3cret@example.com/x"]);
    let output = place.refuses(run, 2, &["everybody would see"]);
    assert!(!output.stderr.contains("s3cret"), "{output:?}");
}

#[test]
fn a_damaged_record_is_named_and_nothing_is_overwritten() {
    let place = Place::new();
    place.create("v1.0.0").succeeds();
    let good = place.read("out/releases/v1.0.0.json");
    let table = [
        ("v0.9.0.json", String::new(), "EOF"),
        ("v1.0.0.json", good[..good.len() / 2].to_owned(), "EOF"),
        ("v0.9.0.json", good.replace("\"schema\": 1", "\"schema\": 2"), "schema is 2"),
        ("v0.9.0.json", good.clone(), "belongs into v1.0.0.json"),
        ("v0.9.0.json", "{\"schema\": 1}".to_owned(), "missing field"),
    ];
    for (name, content, reason) in table {
        let path = format!("out/releases/{name}");
        place.file(&path, content);
        for tag in ["v1.0.0", "v1.1.0"] {
            place.refuses(place.create(tag), 2, &[&path, reason, "nothing was written"]);
        }
        fs::remove_file(place.path(&path)).unwrap();
        place.file("out/releases/v1.0.0.json", &good);
    }
}

#[test]
fn a_place_that_cannot_be_used_is_named() {
    let place = Place::new();
    place.file("out", "a file");
    place.refuses(place.create("v1.0.0"), 2, &["cannot use out as a forge", "not a directory"]);
    fs::remove_file(place.path("out")).unwrap();
    place.file("out/releases", "a file");
    place.refuses(place.create("v1.0.0"), 1, &["out/releases", "Not a directory"]);
    fs::remove_file(place.path("out/releases")).unwrap();
    fs::create_dir_all(place.path("out/releases/v1.0.0.json")).unwrap();
    place.refuses(place.create("v1.0.0"), 1, &["out/releases/v1.0.0.json", "Is a directory"]);
}

#[test]
fn a_place_without_permission_is_named() {
    let place = Place::new();
    let folder = place.path("out");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write wherever it likes, so there is nothing to see for it.
    if !is_writable(&folder) {
        place.refuses(
            place.create("v1.0.0"),
            1,
            &["cannot write out/releases", "Permission denied", "let this user"],
        );
    }
}

fn is_writable(folder: &Path) -> bool {
    tempfile::tempfile_in(folder).is_ok()
}
