//! What the tests of image-gate stand on: one engine, and one test at a time, because each counts what it leaves behind.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Engine, Tool, tool};

use crate::process::interruptible;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Takes more memory than 16 MB, and is killed for that. An engine that is busy can miss it where the container ends with it.
pub(super) const GREEDY: &str = "dd if=/dev/zero of=/dev/null bs=64M count=1 || { sleep 1; exit 137; }";

/// [`Engine::BASE`] with a volume: what runs in it leaves one behind, unless somebody removes it.
pub(super) const IMAGE: &str = "gate/volume:1";

/// The engine, a folder, and what there was on the engine before.
pub(super) struct Stand {
    pub(super) engine: &'static Engine,
    folder: TempDir,
    before: [usize; 3],
    _alone: MutexGuard<'static, ()>,
}

impl Stand {
    /// None, after saying so, where there is no engine.
    pub(super) fn new() -> Option<Self> {
        let engine = Engine::shared()?;
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        static BUILT: Once = Once::new();
        BUILT.call_once(|| engine.build(IMAGE, &format!("FROM {}\nVOLUME /data\n", Engine::BASE)));
        let folder = tempfile::tempdir().expect("a folder");
        Some(Self { before: engine.inventory(), engine, folder, _alone: alone })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// `image-gate VERB`, for this engine.
    pub(super) fn gate(&self, verb: &str) -> Tool {
        tool("image-gate").arg(verb).env("DOCKER_HOST", self.engine.host()).current_dir(self.folder.path())
    }

    /// `image-gate run [OPTIONS] IMAGE -- sh -c SCRIPT`.
    pub(super) fn sh(&self, options: &[&str], script: &str) -> Tool {
        self.gate("run").args(options).args([IMAGE, "--", "sh", "-c", script])
    }

    /// Is there on the engine what was there before, and nothing else?
    pub(super) fn nothing_left(&self) {
        assert_eq!(self.engine.inventory(), self.before, "containers, networks, volumes: {}", self.list());
        assert!(self.images().is_empty(), "images of --setup: {:?}", self.images());
    }

    /// Images that image-gate has made.
    fn images(&self) -> Vec<Value> {
        let images = self.engine.asked("/images/json?all=1");
        let ours = |image: &&Value| !image["Labels"]["pypelines.image-gate.run"].is_null();
        images
            .as_array()
            .expect("a list")
            .iter()
            .filter(ours)
            .map(|image| image["RepoTags"].clone())
            .collect()
    }

    fn list(&self) -> String {
        self.engine.docker(&["ps", "--all", "--format", "{{.Names}} {{.Status}}"])
    }

    /// The names of containers that image-gate has made.
    pub(super) fn containers(&self) -> Vec<String> {
        let containers = self.engine.asked("/containers/json?all=1");
        let ours = |container: &&Value| !container["Labels"]["pypelines.image-gate.run"].is_null();
        let name = |container: &Value| container["Names"][0].as_str().map(|name| name[1..].to_owned());
        containers.as_array().expect("a list").iter().filter(ours).filter_map(name).collect()
    }
}

/// The run as a process.
pub(super) fn started(tool: Tool) -> Child {
    let mut command = interruptible(&tool.into_command());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process")
}

/// The next line that a process prints.
pub(super) fn line(from: &mut impl std::io::BufRead) -> String {
    let mut text = String::new();
    from.read_line(&mut text).expect("a line");
    text.trim_end().to_owned()
}
