//! `ci/install.sh`, against a server with a release on it, by a newcomer who has a shell and little else.

mod access;
pub(crate) mod bare;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testkit::{Cut, Fault, FileServer, Proxy, Rule};

use bare::Bare;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ci/install.sh");
const VERSION: &str = "1.2.3";

/// What archives call this machine's architecture.
pub(crate) const ARCH: &str = if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" };

/// A release with an archive of one tool that is a shell script, and one of all tools: one script, and a link for each.
struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let release = Self { folder: tempfile::tempdir().expect("a folder") };
        // Who is somebody else in a test may come in, too.
        fs::set_permissions(release.folder.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        release.archive("props", &[]);
        release.archive("pypelines", &["props", "versioner"]);
        release.sum();
        release
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("files").join(name)
    }

    fn archive(&self, name: &str, links: &[&str]) -> PathBuf {
        let folder = format!("{name}-{VERSION}-linux-{ARCH}");
        let inside = self.folder.path().join(&folder);
        if inside.exists() {
            fs::remove_dir_all(&inside).expect("it was made here");
        }
        fs::create_dir_all(inside.join("completions")).expect("a folder");
        fs::write(inside.join("README.md"), "# Tools\n").expect("a file");
        fs::write(inside.join(name), format!("#!/bin/sh\necho \"${{0##*/}} {VERSION}\"\n")).expect("a file");
        fs::set_permissions(inside.join(name), fs::Permissions::from_mode(0o755)).expect("a mode");
        for link in links {
            symlink(name, inside.join(link)).expect("a link");
        }
        fs::create_dir_all(self.path("")).expect("a folder");
        let archive = self.path(&format!("{folder}.tar.gz"));
        shell(&format!("tar -czf '{}' -C '{}' {folder}", archive.display(), self.folder.path().display()));
        archive
    }

    fn sum(&self) {
        shell(&format!("cd '{}' && sha256sum *.tar.gz > SHA256SUMS", self.path("").display()));
    }

    fn serve(&self) -> FileServer {
        serve(&self.path(""))
    }

    /// What a person gets who types this behind `sh install.sh`.
    fn install(&self, arguments: &[&str], home: &Path) -> Ended {
        let server = self.serve();
        ended(script(&format!("{}/1.2.3/", server.url()), home).args(arguments))
    }
}

/// The files of a release, on a server, under `/1.2.3/`.
pub(crate) fn serve(folder: &Path) -> FileServer {
    let server = FileServer::start();
    for file in fs::read_dir(folder).expect("files").flatten().filter(|file| file.path().is_file()) {
        let name = format!("/1.2.3/{}", file.file_name().to_string_lossy());
        server.put(&name, fs::read(file.path()).expect("a file"));
    }
    server
}

/// `sh install.sh` of a release at this address, for who has this home.
fn script(base: &str, home: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg(SCRIPT).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home).env("PYPELINES_BASE_URL", base);
    command
}

/// How it ended, and what it said to whom.
struct Ended {
    code: Option<i32>,
    printed: String,
    told: String,
}

fn ended(command: &mut Command) -> Ended {
    let Output { status, stdout, stderr } = command.output().expect("sh runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: status.code(), printed: text(stdout), told: text(stderr) }
}

fn shell(line: &str) {
    let status = Command::new("sh").args(["-c", line]).status().expect("sh runs");
    assert!(status.success(), "{line}");
}

/// What is in a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = found.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The tools that are installed in a home, and whatever was left there besides.
fn installed(home: &Path) -> Vec<String> {
    names(&home.join(".local/bin"))
}

#[test]
fn all_tools_are_installed_or_those_that_are_named_and_again() {
    let release = Release::new();
    let home = tempfile::tempdir().expect("a folder");
    let props = home.path().join(".local/bin/props");
    for (arguments, expected, is_link) in [
        (&["props"][..], &["props"][..], false),
        (&[], &["props", "pypelines", "versioner"], true),
        (&["props", "--version", "v1.2.3"], &["props", "pypelines", "versioner"], false),
        (&["pypelines", "props"], &["props", "pypelines", "versioner"], true),
    ] {
        let ended = release.install(arguments, home.path());
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.told);
        assert_eq!(installed(home.path()), expected, "{arguments:?}");
        assert_eq!(props.is_symlink(), is_link, "{arguments:?}");
        assert!(ended.told.contains("is not in PATH"), "{}", ended.told);
        for name in expected.iter().filter(|_| arguments.is_empty()) {
            assert!(ended.printed.contains(&format!("{name} 1.2.3\n")), "{}", ended.printed);
        }
        assert!(ended.printed.contains("props 1.2.3\n"), "{}", ended.printed);
    }
}

