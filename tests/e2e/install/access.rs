//! Releases that not everybody may read, that lie elsewhere than they are asked for, and machines on which little is allowed.

use std::fs;
use std::path::Path;
use std::process::Command;

use testkit::FileServer;

use super::{ANY, Release, SCRIPT, VERSION, ended, installed, names, path_of, script, serve, shell};

/// A folder with a `curl` in it that notes its arguments, and then is the one of this machine.
fn noting_curl(notes: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("curl");
    let text =
        format!("#!/bin/sh\necho \"$*\" >> '{}'\nPATH=${{PATH#*:}}\nexec curl \"$@\"\n", notes.display());
    fs::write(&program, text).expect("a file");
    shell(&format!("chmod 755 '{}'", program.display()));
    folder
}

/// How often a header with this value came.
fn came(server: &FileServer, value: &str) -> usize {
    server.take_headers().iter().filter(|(_, sent)| sent == value).count()
}

#[test]
fn who_asks_is_told_to_the_releases_server_alone_and_in_no_argument() {
    let release = Release::new();
    let storage = release.serve();
    let forge = release.serve();
    forge.want("private-token", "t0ken-\"of\\me");
    forge.move_to(".tar.gz", &storage.url());
    let home = tempfile::tempdir().expect("a folder");
    let notes = home.path().join("notes");
    let curl = noting_curl(&notes);
    let path = format!("{}:{}", curl.path().display(), std::env::var("PATH").unwrap_or_default());
    // Who has this goes everywhere with everything.
    fs::write(home.path().join(".curlrc"), "location-trusted\noutput = elsewhere\n").expect("a file");
    let mut command = script(&format!("{}/1.2.3", forge.url()), home.path());
    let ended = ended(command.env("PATH", path).env("PYPELINES_HEADER", "PRIVATE-TOKEN: t0ken-\"of\\me"));
    assert_eq!(ended.code, Some(0), "{}", ended.told);
    assert_eq!(installed(home.path()), ["props", "pypelines", "versioner"]);
    assert_eq!(came(&forge, "t0ken-\"of\\me"), 2, "the checksums and the archive");
    assert_eq!(storage.take_log().len(), 1, "the archive");
    assert_eq!(came(&storage, "t0ken-\"of\\me"), 0);
    let arguments = fs::read_to_string(&notes).expect("curl was called");
    assert!(!arguments.contains("t0ken"), "{arguments}");
}

#[test]
fn a_page_to_sign_in_is_no_list_of_checksums() {
    let release = Release::new();
    let forge = release.serve();
    forge.want("private-token", "t0ken");
    let home = tempfile::tempdir().expect("a folder");
    for header in [None, Some("PRIVATE-TOKEN: another")] {
        let mut command = script(&format!("{}/1.2.3", forge.url()), home.path());
        let ended = ended(command.envs(header.map(|header| ("PYPELINES_HEADER", header))));
        assert_eq!(ended.code, Some(1), "{}", ended.told);
        assert!(ended.told.contains("is no list of checksums"), "{}", ended.told);
        assert!(ended.told.contains("hint: a page to sign in? PYPELINES_HEADER"), "{}", ended.told);
        assert!(!ended.told.contains("another"), "{}", ended.told);
        assert_eq!(installed(home.path()), Vec::<String>::new());
    }
}

#[test]
fn a_login_in_the_address_is_used_and_never_shown() {
    let release = Release::new();
    let server = release.serve();
    // bob:s3cret
    server.want("authorization", "Basic Ym9iOnMzY3JldA==");
    let address =
        |host: &str, login: &str| format!("http://{login}@{}/1.2.3", host.trim_start_matches("http://"));
    let home = tempfile::tempdir().expect("a folder");
    let good = ended(&mut script(&address(&server.url(), "bob:s3cret"), home.path()));
    assert_eq!(good.code, Some(0), "{}", good.told);
    assert!(!good.told.contains("s3cret"), "{}", good.told);
    let closed = FileServer::start().url();
    for (host, login) in [(server.url(), "bob:s3cret-but-wrong"), (closed, "bob:s3cret")] {
        let home = tempfile::tempdir().expect("a folder");
        let wrong = ended(&mut script(&address(&host, login), home.path()));
        assert_eq!(wrong.code, Some(1), "{}", wrong.told);
        assert!(wrong.told.contains("//***@") && !wrong.told.contains("s3cret"), "{}", wrong.told);
    }
}

