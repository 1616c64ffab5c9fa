//! A release says in its changelogs what is in it: `ci/dist` makes none of a tag without, and `ci/changelog` writes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{Output, Repository, Tool};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A repository like this one, with two tools and nothing to compile: `ci/build-static` only says that it was called.
struct Place(Repository);

impl Place {
    fn new() -> Self {
        let mut place = Repository::new();
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        place.write(
            "Cargo.toml",
            format!("version = \"{VERSION}\"\nrepository = \"https://gitlab.example.com/a/b\"\n"),
        );
        place.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- All of it\n");
        place.write(
            "crates/props/CHANGELOG.md",
            "# Changelog\n\n## [Unreleased]\n\n- Marks\n\n## [0.0.1]\n\n- Less\n",
        );
        place.write("crates/release/CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n");
        place.write("crates/props/Cargo.toml", "").write("crates/release/Cargo.toml", "");
        place.write("ci/build-static", "#!/bin/sh\necho compiling\nexit 9\n");
        for name in ["dist", "changelog"] {
            place.write(&format!("ci/{name}"), fs::read(root.join("ci").join(name)).expect("a script"));
        }
        for name in ["build-static", "dist", "changelog"] {
            fs::set_permissions(place.path().join("ci").join(name), PermissionsExt::from_mode(0o755))
                .expect("a mode");
        }
        place.commit("Begin");
        Self(place)
    }

    fn script(&self, name: &str) -> Tool {
        Tool::at(&self.0.path().join("ci").join(name))
    }

    fn dist(&self, environment: &[(&str, &str)]) -> Output {
        environment.iter().fold(self.script("dist"), |tool, (name, value)| tool.env(name, value)).run()
    }

    fn changelogs(&self) -> [String; 3] {
        ["CHANGELOG.md", "crates/props/CHANGELOG.md", "crates/release/CHANGELOG.md"].map(|name| {
            let path: PathBuf = self.0.path().join(name);
            fs::read_to_string(path).expect("a changelog")
        })
    }
}

#[test]
fn a_tag_without_its_version_in_every_changelog_is_no_release() {
    let branch: &[_] = &[("GITHUB_REF_TYPE", "branch"), ("GITHUB_REF_NAME", "main")];
    let gitlab: &[_] = &[("CI_COMMIT_TAG", VERSION)];
    let github: &[_] = &[("GITHUB_REF_TYPE", "tag"), ("GITHUB_REF_NAME", "v1")];
    let place = Place::new();
    for environment in [&[], branch] {
        let made = place.dist(environment);
        assert!(made.code == Some(9) && made.stderr.contains("compiling"), "{environment:?}: {made:?}");
    }
    for environment in [gitlab, github] {
        let refused = place.dist(environment);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        let files = "in CHANGELOG.md crates/props/CHANGELOG.md crates/release/CHANGELOG.md";
        for part in [
            files,
            &format!("'ci/changelog {VERSION}'"),
            &format!("a release of {}", environment.last().expect("one").1),
        ] {
            assert!(refused.stderr.contains(part), "{part}: {refused:?}");
        }
        assert!(!refused.stderr.contains("compiling"), "{refused:?}");
    }
    let whole = &place.changelogs()[1];
    place.script("changelog").args([VERSION, "2026-01-31"]).succeeds();
    for environment in [&[], branch, gitlab, github] {
        assert_eq!(place.dist(environment).code, Some(9), "{environment:?}");
    }
    place.0.write("crates/props/CHANGELOG.md", whole);
    let refused = place.dist(gitlab);
    assert!(
        refused.code == Some(2) && refused.stderr.contains("in crates/props/CHANGELOG.md\n"),
        "{refused:?}"
    );
}

/// `install.sh` and the images are for everybody to read, and who installs from a mirror may have a login in the same variable.
#[test]
fn an_address_that_is_not_for_everybody_gets_into_no_release() {
    let place = Place::new();
    for (name, value) in [
        ("PYPELINES_BASE_URL", "https://me:s3cret@mirror.example.com/pypelines"),
        ("PYPELINES_BASE_URL", "https://s3cret@mirror.example.com/pypelines"),
        ("PYPELINES_BASE_URL", "https://mirror.example.com/pypelines?token=s3cret"),
        ("PYPELINES_BASE_URL", "https://mirror.example.com/'s3cret'"),
        ("PYPELINES_BASE_URL", "/home/s3cret/dist"),
        ("PYPELINES_PROJECT_URL", "https://me:s3cret@gitlab.example.com/a/b"),
        ("CI_PROJECT_URL", "https://me:s3cret@gitlab.example.com/a/b"),
    ] {
        let refused = place.dist(&[(name, value)]);
        assert_eq!(refused.code, Some(2), "{value}: {refused:?}");
        assert!(refused.stderr.contains("without a login"), "{value}: {refused:?}");
        assert!(
            !refused.stderr.contains("s3cret") && !refused.stderr.contains("compiling"),
            "{value}: {refused:?}"
        );
    }
    for value in ["https://mirror.example.com:8443/a/{version}", "http://[::1]:8080/~me/a_b-c%20d/"] {
        let made = place.dist(&[("PYPELINES_BASE_URL", value)]);
        assert!(made.code == Some(9) && made.stderr.contains("compiling"), "{value}: {made:?}");
    }
}