#[test]
fn a_release_is_found_on_a_server_in_a_folder_and_by_its_version() {
    let release = Release::new();
    let (server, folder) = (release.serve(), release.path(""));
    let twice = FileServer::start();
    for name in names(&folder) {
        twice.put(&format!("/1.2.3/1.2.3/{name}"), fs::read(release.path(&name)).expect("a file"));
    }
    let folder = folder.display();
    for (base, arguments) in [
        (format!("{}/1.2.3", server.url()), &["props"][..]),
        (format!("{}/{{version}}/", server.url()), &["props", "--version", "1.2.3"]),
        (format!("{}/{{version}}/", server.url()), &["--version", "v1.2.3", "props"]),
        (format!("{}/{{version}}/{{version}}", twice.url()), &["--version", "1.2.3", "props"]),
        (format!("{folder}"), &["props"]),
        (format!("file://{folder}"), &["props"]),
    ] {
        let home = tempfile::tempdir().expect("a folder");
        let ended = ended(script(&base, home.path()).args(arguments));
        assert_eq!(
            (ended.code, ended.printed.as_str()),
            (Some(0), "props 1.2.3\n"),
            "{base}: {}",
            ended.told
        );
    }
}

#[test]
fn what_is_not_right_is_named_and_nothing_is_installed() {
    type Spoil = fn(&Release);
    let half = |release: &Release| {
        let name = release.path(&format!("pypelines-{VERSION}-linux-{ARCH}.tar.gz"));
        let bytes = fs::read(&name).expect("a file");
        fs::write(&name, &bytes[..bytes.len() / 2]).expect("a file");
    };
    let another: Spoil = |release| {
        release.archive("props", &["more"]);
    };
    let several: Spoil = |release| {
        let sums = fs::read_to_string(release.path("SHA256SUMS")).expect("a file");
        fs::write(release.path("SHA256SUMS"), format!("{sums}{}", sums.replace(VERSION, "1.3.0")))
            .expect("a file");
    };
    let no_sums: Spoil = |release| fs::remove_file(release.path("SHA256SUMS")).expect("it was there");
    let no_file: Spoil = |release| {
        fs::remove_file(release.path(&format!("props-{VERSION}-linux-{ARCH}.tar.gz"))).expect("it was there");
    };
    let login_page: Spoil =
        |release| fs::write(release.path("SHA256SUMS"), "<html>Who are you?").expect("a file");
    let rows: [(&str, &[&str], Spoil, i32, &str); 14] = [
        ("another file", &["props"], another, 1, "is not what SHA256SUMS says"),
        ("the second of two is another file", &["pypelines", "props"], another, 1, "nothing was installed"),
        ("half a file", &[], half, 1, "the download was cut off"),
        ("no such tool", &["propz"], |_| {}, 1, "it has for this platform and version: props pypelines"),
        ("no name of a tool", &["../props"], |_| {}, 2, "'../props' is no name of a tool"),
        ("nothing for a tool", &[""], |_| {}, 2, "'' is no name of a tool"),
        ("no such version", &["--version", "9.9.9"], |_| {}, 1, "has no version 9.9.9 for linux-"),
        ("several versions, none named", &[], several, 2, "name one with --version: 1.2.3 1.3.0"),
        ("no checksums", &[], no_sums, 1, "check PYPELINES_BASE_URL"),
        ("no archive", &["props"], no_file, 1, "try again; nothing was installed"),
        ("no version", &["--version", "0.1/0"], |_| {}, 2, "0.1/0 is no version"),
        ("a page instead of checksums", &[], login_page, 1, "is no list of checksums"),
        (
            "a folder that cannot be made",
            &["--to", "/dev/null/bin"],
            |_| {},
            1,
            "choose another one with --to",
        ),
        ("an unknown option", &["--into", "x"], |_| {}, 2, "unknown option --into"),
    ];
    for (name, arguments, spoil, code, words) in rows {
        let release = Release::new();
        spoil(&release);
        let home = tempfile::tempdir().expect("a folder");
        let ended = release.install(arguments, home.path());
        assert_eq!(ended.code, Some(code), "{name}: {}", ended.told);
        assert!(ended.told.contains(words), "{name}: {}", ended.told);
        assert_eq!(installed(home.path()), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_download_that_is_cut_off_installs_nothing_and_another_run_does() {
    let release = Release::new();
    let server = release.serve();
    let proxy = Proxy::builder(server.url().trim_start_matches("http://"))
        .fault(Rule::matching("GET *.tar.gz", Fault::Truncate(Cut::Half)).times(1))
        .start();
    let home = tempfile::tempdir().expect("a folder");
    let base = format!("http://{}/1.2.3", proxy.address());
    let first = ended(&mut script(&base, home.path()));
    assert_eq!(first.code, Some(1), "{}", first.told);
    assert!(first.told.contains("cannot fetch http://"), "{}", first.told);
    assert_eq!(installed(home.path()), Vec::<String>::new());
    let second = ended(&mut script(&base, home.path()));
    assert_eq!(second.code, Some(0), "{}", second.told);
    assert_eq!(installed(home.path()), ["props", "pypelines", "versioner"]);
}

/// What is installed stays, and goes on being what it was, when its successor cannot be had.
#[test]
fn what_is_there_stays_when_the_next_version_is_wrong() {
    let release = Release::new();
    let home = tempfile::tempdir().expect("a folder");
    assert_eq!(release.install(&[], home.path()).code, Some(0));
    release.archive("pypelines", &["props", "versioner", "release"]);
    assert_eq!(release.install(&[], home.path()).code, Some(1));
    assert_eq!(installed(home.path()), ["props", "pypelines", "versioner"]);
    shell(&format!("'{}' | grep -qx 'versioner 1.2.3'", home.path().join(".local/bin/versioner").display()));
}

#[test]
fn a_folder_that_may_only_be_read_is_named() {
    let release = Release::new();
    let home = release.folder.path().join("home");
    let folder = home.join("tools");
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).expect("a mode");
    let copy = release.folder.path().join("install.sh");
    fs::copy(SCRIPT, &copy).expect("a copy");
    // Root may write anywhere.
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let somebody: &[&str] = if is_root {
        &["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh"]
    } else {
        &["sh"]
    };
    for (to, words) in [(&folder, "cannot write into"), (&folder.join("more"), "cannot make the folder")] {
        let mut command = Command::new(somebody[0]);
        command.args(&somebody[1..]).arg(&copy).arg("--to").arg(to).env("HOME", &home);
        let ended = ended(command.env("PYPELINES_BASE_URL", release.path("")));
        assert_eq!(ended.code, Some(1), "{}", ended.told);
        assert!(ended.told.contains(&format!("{words} {}", to.display())), "{}", ended.told);
        assert!(ended.told.contains("hint: choose another"), "{}", ended.told);
        assert_eq!(names(&folder), Vec::<String>::new());
    }
}

/// What install.sh calls besides what downloads and checks.
const ANY: [&str; 15] = [
    "sh", "awk", "cp", "cut", "grep", "gzip", "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tar", "tr",
    "uname",
];

/// A PATH on which only these programs are; none, after saying so, where one is missing.
fn path_of(programs: &[&str]) -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    for program in programs {
        let mut places = std::env::split_paths(&path).map(|place| place.join(program));
        let Some(found) = places.find(|place| place.is_file()) else {
            testkit::skipped(&format!("install.sh on a machine with {program}, which is not here"));
            return None;
        };
        symlink(found, folder.path().join(program)).expect("a link");
    }
    Some(folder)
}

#[test]
fn without_a_program_that_downloads_or_checks_it_says_which() {
    let release = Release::new();
    let server = release.serve();
    for (more, code, words) in [
        (&["sha256sum", "curl"][..], 0, "props 1.2.3"),
        (&["sha256sum", "wget"], 0, "props 1.2.3"),
        (&["sha256sum"], 1, "neither curl nor wget is there"),
        (&["wget"], 1, "neither sha256sum nor shasum is there"),
    ] {
        let Some(path) = path_of(&[&ANY[..], more].concat()) else { continue };
        let home = tempfile::tempdir().expect("a folder");
        let mut command = script(&format!("{}/1.2.3", server.url()), home.path());
        let ended = ended(command.arg("props").env("PATH", path.path()));
        assert_eq!(ended.code, Some(code), "{more:?}: {}", ended.told);
        assert!(format!("{}{}", ended.printed, ended.told).contains(words), "{more:?}: {}", ended.told);
    }
}

/// `curl … | sh` runs what has arrived: of half a script that has to be nothing.
#[test]
fn half_of_the_script_does_nothing() {
    let text = fs::read_to_string(SCRIPT).expect("the script");
    let release = Release::new();
    let eighths = (1..8).map(|part| text.len() * part / 8);
    for cut in eighths.chain(text.len() - 20..text.len() - 1) {
        let home = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("sh");
        command.args(["-c", &text[..cut]]).env("HOME", home.path());
        let ended = ended(command.env("PYPELINES_BASE_URL", release.path("")));
        assert_eq!(
            (names(home.path()), ended.printed.as_str()),
            (Vec::new(), ""),
            "{cut} of {}: {}",
            text.len(),
            ended.told
        );
    }
}

/// With CDPATH the shell tells where it goes.
#[test]
fn a_folder_beside_the_working_folder_is_that_one() {
    let release = Release::new();
    let home = tempfile::tempdir().expect("a folder");
    for to in ["bin", "-bin"] {
        let mut command = script(&release.path("").display().to_string(), home.path());
        command.current_dir(home.path()).env("CDPATH", home.path()).args(["props", "--to", to]);
        let ended = ended(&mut command);
        assert_eq!(ended.code, Some(0), "{to}: {}", ended.told);
        assert_eq!(names(&home.path().join(to)), ["props"]);
    }
}

#[test]
fn a_machine_with_nothing_but_busybox_is_enough() {
    let Some(bare) = Bare::new() else { return };
    let release = Release::new();
    let server = release.serve();
    bare.put(Path::new(SCRIPT), "install.sh");
    let mut command = bare.command(&["/bin/sh", "/install.sh"]);
    let ended = ended(command.env("PYPELINES_BASE_URL", format!("{}/1.2.3", server.url())));
    assert_eq!(ended.code, Some(0), "{}", ended.told);
    assert_eq!(installed(&bare.path("home/me")), ["props", "pypelines", "versioner"]);
    let output = bare.run(&["/bin/sh", "-c", "versioner"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "versioner 1.2.3\n", "{output:?}");
}