#[test]
fn what_is_asked_for_with_tls_does_not_come_without() {
    let release = Release::new();
    let plain = release.serve();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let only_wget = path_of(&[&ANY[..], &["sha256sum", "wget"]].concat());
    let only_wget = only_wget.as_ref().map(|folder| folder.path().as_os_str().to_owned());
    for (end, words, path) in [
        (".tar.gz", "nothing was installed", Some(&path)),
        ("SHA256SUMS", "check PYPELINES_BASE_URL", Some(&path)),
        // It may go on with TLS, of course.
        ("/", "", Some(&path)),
        (".tar.gz", "nothing was installed", only_wget.as_ref()),
        ("SHA256SUMS", "check PYPELINES_BASE_URL", only_wget.as_ref()),
        ("/", "", only_wget.as_ref()),
    ] {
        let Some(path) = path else { continue };
        let safe = FileServer::start_with_tls();
        for name in names(&release.path("")) {
            safe.put(&format!("/1.2.3/{name}"), fs::read(release.path(&name)).expect("a file"));
        }
        safe.move_to(end, &plain.url());
        let home = tempfile::tempdir().expect("a folder");
        fs::write(home.path().join(".curlrc"), "location\n").expect("a file");
        let trusted = format!("ca_certificate = {}\n", safe.authority().display());
        fs::write(home.path().join(".wgetrc"), trusted).expect("a file");
        let mut command = script(&format!("{}/1.2.3", safe.url()), home.path());
        let ended = ended(command.env("CURL_CA_BUNDLE", safe.authority()).env("PATH", path));
        if words.is_empty() {
            assert_eq!(ended.code, Some(0), "{}", ended.told);
            continue;
        }
        assert_eq!(ended.code, Some(1), "{}", ended.told);
        assert!(ended.told.contains("without TLS: that is not followed"), "{}", ended.told);
        assert!(ended.told.contains(words), "{}", ended.told);
        assert_eq!(plain.take_log(), Vec::new());
    }
}

/// A place as servers write it, and what GNU's wget makes of it, which cannot say where it was sent.
#[test]
fn wget_goes_where_it_is_sent_and_says_what_went_wrong() {
    let Some(path) = path_of(&[&ANY[..], &["sha256sum", "wget"]].concat()) else { return };
    let release = Release::new();
    let storage = release.serve();
    let forge = release.serve();
    forge.move_to(".tar.gz", &storage.url());
    let home = tempfile::tempdir().expect("a folder");
    let good = ended(script(&format!("{}/1.2.3", forge.url()), home.path()).env("PATH", path.path()));
    assert_eq!(good.code, Some(0), "{}", good.told);
    assert_eq!(installed(home.path()), ["props", "pypelines", "versioner"]);
    assert_eq!(storage.take_log().len(), 1, "the archive");
    let address = format!("{}/9.9.9", forge.url()).replace("http://", "http://bob:s3cret@");
    let wrong = ended(script(&address, home.path()).env("PATH", path.path()));
    assert_eq!(wrong.code, Some(1), "{}", wrong.told);
    assert!(wrong.told.contains("404") && wrong.told.contains("cannot fetch"), "{}", wrong.told);
    assert!(!wrong.told.contains("s3cret"), "{}", wrong.told);
}

#[test]
fn a_server_that_leads_in_a_circle_is_left() {
    let server = FileServer::start();
    server.move_to("SHA256SUMS", &server.url());
    let home = tempfile::tempdir().expect("a folder");
    let ended = ended(&mut script(&format!("{}/1.2.3", server.url()), home.path()));
    assert_eq!(ended.code, Some(1), "{}", ended.told);
    assert!(ended.told.contains("leads from one address to the next, 9 times"), "{}", ended.told);
    assert_eq!(server.take_log().len(), 9);
}

/// As Windows and `sha256sum --binary` write them.
#[test]
fn checksums_in_other_forms_are_read() {
    let release = Release::new();
    let sums = fs::read_to_string(release.path("SHA256SUMS")).expect("a file");
    for text in [sums.replace('\n', "\r\n"), sums.replace("  ", " *"), sums.trim_end().to_owned()] {
        fs::write(release.path("SHA256SUMS"), &text).expect("a file");
        let home = tempfile::tempdir().expect("a folder");
        let ended = release.install(&["props"], home.path());
        assert_eq!(ended.code, Some(0), "{text:?}: {}", ended.told);
    }
}

/// Where files in the temporary folder may not be run, as on hardened servers.
#[test]
fn a_temporary_folder_without_programs_is_enough() {
    let release = Release::new();
    let server = serve(&release.path(""));
    let home = tempfile::tempdir().expect("a folder");
    let downloads = home.path().join("downloads");
    fs::create_dir(&downloads).expect("a folder");
    let line = "mount -t tmpfs -o noexec none \"$TMPDIR\" || exit 77\n\
                cp /bin/sh \"$TMPDIR/sh\" && ! \"$TMPDIR/sh\" -c true 2>/dev/null || exit 78\n\
                exec sh \"$0\" props";
    for namespace in [&["--mount"][..], &["--user", "--map-root-user", "--mount"]] {
        let mut command = Command::new("unshare");
        command.args(namespace).args(["sh", "-c", line, SCRIPT]).env("TMPDIR", &downloads);
        command.env("HOME", home.path()).env("PYPELINES_BASE_URL", format!("{}/{VERSION}", server.url()));
        let ended = ended(&mut command);
        // 77: not the mount itself, but the right to it is missing; unshare says 1.
        if ended.code == Some(77) || ended.told.starts_with("unshare:") {
            continue;
        }
        assert_eq!(ended.code, Some(0), "{}", ended.told);
        assert_eq!(installed(home.path()), ["props"]);
        return;
    }
    testkit::skipped("install.sh with a temporary folder in which nothing runs; nothing may be mounted here");
}
