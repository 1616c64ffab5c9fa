//! Where credentials come from: files of docker and podman, and programs that know them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use testkit::{Proxy, Registry, Tokens, Tool, tool};

use super::{digest, layout, login};
use crate::skopeo::{push, skopeo};

/// A folder with a `config.json` and helpers, which write down who asks them for what.
struct Home(TempDir);

impl Home {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("config.json"), config).expect("a file");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Adds a helper that runs this script. Another process writes the file: a program that a thread of ours still has
    /// open for writing, because it was just starting something, cannot be run.
    fn helper(self, name: &str, script: &str) -> Self {
        let log = self.path().join("asked");
        let text =
            format!("#!/bin/sh\nserver=$(cat)\necho \"$1 $server\" >> '{}'\n{script}\n", log.display());
        let source = self.path().join("script");
        fs::write(&source, text).expect("a file");
        let target = self.path().join(format!("docker-credential-{name}"));
        let done = Command::new("install").args(["-m", "755"]).args([&source, &target]).status();
        assert!(done.expect("coreutils are installed").success());
        self
    }

    /// What the helpers were asked since the last call.
    fn asked(&self) -> Vec<String> {
        let log: PathBuf = self.path().join("asked");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        text.lines().map(str::to_owned).collect()
    }

    /// Runs a tool in a job that has this home.
    fn job(&self, tool: Tool) -> Tool {
        let path = env::var("PATH").unwrap_or_default();
        tool.env("DOCKER_CONFIG", self.path()).env("PATH", format!("{}:{path}", self.path().display()))
    }
}

const KNOWS: &str = r#"printf '{"ServerURL":"%s","Username":"robot","Secret":"s3cret"}' "$server""#;
const KNOWS_NOTHING: &str = "echo 'credentials not found in native keychain'; exit 1";

/// A registry with an account, and the image in it.
fn registry() -> (Registry, String) {
    let registry = Registry::builder().account("robot", "s3cret").start();
    let folder = tempfile::tempdir().expect("a folder");
    let (source, digest) = layout(folder.path());
    for name in ["app", "team/app"] {
        let to = format!("{}/{name}:1", registry.address());
        let copy = tool("image-promote").args(["copy", &source, &to]);
        copy.env("DOCKER_AUTH_CONFIG", login(registry.address())).succeeds();
    }
    (registry, digest)
}