#[test]
fn what_is_unreleased_becomes_a_version() {
    let place = Place::new();
    let before = place.changelogs();
    for wrong in
        [&[][..], &["next"], &["1.0"], &["1.0.0", "today"], &["1.0.0", "2026-02-30"], &["--check", "one"]]
    {
        let refused = place.script("changelog").args(wrong).run();
        assert!(refused.code == Some(2) && refused.stderr.starts_with("ci/changelog: "), "{refused:?}");
    }
    assert_eq!(place.changelogs(), before);
    let missing = place.script("changelog").args(["--check", "1.0.0"]).run();
    assert_eq!(missing.code, Some(3), "{missing:?}");

    place.script("changelog").args(["1.0.0", "2026-01-31"]).succeeds();
    let expected = [
        "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-31\n\n### Added\n\n- All of it\n",
        "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-31\n\n- Marks\n\n## [0.0.1]\n\n- Less\n",
        "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-31\n\nNothing that users notice.\n",
    ];
    assert_eq!(place.changelogs(), expected);
    place.script("changelog").args(["--check", "1.0.0"]).succeeds();
    // 1.0.0 is no beginning of another version.
    assert_eq!(place.script("changelog").args(["--check", "1.0.0-rc.1"]).run().code, Some(3));

    let again = place.script("changelog").arg("1.0.0").run();
    assert!(again.code == Some(2) && again.stderr.contains("CHANGELOG.md has 1.0.0 already"), "{again:?}");
    assert_eq!(place.changelogs(), expected);

    // What was in no version goes into the next, and what was stays.
    place.script("changelog").args(["1.0.1", "2026-02-01"]).succeeds();
    let [_, props, _] = place.changelogs();
    let next =
        "## [1.0.1] - 2026-02-01\n\nNothing that users notice.\n\n## [1.0.0] - 2026-01-31\n\n- Marks\n";
    assert!(props.contains(next), "{props}");
}

#[test]
fn the_changelogs_here_are_ready_for_a_version() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let crates = fs::read_dir(root.join("crates")).expect("crates").flatten().map(|entry| entry.path());
    for folder in crates.filter(|path| path.is_dir()).chain([root.to_owned()]) {
        let text = fs::read_to_string(folder.join("CHANGELOG.md"))
            .unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        assert!(text.lines().any(|line| line == "## [Unreleased]"), "{folder:?}");
    }
}

/// A release says one version wherever it says any.
#[test]
fn a_version_is_raised_everywhere_at_once() {
    let Some(python) = testkit::python("yaml") else { return };
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = tempfile::tempdir().expect("a folder");
    let clone = folder.path().join("clone");
    let git = |args: &[&str]| Tool::at(Path::new("git")).args(args).succeeds().stdout().to_owned();
    git(&["clone", "--quiet", &root.to_string_lossy(), &clone.to_string_lossy()]);
    // What is being tested is what lies here, committed or not.
    for name in ["raise-version", "changelog"] {
        fs::copy(root.join("ci").join(name), clone.join("ci").join(name)).expect("a copy");
    }
    let raise = |version: &str| {
        let mut command = Command::new(clone.join("ci/raise-version"));
        command.args([version, "2026-01-31"]).env("PYTHON", &python).output().expect("it runs")
    };
    for wrong in ["next", VERSION] {
        assert_eq!(raise(wrong).status.code(), Some(2), "{wrong}");
    }
    let at = ["-C", &clone.to_string_lossy()];
    assert_eq!(
        git(&[&at[..], &["diff", "--name-only", "--", ":!ci"]].concat()),
        "",
        "a refusal writes nothing"
    );
    let raised = raise("9.8.7");
    assert!(raised.status.success(), "{raised:?}");

    let image = format!("pypelines/pypelines(/[a-z-]+)?:{VERSION}|TOOLS/[a-z-]+:{VERSION}");
    let said = ["grep", "-nE", &image, "--", "ci/_base", "templates", "docs", "README.md"];
    let left = Command::new("git").args(at).args(said).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "{left:?}");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--offline", "--locked", "--format-version=1"]).current_dir(&clone);
    let known: Value = serde_json::from_str(&super::output(&mut cargo)).expect("JSON");
    for package in known["packages"].as_array().expect("packages") {
        let ours = package["source"].is_null();
        assert!(!ours || package["version"] == "9.8.7", "{}", package["id"]);
    }
    let fuzz = fs::read_to_string(clone.join("libs/yaml-splice/fuzz/Cargo.lock")).expect("a lock");
    assert!(fuzz.contains("\nname = \"pypelines-yaml-splice\"\nversion = \"9.8.7\"\n"), "{fuzz}");
    let generated = Command::new(&python).arg(clone.join("ci/components/generate")).arg("--check").output();
    assert!(generated.as_ref().is_ok_and(|run| run.status.success()), "{generated:?}");
}
