//! The image of each tool does what people call it for: in its own layers, as the user that it names, with a folder from outside.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output};

use testkit::{Image, Registry, Repository};

use super::images::NOBODY;
use super::{ARCH, Dist};
use crate::install::bare::Bare;

/// The image of a tool, running, with the folder `/work` of its user.
pub(crate) struct Running {
    tool: String,
    pub(crate) root: Bare,
}

impl Running {
    fn new(dist: &Dist, tool: &str) -> Self {
        let root = dist.root(tool, ARCH);
        let mode = fs::metadata(root.path().join("tmp")).map(|tmp| tmp.permissions().mode() & 0o7777);
        assert_eq!(mode.ok(), Some(0o1777), "{tool}: /tmp");
        let running = Self { tool: tool.to_owned(), root: Bare::at(root) };
        fs::create_dir(running.path("")).expect("a folder");
        running
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path(name), text).expect("a file");
        self
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let program = format!("/{}", self.tool);
        let mut command =
            self.root.command_as(Some(NOBODY), &[&["--wd", "/work", "--", &program], words].concat());
        // As an engine sets them for a user without a name.
        command.env("HOME", "/").env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt");
        command
    }

    /// Gives what is in there to its user.
    pub(crate) fn give(&self) {
        give(&self.path(""), NOBODY);
    }

    /// Runs it to its end, which has to be a good one, on files of its own; standard output.
    fn prints(&self, words: &[&str]) -> String {
        self.give();
        printed(&mut self.command(words))
    }
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("unshare runs")
}

pub(crate) fn printed(command: &mut Command) -> String {
    let run = run(command);
    assert!(run.status.success(), "{command:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Gives a folder with all that is in it to a user; who is not root is that user in there anyway.
fn give(path: &Path, user: u32) {
    let _ = chown(path, Some(user), Some(user));
    if path.is_dir() && !path.is_symlink() {
        fs::read_dir(path).expect("files").flatten().for_each(|entry| give(&entry.path(), user));
    }
}

/// The image of this tool, where this release has it for this machine.
pub(crate) fn image(tool: &str) -> Option<Running> {
    let dist = Dist::open()?;
    if !dist.has(tool, ARCH) {
        testkit::skipped(&format!("the image of {tool}: this release has none for {ARCH}"));
        return None;
    }
    Some(Running::new(&dist, tool))
}

#[test]
fn image_promote_copies_a_layout() {
    let Some(running) = image("image-promote") else { return };
    let digest = Image::new().write(&running.path("layout"), "1").expect("a layout");
    assert_eq!(running.prints(&["copy", "oci:layout:1", "oci:other", "--tag", "2"]).trim(), digest);
    assert_eq!(running.prints(&["digest", "oci:other:2"]).trim(), digest);
}

#[test]
fn props_marks_a_layout() {
    let Some(running) = image("props") else { return };
    Image::new().write(&running.path("layout"), "1").expect("a layout");
    running.prints(&["set", "oci:layout:1", "tested"]);
    running.prints(&["verify", "oci:layout:1", "tested"]);
}

#[test]
fn loc_badge_counts_and_draws() {
    let Some(running) = image("loc-badge") else { return };
    running.write("main.py", "import sys\n\nprint(sys.argv)\n");
    assert!(running.prints(&["count", "."]).contains("Python"));
    running.prints(&[".", "--output", "badge.svg"]);
    assert!(fs::read_to_string(running.path("badge.svg")).expect("a badge").starts_with("<svg"));
}

#[test]
fn compose_rewrite_writes_an_image_in_place() {
    let Some(running) = image("compose-rewrite") else { return };
    running.write("compose.yml", "services:\n  application:\n    build: .\n");
    running.prints(&["image", "registry.example.com/app:1.2.3", "compose.yml", "-i"]);
    let written = fs::read_to_string(running.path("compose.yml")).expect("a file");
    assert_eq!(written, "services:\n  application:\n    image: registry.example.com/app:1.2.3\n");
}

#[test]
fn release_writes_into_a_folder() {
    let Some(running) = image("release") else { return };
    let mut repository = Repository::at(&running.path(""));
    repository.commit("feat: begin");
    repository.tag("1.0.0");
    running.prints(&["create", "1.0.0", "--forge", "dir:forge", "--notes-from", "commits"]);
    assert!(running.prints(&["show", "--forge", "dir:forge"]).contains("1.0.0"));
}

#[test]
fn image_track_asks_a_registry() {
    let Some(running) = image("image-track") else { return };
    let registry = Registry::start();
    registry.push(&Image::new(), "team/app", &["1.4.0", "1.5.0"]);
    let manifest = format!(
        "sources:\n  version:\n    kind: dockerimage\n    spec:\n      image: {}/team/app\n      versionfilter: {{kind: semver}}\ntargets:\n  file:\n    kind: yaml\n    spec: {{file: values.yaml, key: $.tag}}\n",
        registry.address()
    );
    running.write("values.yaml", "tag: 1.4.0\n").write("app.yaml", &manifest);
    assert!(running.prints(&["check", "app.yaml"]).contains("1.5.0"));
}

#[test]
fn versioner_reads_a_repository_of_its_user_and_of_others_where_it_is_told_so() {
    let Some(running) = image("versioner") else { return };
    let mut repository = Repository::at(&running.path(""));
    repository.commit("feat: begin");
    repository.tag("1.0.0");
    assert_eq!(running.prints(&["current"]), "1.0.0\n");
    give(&running.path(""), 0);
    if fs::metadata(running.path("")).map(|folder| folder.uid()).ok() != Some(0) {
        return testkit::skipped("a repository of somebody else: only root can give files away");
    }
    let refused = run(&mut running.command(&["current"]));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("belongs to another user"), "{said}");
    // As the hint has it.
    let variables = ["GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=/work"];
    assert!(said.contains(&variables.join(" ")), "{said}");
    let variables = variables.iter().filter_map(|variable| variable.split_once('='));
    assert_eq!(printed(running.command(&["current"]).envs(variables)), "1.0.0\n");
    // And as --user does.
    let mut as_its_owner =
        running.root.command_as(Some(0), &["--wd", "/work", "--", "/versioner", "current"]);
    assert_eq!(printed(&mut as_its_owner), "1.0.0\n");
}