#[test]
fn a_helper_is_asked_once_for_its_own_registry_and_never_for_another() {
    let (registry, expected) = registry();
    let open = Registry::start();
    push(&super::image(), open.address(), "app:1");
    let address = registry.address();
    let config = format!(r#"{{"credHelpers":{{"{address}":"testing"}}}}"#);
    let home = Home::new(&config).helper("testing", KNOWS);
    let output = home.job(digest(&format!("{address}/app:1"))).arg("-v").succeeds();
    assert_eq!(output.stdout().trim_end(), expected);
    assert!(output.stderr.contains("docker-credential-testing (credHelpers in "), "{output:?}");
    assert!(!output.stderr.contains("s3cret"), "{output:?}");
    assert_eq!(home.asked(), [format!("get {address}")]);
    let copy = |from: &str, to: &str| home.job(tool("image-promote").args(["copy", from, to])).succeeds();
    copy(&format!("{address}/app:1"), &format!("{address}/copy:1"));
    assert_eq!(home.asked(), [format!("get {address}")]);
    copy(&format!("{}/app:1", open.address()), &format!("{}/copy:1", open.address()));
    assert_eq!(home.asked(), [""; 0]);
}

#[test]
fn a_store_is_asked_for_what_no_entry_knows() {
    let (registry, expected) = registry();
    let reference = format!("{}/app:1", registry.address());
    let config = r#"{"auths":{"ADDRESS":{}},"credsStore":"testing"}"#.replace("ADDRESS", registry.address());
    let home = Home::new(&config).helper("testing", KNOWS);
    assert_eq!(home.job(digest(&reference)).succeeds().stdout().trim_end(), expected);
    assert_eq!(home.asked(), [format!("get {}", registry.address())]);
    let entry = login(registry.address()).replace("}}}", r#"}},"credsStore":"testing"}"#);
    let home = Home::new(&entry).helper("testing", "exit 1");
    assert_eq!(home.job(digest(&reference)).succeeds().stdout().trim_end(), expected);
    assert_eq!(home.asked(), [""; 0]);
}

#[test]
fn a_helper_that_cannot_answer_is_told_of_and_hides_nothing() {
    let (registry, expected) = registry();
    let address = registry.address();
    let reference = format!("{address}/app:1");
    let config = format!(r#"{{"credHelpers":{{"{address}":"testing"}}}}"#);
    let rows = [
        (None, "docker-credential-testing (credHelpers in ", "it is not installed"),
        (Some("echo 'pass not initialized'; exit 1"), "docker-credential-testing", "pass not initialized"),
        (Some("echo 'log in to the cloud' >&2; exit 3"), "docker-credential-testing", "log in to the cloud"),
        (Some("echo s3cret"), "docker-credential-testing", "its answer makes no sense"),
        (Some("exec sleep 600"), "docker-credential-testing", "no answer within 1 s"),
        (Some("sleep 600 & echo '{}'"), "", ""),
        (Some(KNOWS_NOTHING), "", ""),
    ];
    for (script, name, reason) in rows {
        let home = Home::new(&config);
        let home = script.into_iter().fold(home, |home, script| home.helper("testing", script));
        let job = || home.job(digest(&reference)).args(["--timeout", "1"]);
        let alone = job().fails(1);
        assert!(alone.stderr.contains(name) && alone.stderr.contains(reason), "{script:?}: {alone:?}");
        assert!(alone.stderr.contains("docker login"), "{script:?}: {alone:?}");
        assert_eq!(alone.stderr.contains("warning"), !name.is_empty(), "{script:?}: {alone:?}");
        let other = job().env("DOCKER_AUTH_CONFIG", login(address)).succeeds();
        assert_eq!(other.stdout().trim_end(), expected, "{script:?}");
        for output in [alone, other] {
            assert!(!output.stderr.contains("s3cret"), "{script:?}: {output:?}");
        }
    }
}

#[test]
fn a_helper_may_know_an_identity_token() {
    let registry = Registry::start();
    push(&super::image(), registry.address(), "app:1");
    let proxy = Proxy::builder(registry.address()).tokens(Tokens::new().identity("s3cret")).start();
    let config = format!(r#"{{"credHelpers":{{"{}":"testing"}}}}"#, proxy.address());
    let token = r#"printf '{"ServerURL":"%s","Username":"<token>","Secret":"s3cret"}' "$server""#;
    let home = Home::new(&config).helper("testing", token);
    home.job(digest(&format!("{}/app:1", proxy.address()))).succeeds();
    let posts = proxy.take_log().iter().filter(|passed| passed.method == "POST").count();
    assert_eq!(posts, 1);
}

#[test]
fn what_skopeo_logged_in_to_is_read_also_below_a_path() {
    let (registry, expected) = registry();
    let address = registry.address();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("auth.json").display().to_string();
    let account = ["--tls-verify=false", "--username", "robot", "--password", "s3cret"];
    let log_in = |to: &str| skopeo(&[&["login", "--authfile", &file, to], &account[..]].concat());
    let job = |name: &str| digest(&format!("{address}/{name}:1")).env("REGISTRY_AUTH_FILE", &file);
    log_in(&format!("{address}/team"));
    assert_eq!(job("team/app").succeeds().stdout().trim_end(), expected);
    let outside = job("app").fails(1);
    assert!(outside.error()[0].contains("wants a login"), "{outside:?}");
    log_in(address);
    assert_eq!(job("app").succeeds().stdout().trim_end(), expected);
}

#[test]
fn sources_have_an_order_and_are_named_without_their_secrets() {
    let (registry, _) = registry();
    let address = registry.address();
    let wrong = || login(address).replace("s3cret", "wr0ng");
    let home = Home::new(&wrong());
    let file = home.path().join("auth.json");
    fs::write(&file, wrong()).expect("a file");
    let reference = format!("{address}/app:1");
    let own = |tool: Tool, password: &str| {
        let tool = tool.env("IMAGE_PROMOTE_REGISTRY", address).env("IMAGE_PROMOTE_REGISTRY_USER", "robot");
        tool.env("IMAGE_PROMOTE_REGISTRY_PASSWORD", password)
    };
    let ci = |tool: Tool| {
        let tool = tool.env("CI_REGISTRY", address).env("CI_REGISTRY_USER", "robot");
        tool.env("CI_REGISTRY_PASSWORD", "wr0ng")
    };
    // From the last to the first: each one, added to those behind it, is the one that counts.
    let mut job: Box<dyn Fn() -> Tool> = Box::new(|| ci(digest(&reference).arg("-v")));
    assert!(job().fails(1).stderr.contains("credentials of CI_REGISTRY_USER and"));
    let before = job;
    job = Box::new(move || before().env("DOCKER_AUTH_CONFIG", login(address).replace("s3cret", "wr0ng")));
    assert!(job().fails(1).stderr.contains("credentials of DOCKER_AUTH_CONFIG"));
    let (before, name) = (job, file.clone());
    job = Box::new(move || before().env("REGISTRY_AUTH_FILE", &name));
    assert!(job().fails(1).stderr.contains("auth.json were used"));
    let (before, folder) = (job, home.path().to_owned());
    job = Box::new(move || before().env("DOCKER_CONFIG", &folder));
    assert!(job().fails(1).stderr.contains("config.json were used"));
    let output = own(job(), "s3cret").succeeds();
    assert!(output.stderr.contains("IMAGE_PROMOTE_REGISTRY_USER and"), "{output:?}");
    assert!(!output.stderr.contains("s3cret") && !output.stderr.contains("wr0ng"), "{output:?}");
    let elsewhere = own(digest(&reference), "s3cret").env("IMAGE_PROMOTE_REGISTRY", "other.example").fails(1);
    assert!(elsewhere.stderr.contains("there are no credentials for"), "{elsewhere:?}");
    fs::write(&file, "{s3cret").expect("a file");
    let broken = digest(&reference).env("REGISTRY_AUTH_FILE", &file).fails(2);
    assert!(broken.error()[0].contains("auth.json") && !broken.stderr.contains("s3cret"), "{broken:?}");
    let garbage = digest(&reference).env("DOCKER_AUTH_CONFIG", "s3cret").fails(2);
    for output in [broken, garbage] {
        assert!(output.error()[1].contains(r#"{"auths":{"HOST":"#), "{output:?}");
        assert!(!output.stderr.contains("s3cret"), "{output:?}");
    }
}

#[test]
fn a_login_of_skopeos_is_found_where_it_keeps_it() {
    let (registry, expected) = registry();
    let address = registry.address();
    let home = tempfile::tempdir().expect("a folder");
    let runtime = home.path().join("run");
    fs::create_dir(&runtime).expect("a folder");
    let job = |name: &str| {
        let tool = digest(&format!("{address}/{name}:1"));
        tool.env("HOME", home.path()).env("XDG_RUNTIME_DIR", &runtime)
    };
    // From the last to the first, as containers-auth.json(5) says.
    for name in [".docker/config.json", ".config/containers/auth.json", "run/containers/auth.json"] {
        let file = home.path().join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, login(address).replace("s3cret", "wr0ng")).expect("a file");
        let used = job("app").fails(1);
        assert!(used.stderr.contains(&format!("{} were used", file.display())), "{used:?}");
    }
    fs::write(runtime.join("containers/auth.json"), "{}").expect("a file");
    let log_in = |to: &str| {
        let account = ["--tls-verify=false", "--username", "robot", "--password", "s3cret"];
        let mut command = Command::new("skopeo");
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home.path()).env("XDG_RUNTIME_DIR", &runtime);
        let output = command.arg("login").args(account).arg(to).output().expect("skopeo is installed");
        assert!(output.status.success(), "{output:?}");
    };
    log_in(&format!("{address}/team"));
    assert_eq!(job("team/app").succeeds().stdout().trim_end(), expected);
    assert!(job("app").fails(1).stderr.contains(".config/containers/auth.json were used"));
    log_in(address);
    assert_eq!(job("app").succeeds().stdout().trim_end(), expected);
}
