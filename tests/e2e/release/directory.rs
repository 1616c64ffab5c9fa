//! What needs no server: environments, badges, files and a wiki page in a directory.

use serde_json::json;
use testkit::{Repository, Tool, tool};

use super::Place;

const SITE: &str = "https://pages.example.com/app/";

fn run(place: &Place) -> Tool {
    let run = tool("release").current_dir(place.folder.path()).env("SOURCE_DATE_EPOCH", "1795248000");
    run.env("RELEASE_FORGE", "dir:out")
}

#[test]
fn an_environment_has_a_record_a_picture_and_a_place_on_the_page() {
    let place = Place::new();
    run(&place).args(["create", "1.2.0"]).succeeds();
    let env = |args: &[&str]| run(&place).arg("env").args(args);
    let expected = "production 1.2.0 created: out/environments.json\npicture created: out/public/badges/production.svg\npage updated: out/public/index.html\n";
    assert_eq!(env(&["prod", "1.2.0"]).succeeds().stdout(), expected);
    assert_eq!(
        place.json("out/environments.json"),
        json!({"schema": 1, "environments": {"production": {"version": "1.2.0", "since": "2026-11-21T08:00:00Z", "url": null}}})
    );
    assert_eq!(place.json("out/public/releases.json")["environments"]["production"]["version"], "1.2.0");
    assert!(place.read("out/public/index.html").contains(">on production</span>"));
    let before = place.files();
    let again = env(&["production", "1.2.0"]).env("SOURCE_DATE_EPOCH", "1800000000").succeeds();
    assert_eq!(again.stdout().matches(" unchanged: ").count(), 3, "{again:?}");
    assert_eq!(place.files(), before);
    // Where it is found may change while the version and its time stay.
    env(&["prod", "1.2.0", "--url", "https://app.example.com"])
        .env("SOURCE_DATE_EPOCH", "1800000000")
        .succeeds();
    assert_eq!(
        place.json("out/environments.json")["environments"]["production"]["since"],
        "2026-11-21T08:00:00Z"
    );
    env(&["prod", "1.1.0", "--color", "orange", "--site-url", SITE])
        .env("SOURCE_DATE_EPOCH", "1800000000")
        .succeeds();
    assert_eq!(
        place.json("out/environments.json")["environments"]["production"]["since"],
        "2027-01-15T08:00:00Z"
    );
    assert!(place.read("out/public/badges/production.svg").contains("#ea7233"));
    assert_eq!(
        place.json("out/badges/production.json"),
        json!({"schema": 1, "name": "production", "image_url": format!("{SITE}badges/production.svg"), "link_url": SITE})
    );
    let shown = run(&place).arg("show").succeeds();
    assert_eq!(
        shown.stdout(),
        "production: 1.1.0 since 2027-01-15T08:00:00Z\n1.2.0 released 2026-11-21T08:00:00Z\n"
    );
}

#[test]
fn an_environment_of_a_version_that_was_never_released_is_a_warning() {
    let place = Place::new();
    run(&place).args(["create", "v1.2.0"]).succeeds();
    for (version, warned) in
        [("v1.2.0", false), ("1.2.1", true), ("1.3.0-3.g0a1b2c3", false), ("8b1735cf", false)]
    {
        let output = run(&place).args(["env", "production", version]).succeeds();
        assert_eq!(output.stderr.contains("there is no release 1.2.1"), warned, "{output:?}");
        assert_eq!(place.json("out/environments.json")["environments"]["production"]["version"], version);
    }
}

#[test]
fn files_are_kept_and_linked_to_where_they_are_served() {
    let place = Place::new();
    place.file("app.whl", "wheel");
    let create = |args: &[&str]| run(&place).args(["create", "1.2.0", "--upload", "app.whl"]).args(args);
    place.refuses(create(&[]), 2, &["nothing says where this directory is served", "--site-url"]);
    create(&["--site-url", SITE]).succeeds();
    assert_eq!(place.read("out/public/files/1.2.0/app.whl"), "wheel");
    assert_eq!(
        place.json("out/releases/1.2.0.json")["assets"]["links"][0]["url"],
        format!("{SITE}files/1.2.0/app.whl")
    );
    let again = create(&["--site-url", SITE]).succeeds();
    assert!(!again.stdout().contains("created") && !again.stdout().contains("updated"), "{again:?}");
    place.file("app.whl", "another");
    assert!(create(&["--site-url", SITE]).succeeds().stdout().contains("file app.whl updated"));
}

