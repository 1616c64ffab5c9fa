//! A release as `ci/dist` makes it, from the folder `E2E_DIST`: everything that is in it, looked through by others' programs
//! where there are any, and installed as a newcomer would. `ci/test` makes one of this machine's architecture.

pub(crate) mod at_work;
mod changelogs;
mod images;
mod manual;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{binaries, python, tools};

use crate::contract::everything;
use crate::install::bare::Bare;
use crate::install::{ARCH, serve};

/// The architectures, as archives name them and as qemu does.
const ARCHES: [(&str, &str); 2] = [("amd64", "x86_64"), ("arm64", "aarch64")];

/// A release.
struct Dist {
    folder: PathBuf,
    version: &'static str,
}

impl Dist {
    /// None, after saying so, where none was made.
    fn open() -> Option<Self> {
        let Some(folder) = std::env::var_os("E2E_DIST") else {
            testkit::skipped("a release: E2E_DIST names the folder that ci/dist has made");
            return None;
        };
        let folder = fs::canonicalize(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        Some(Self { folder, version: env!("CARGO_PKG_VERSION") })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn has(&self, tool: &str, arch: &str) -> bool {
        self.path(&self.archive(tool, arch)).exists()
    }

    fn archive(&self, tool: &str, arch: &str) -> String {
        format!("{tool}-{}-linux-{arch}.tar.gz", self.version)
    }

    /// The tools of this release, `pypelines` among them, for this architecture. One of all tools has them all.
    fn tools(&self, arch: &str) -> Vec<&'static str> {
        tools().into_iter().chain(["pypelines"]).filter(|tool| self.has(tool, arch)).collect()
    }

    /// Unpacks an archive; the folder that is in it.
    fn unpack(&self, tool: &str, arch: &str, into: &Path) -> PathBuf {
        let name = self.archive(tool, arch);
        output(Command::new("tar").arg("-xzf").arg(self.path(&name)).arg("-C").arg(into));
        into.join(name.trim_end_matches(".tar.gz"))
    }
}

/// Standard output of a program that has to succeed.
fn output(command: &mut Command) -> String {
    let run = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{command:?}: {told}");
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// A program of this architecture, in a process of its own.
fn of(arch: &str, program: &Path) -> Command {
    let (_, machine) = ARCHES.iter().find(|(name, _)| *name == arch).expect("one of ours");
    if arch == ARCH {
        return Command::new(program);
    }
    let mut command = Command::new(format!("qemu-{machine}-static"));
    command.arg(program);
    command
}

#[test]
fn the_checksums_are_those_of_all_files() {
    let Some(dist) = Dist::open() else { return };
    let checked = output(
        Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(&dist.folder),
    );
    let listed: BTreeSet<&str> = checked.lines().filter_map(|line| line.strip_suffix(": OK")).collect();
    // What is said of them cannot be among them, and images have digests of their own.
    let own = ["SHA256SUMS", "provenance.json", "images"];
    let found = fs::read_dir(&dist.folder).expect("files").flatten();
    let found = found.map(|file| file.file_name().to_string_lossy().into_owned());
    let found: BTreeSet<String> = found.filter(|name| !own.contains(&name.as_str())).collect();
    assert_eq!(listed, found.iter().map(String::as_str).collect());

    let provenance: Value = serde_json::from_str(&dist.read("provenance.json")).expect("JSON");
    let subjects = provenance["subject"].as_array().expect("subjects");
    let subjects: BTreeMap<&str, &str> = subjects
        .iter()
        .map(|one| {
            (one["name"].as_str().expect("a name"), one["digest"]["sha256"].as_str().expect("a digest"))
        })
        .collect();
    let sums = dist.read("SHA256SUMS");
    let sums = sums.lines().map(|line| line.split_once("  ").map(|(sum, name)| (name, sum)).expect("a line"));
    let images: Vec<_> = dist
        .images()
        .into_iter()
        .map(|(name, digest)| (format!("images/{name}:{}", dist.version), digest))
        .collect();
    let images = images.iter().map(|(name, digest)| (name.as_str(), digest.trim_start_matches("sha256:")));
    assert_eq!(subjects, sums.chain(images).collect());
    assert_eq!(provenance["_type"], "https://in-toto.io/Statement/v1");
    let built = &provenance["predicate"]["buildDefinition"];
    let commit = built["resolvedDependencies"][0]["digest"]["gitCommit"].as_str().expect("a commit");
    assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{commit}");
    // What was given, and what is not of this commit: whoever makes it again needs it.
    let given = &built["externalParameters"];
    let source = given["source"].as_str().expect("a source");
    assert_eq!(built["resolvedDependencies"][0]["uri"], source);
    let script = dist.read("install.sh");
    assert!(
        script.contains(&format!("\ndefault_base='{}'\n", given["baseUrl"].as_str().expect("an address")))
    );
    let packages = built["resolvedDependencies"].as_array().expect("a list").iter();
    let packages: BTreeSet<_> =
        packages.filter_map(|one| one["uri"].as_str()?.strip_prefix("pkg:deb/debian/")).collect();
    for package in ["ca-certificates@", "busybox-static@"] {
        let is_there = packages.iter().any(|known| known.starts_with(package) && known.len() > package.len());
        assert!(
            is_there || dist.tools(ARCH) != [&tools()[..], &["pypelines"]].concat(),
            "{package}: {packages:?}"
        );
    }
    // Both are URIs to SLSA's specification.
    for uri in [&built["buildType"], &provenance["predicate"]["runDetails"]["builder"]["id"]] {
        assert!(uri.as_str().is_some_and(|uri| uri.contains(':')), "{uri}");
    }
}

#[test]
fn an_archive_has_the_program_its_manual_and_the_licence() {
    let Some(dist) = Dist::open() else { return };
    for (arch, _) in ARCHES {
        for tool in dist.tools(arch) {
            let folder = tempfile::tempdir().expect("a folder");
            let inside = dist.unpack(tool, arch, folder.path());
            let all = tools();
            let held: &[&str] = if tool == "pypelines" { &all } else { &[tool] };
            for name in held {
                let version = output(of(arch, &inside.join(name)).arg("--version"));
                assert_eq!(version, format!("{name} {}\n", dist.version), "{tool} for {arch}");
                assert_eq!(inside.join(name).is_symlink(), tool == "pypelines", "{name}");
                let completions = [format!("{name}.bash"), format!("_{name}"), format!("{name}.fish")];
                let completions = completions.map(|file| format!("completions/{file}"));
                let commands = everything().into_iter().map(|(words, _)| words);
                let pages = commands.filter(|words| words[0] == *name).map(|words| words.join("-"));
                let pages = pages.map(|page| format!("man/man1/{page}.1"));
                for file in pages.chain(completions).chain([format!("docs/{name}.md")]) {
                    let size = fs::metadata(inside.join(&file)).map(|file| file.len());
                    assert!(
                        size.as_ref().is_ok_and(|size| *size > 100),
                        "{tool} for {arch}: {file}: {size:?}"
                    );
                }
            }
            for file in ["LICENSE", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"] {
                assert!(inside.join(file).is_file(), "{tool}: {file}");
            }
            // What is not ours in the program, with the words of its authors.
            let notices = fs::read_to_string(inside.join("THIRD-PARTY")).expect("notices");
            for part in [
                "\nclap 4.",
                "MIT OR Apache-2.0; https://github.com/clap-rs/clap",
                "Permission is hereby granted",
            ] {
                assert!(notices.contains(part), "{tool}: {part}");
            }
            assert!(!notices.contains("pypelines-contract"), "{tool}: ours are in LICENSE");
        }
    }
}

/// Together they stay under 20 MB: a program that holds all is what makes that so.
#[test]
fn all_tools_of_a_platform_stay_under_their_bar() {
    let Some(dist) = Dist::open() else { return };
    for (arch, _) in ARCHES.iter().filter(|(arch, _)| dist.has("pypelines", arch)) {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = dist.unpack("pypelines", arch, folder.path());
        let files = fs::read_dir(inside).expect("files").flatten().filter(|file| !file.path().is_symlink());
        let weight: u64 = files
            .filter_map(|file| file.metadata().ok())
            .filter(fs::Metadata::is_file)
            .map(|file| file.len())
            .sum();
        assert!(weight < 20_000_000, "{arch}: {weight} bytes");
    }
}

#[test]
fn a_newcomer_installs_it_into_an_empty_chroot() {
    let Some(dist) = Dist::open() else { return };
    let released: Vec<&str> = dist.tools(ARCH).into_iter().filter(|tool| *tool != "pypelines").collect();
    let server = serve(&dist.folder);
    let all = [dist.has("pypelines", ARCH).then(Vec::new), (!released.is_empty()).then_some(released)];
    if all.iter().all(Option::is_none) {
        testkit::skipped(&format!("the installation of a release: it has nothing for {ARCH}"));
    }
    for named in all.into_iter().flatten() {
        let Some(bare) = Bare::new() else { return };
        bare.put(&dist.path("install.sh"), "install.sh");
        let mut command = bare.command(&["/bin/sh", "/install.sh"]);
        let run = command.args(&named).env("PYPELINES_BASE_URL", format!("{}/1.2.3", server.url())).output();
        let run = run.expect("it runs");
        assert!(run.status.success(), "{named:?}: {}", String::from_utf8_lossy(&run.stderr));
        fs::write(bare.path("home/me/main.py"), "import sys\n\nprint(sys.argv)\n").expect("a file");
        let names = if named.is_empty() { tools().to_vec() } else { named };
        for name in names {
            let version = bare.run(&[name, "--version"]);
            let version = String::from_utf8_lossy(&version.stdout).into_owned();
            assert_eq!(version, format!("{name} {}\n", dist.version));
            let help = bare.run(&[name, "--help"]);
            assert!(String::from_utf8_lossy(&help.stdout).contains(&format!("Usage: {name}")), "{help:?}");
            if name == "loc-badge" {
                let counted = bare.run(&[name, "count", "/home/me/main.py"]);
                assert!(counted.status.success() && !counted.stdout.is_empty(), "{counted:?}");
            }
        }
    }
}

/// What judges a bill of materials: CycloneDX's own schema, by the library of its makers, and what licences are called.
const JUDGE: &str = r#"
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.spdx import is_expression
text = sys.stdin.read()
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
if wrong is not None:
    sys.exit(f"{wrong.data.message[:300]} at {wrong.data.json_path}")
bill = json.loads(text)
for component in bill["components"] + [bill["metadata"]["component"]]:
    for license in component.get("licenses", []):
        if not is_expression(license["expression"]):
            sys.exit(f"{component['name']}: no SPDX expression: {license}")
    if not component.get("licenses"):
        sys.exit(f"{component['name']} has no licence")
"#;

#[test]
fn bills_of_materials_are_valid_to_a_reader_of_others_and_name_what_is_linked() {
    let Some(python) = python("cyclonedx.validation.json") else { return };
    for tool in tools().into_iter().chain(["pypelines"]) {
        let bill = output(
            Command::new(binaries().join("packaging"))
                .args(["sbom", tool, "--image-part", "busybox-static=1:1.35.0-4+b3:GPL-2.0-only"])
                .env("SOURCE_DATE_EPOCH", "1767225600"),
        );
        let judged = testkit::Tool::at(&python).args(["-c", JUDGE]).stdin(bill.clone()).run();
        assert_eq!((judged.code, judged.stderr.as_str()), (Some(0), ""), "{tool}");
        let bill: Value = serde_json::from_str(&bill).expect("JSON");
        assert_eq!(bill["metadata"]["component"]["name"], tool);
        assert_eq!(bill["metadata"]["timestamp"], "2026-01-01T00:00:00Z");
        let names = bill["components"].as_array().expect("components").iter();
        let names: BTreeSet<&str> = names.filter_map(|component| component["name"].as_str()).collect();
        let of = |name: &str| {
            bill["components"].as_array().and_then(|all| all.iter().find(|one| one["name"] == name))
        };
        // What only one platform has, and what only the image has, say so.
        let shell = of("busybox-static").expect("the shell");
        assert_eq!(shell["purl"], "pkg:deb/debian/busybox-static@1:1.35.0-4%2Bb3");
        assert_eq!(shell["properties"][0], serde_json::json!({ "name": "pypelines:in", "value": "image" }));
        assert_eq!(of("clap").map(|one| one["properties"].clone()), Some(Value::Null), "{tool}");
        if tool == "pypelines" {
            let target = &of("core_detect").expect("what x86_64 has")["properties"][0];
            assert_eq!(target["value"], "x86_64-unknown-linux-musl");
        }
        // The feature that brings it is on in one tool, and so in the program of all.
        assert_eq!(names.contains("h2"), ["image-promote", "pypelines"].contains(&tool), "{tool}: {names:?}");
        assert!(names.contains("clap") && names.contains("pypelines-contract"), "{tool}: {names:?}");
        for built_with in ["clap_derive", "cc", "pypelines-testkit", "proptest"] {
            assert!(!names.contains(built_with), "{tool}: {built_with}");
        }
    }
}

/// The bills of a release are those of its commit.
#[test]
fn a_release_has_a_bill_of_materials_for_every_tool() {
    let Some(dist) = Dist::open() else { return };
    for (arch, _) in ARCHES {
        for tool in dist.tools(arch) {
            let bill: Value =
                serde_json::from_str(&dist.read(&format!("{tool}-{}.cdx.json", dist.version))).expect("JSON");
            assert_eq!(bill["metadata"]["component"]["purl"], format!("pkg:cargo/{tool}@{}", dist.version));
        }
    }
}

/// Images say which version they are by what came before.
#[test]
fn a_release_of_a_shallow_clone_is_refused_before_anything_is_built() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let folder = tempfile::tempdir().expect("a folder");
    let clone = folder.path().join("clone");
    let mut git = Command::new("git");
    git.args(["clone", "--quiet", "--depth=1"]).arg(format!("file://{}", root.display())).arg(&clone);
    assert!(git.status().is_ok_and(|status| status.success()), "{git:?}");
    // What is being tested is what lies here, committed or not.
    fs::copy(root.join("ci/dist"), clone.join("ci/dist")).expect("a copy");
    let refused = Command::new(clone.join("ci/dist")).output().expect("it runs");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("this clone is shallow"), "{refused:?}");
    assert!(!clone.join("target").exists() && !clone.join("dist").exists(), "something was made");
}