#[test]
fn badges_notes_and_the_wiki_page_are_files_too() {
    let place = Place::new();
    let mut git = Repository::at(&place.path("clone"));
    git.commit("feat: begin");
    git.tag("1.0.0");
    run(&place)
        .args(["create", "1.0.0", "--notes-from", "commits", "--repository", "clone", "--wiki"])
        .succeeds();
    assert!(place.read("out/public/Releases.md").contains("### Features\n\n- begin ("));
    let badge =
        ["badge", "a b/c", "--image-url", "https://example.com/a.svg", "--link-url", "https://example.com"];
    assert!(run(&place).args(badge).succeeds().stdout().contains("badge a b/c created"));
    assert!(run(&place).args(badge).succeeds().stdout().contains("badge a b/c unchanged"));
    assert_eq!(place.json("out/badges/a%20b%2Fc.json")["name"], "a b/c");
    place.refuses(
        run(&place).args(["show", "v1.0.0"]),
        1,
        &["there is no release v1.0.0", "one of the tag 1.0.0"],
    );
    let shown = run(&place).args(["show", "1.0.0"]).succeeds();
    assert!(shown.stdout().contains("### Features"), "{shown:?}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = Place::new();
    place.file("app.whl", "wheel");
    std::fs::create_dir_all(place.path("out/releases")).unwrap();
    let before = place.files();
    let table: &[&[&str]] = &[
        &["env", "prod", "1.0.0"],
        &["badge", "b", "--image-url", "https://example.com/a.svg", "--link-url", "https://example.com"],
        &["page", "--out", "site"],
        &["create", "1.0.0", "--upload", "app.whl", "--wiki", "--page", "site"],
    ];
    for args in table {
        let output = run(&place).args(*args).args(["--dry-run"]).env("CI_PAGES_URL", SITE).succeeds();
        assert!(output.stdout().contains("would be created"), "{output:?}");
        assert_eq!(place.files(), before, "{args:?}");
    }
}

#[test]
fn a_dry_run_of_an_environment_knows_what_becomes_of_the_page() {
    let place = Place::new();
    run(&place).args(["create", "1.2.0"]).succeeds();
    let env = || run(&place).args(["env", "prod", "1.2.0"]);
    assert!(env().arg("--dry-run").succeeds().stdout().contains("page would be updated"));
    env().succeeds();
    assert!(env().arg("--dry-run").succeeds().stdout().contains("page unchanged"));
}

#[test]
fn where_nothing_was_ever_kept_there_is_nothing_to_show() {
    let place = Place::new();
    for args in [&["show"][..], &["show", "1.0.0"], &["page"], &["page", "--wiki"]] {
        place.refuses(
            run(&place).args(args),
            2,
            &["cannot find releases in out: there is no such directory", "--forge"],
        );
    }
    std::fs::create_dir(place.path("out")).unwrap();
    place.refuses(
        run(&place).arg("show"),
        2,
        &["nothing was ever released there", "release create begins it"],
    );
    // An empty one, which its owner has begun, is one.
    std::fs::create_dir(place.path("out/releases")).unwrap();
    assert_eq!(run(&place).arg("show").succeeds().stdout(), "");
}

#[test]
fn the_page_of_a_directory_is_written_where_it_belongs() {
    let place = Place::new();
    run(&place).args(["create", "1.0.0"]).succeeds();
    let site = std::fs::read(place.path("out/public/index.html")).unwrap();
    std::fs::remove_dir_all(place.path("out/public")).unwrap();
    assert_eq!(run(&place).arg("page").succeeds().stdout(), "page created: out/public/index.html\n");
    run(&place).args(["page", "--out", "site"]).succeeds();
    for path in ["out/public/index.html", "site/index.html"] {
        assert_eq!(std::fs::read(place.path(path)).unwrap(), site, "{path}");
    }
}

#[test]
fn wrong_input_is_told_and_writes_nothing() {
    let place = Place::new();
    place.file("with blank.whl", "wheel");
    place.file("out/environments.json", "{\"schema\": 1");
    let table: &[(&[&str], i32, &[&str])] = &[
        (&["env", "a b", "1.0.0"], 2, &["environment 'a b'", "preview or production"]),
        (&["env", "prod", "a b"], 2, &["tag 'a b'"]),
        (&["env", "prod", "1.0.0", "--color", "bleu"], 2, &["'bleu' is no colour", "lightgrey"]),
        (
            &["env", "prod", "1.0.0", "--url", "javascript:alert(1)"],
            2,
            &["environment URL", "only http and https"],
        ),
        (&["env", "prod", "1.0.0"], 2, &["out/environments.json is damaged", "nothing was written"]),
        (&["show"], 2, &["out/environments.json is damaged"]),
        (&["show", "1.0.0"], 1, &["there is no release 1.0.0", "without a tag lists"]),
        (&["badge", "", "--image-url", "https://h/x", "--link-url", "https://h"], 2, &["badge name"]),
        (&["badge", "x", "--image-url", "x.svg", "--link-url", "https://h"], 2, &["badge image URL 'x.svg'"]),
        (&["create", "1.0.0", "--upload", "missing.whl"], 2, &["missing.whl", "nothing was sent"]),
        (&["create", "1.0.0", "--upload", "with blank.whl"], 2, &["with blank.whl", "rename the file"]),
        (&["create", "1.0.0", "--upload", "out"], 2, &["cannot read out", "Is a directory"]),
        (
            &["create", "1.0.0", "--site-url", "ftp://x", "--asset", "A=https://h/x"],
            2,
            &["'ftp://x' is not http(s)"],
        ),
        (&["page", "--forge", "github:x"], 2, &["not known", "dir:PATH"]),
    ];
    for (args, code, words) in table {
        place.refuses(run(&place).args(*args), *code, words);
    }
}
