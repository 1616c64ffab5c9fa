//! Wrong input and what is not there: each has a message of its own that says what was attempted, on what, what came
//! back, and what to do next.

use std::fs;
use std::path::Path;

use testkit::{File, Image, Output, Proxy, Registry, Tokens, Tunnel, tool};

use super::copy;
use crate::skopeo::push;

fn image() -> Image {
    Image::new().layer(vec![File::new("app/main.py", "print('hello')\n")])
}

/// The exit code, and what has to stand in the message, with dots for what is left out, and in the hint.
type Told<'a> = (i32, &'a str, &'a str);

fn assert_told(output: &Output, (code, parts, next): Told<'_>) {
    let [message, hint] = output.error()[..] else { panic!("two lines: {output:?}") };
    assert_eq!(output.code, Some(code), "{output:?}");
    let mut rest = message;
    for part in parts.split(" … ") {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part}: {output:?}"));
        rest = &rest[at + part.len()..];
    }
    assert!(hint.starts_with("  hint: ") && hint.contains(next), "{next}: {output:?}");
}

#[test]
fn what_is_no_reference_is_told_once_with_the_reason() {
    let long_tag = format!("localhost/app:{}", "t".repeat(129));
    let long_name = format!("localhost/{}:1", "a/".repeat(200));
    let table = [
        ("", "it is empty"),
        (" ", "it holds ' '"),
        ("localhost/app:1\n", "it holds '\\n'"),
        ("localhost/App:1", "part 'App' holds upper-case letters"),
        ("localhost/app/:1", "the path has an empty part"),
        ("localhost:5000/:1", "the path behind the host is missing"),
        ("https://localhost/app:1", "without a scheme"),
        ("localhost/app:", "no tag behind the last colon"),
        ("localhost/app:1.4.3+build", "holds '+'"),
        ("localhost/app:-1", "does not start with a letter"),
        ("localhost/app:ü", "does not start with a letter"),
        ("localhost/app@sha256:abc", "'sha256:abc' is no digest"),
        ("localhost/app@md5:d41d8cd98f00b204e9800998ecf8427e", "is no digest"),
        ("localhost:99999/app:1", "no valid port"),
        ("[::1/app:1", "is no host"),
        ("host-.example/app:1", "is no host"),
        ("oci:", "the directory is missing"),
        (&long_tag, "has 129 characters, 128 are allowed"),
        (&long_name, "empty part"),
    ];
    for (text, reason) in table {
        for output in [copy(text, "localhost/x:1").run(), copy("localhost/x:1", text).run()] {
            assert_told(&output, (2, &format!("is no image reference: … {reason}"), "--help"));
            let quoted = format!("'{}'", text.trim_end());
            assert!(output.error()[0].matches(&quoted).count() <= 2, "told over and over: {output:?}");
        }
    }
}

/// Layout directories that are none, each with what is the matter.
fn spoiled_layouts(folder: &Path) -> Vec<(&'static str, Told<'static>)> {
    let layout = |name: &str| {
        let path = folder.join(name);
        image().write(&path, "1").expect("a layout");
        path
    };
    fs::create_dir(folder.join("empty")).expect("a folder");
    fs::write(folder.join("file"), "x").expect("a file");
    fs::write(layout("cut").join("index.json"), r#"{"manifests":["#).expect("an index");
    fs::write(layout("list").join("index.json"), "[]").expect("an index");
    fs::remove_file(layout("no-index").join("index.json")).expect("an index");
    fs::write(layout("newer").join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).expect("a marker");
    let by_size = |path: &Path| {
        let mut files: Vec<_> = fs::read_dir(path.join("blobs/sha256"))
            .expect("blobs")
            .map(|entry| entry.expect("one").path())
            .collect();
        files.sort_by_key(|file| fs::metadata(file).map_or(0, |known| known.len()));
        files
    };
    // The smallest is a layer. What the tag leads to stands in the index.
    fs::remove_file(&by_size(&layout("no-layer"))[0]).expect("a blob");
    let root = image().write(&folder.join("no-root"), "1").expect("a layout");
    fs::remove_file(folder.join("no-root/blobs").join(root.replace(':', "/"))).expect("a manifest");
    let child = layout("no-child");
    let text = fs::read_to_string(child.join("blobs").join(root.replace(':', "/"))).expect("an index");
    let below = text.split("\"digest\":\"sha256:").nth(1).expect("a child");
    fs::remove_file(child.join("blobs/sha256").join(&below[..64])).expect("a manifest");
    let none = |part| (2, part, "directory that holds oci-layout, index.json and blobs");
    let spoiled = |part| (2, part, "copy its images anew");
    let missing = "@sha256: … is missing, and the image is not complete without it";
    vec![
        ("nowhere", (2, "nowhere is no OCI image layout: there is no such directory", "check the path")),
        ("empty", none("empty is no OCI image layout: oci-layout: No such file")),
        ("file", none("file is no OCI image layout: oci-layout: Not a directory")),
        ("cut", spoiled("cut is no OCI image layout: index.json: EOF while parsing")),
        ("list", spoiled("list is no OCI image layout: index.json has no list of manifests")),
        ("no-index", spoiled("no-index is no OCI image layout: index.json: No such file")),
        ("newer", spoiled("oci-layout gives it the version 2.0.0; only 1.0.0 is known")),
        ("no-layer", (1, missing, "push or copy the image there anew")),
        ("no-root", (1, missing, "push or copy the image there anew")),
        ("no-child", (1, missing, "push or copy the image there anew")),
    ]
}

#[test]
fn a_directory_that_is_no_layout_is_told_with_what_is_the_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| format!("oci:{}:1", folder.path().join(name).display());
    let registry = Registry::start();
    for (name, told) in spoiled_layouts(folder.path()) {
        for destination in [format!("{}/app:{name}", registry.address()), at("out")] {
            assert_told(&copy(&at(name), &destination).run(), told);
        }
        let absent =
            tool("image-promote").args(["digest", &format!("{}/app:{name}", registry.address())]).run();
        assert_eq!(absent.code, Some(1), "{absent:?}");
    }
    // Where it goes there is something else, which stays as it is.
    image().write(&folder.path().join("good"), "1").expect("a layout");
    fs::create_dir(folder.path().join("mine")).expect("a folder");
    fs::write(folder.path().join("mine/notes.txt"), "mine").expect("a file");
    let none = "images can be copied into a new or empty one, too";
    let taken = [
        ("mine", (2, "mine is no OCI image layout: oci-layout: No such file", none)),
        ("file", (2, "file is no OCI image layout: Not a directory", none)),
        ("file/below", (2, "is no OCI image layout: Not a directory", none)),
        ("cut", (2, "cut is no OCI image layout: index.json: EOF", "copy its images anew")),
    ];
    for (name, told) in taken {
        assert_told(&copy(&at("good"), &at(name)).run(), told);
    }
    assert_eq!(fs::read_dir(folder.path().join("mine")).expect("a folder").count(), 1);
    assert_eq!(fs::read_to_string(folder.path().join("file")).expect("a file"), "x");
    let absent = copy("oci:good:2", "oci:out:1").current_dir(folder.path()).run();
    assert_told(&absent, (1, "there is no oci:good:2", "check the name and the tag"));
    let proc = copy(&at("good"), "oci:/proc/none:1").run();
    assert_told(&proc, (1, "cannot write /proc/none/blobs", "run it again"));
}

#[test]
fn what_a_registry_has_not_or_does_not_allow_is_told() {
    let registry = Registry::start();
    let address = registry.address();
    push(&image(), address, "app/ci:1");
    let at = |name: &str| format!("{address}/{name}");
    let (from, to) = (at("app/ci:1"), at("app/release:1"));
    let nil = format!("app/ci@sha256:{}", "0".repeat(64));
    let absent = "check the name and the tag";
    let table: [(String, String, Told<'_>); 8] = [
        (at("app/ci:2"), to.clone(), (1, "there is no … /app/ci:2", absent)),
        (at("app/none:1"), to.clone(), (1, "there is no … /app/none:1", absent)),
        (at(&nil), to.clone(), (1, &nil, absent)),
        (at("app/ci"), to.clone(), (2, "which image of … /app/ci is meant", "latest is never assumed")),
        (from.clone(), at("app/release"), (2, "under which tag? … /app/release has none", "--tag TAG")),
        (from.clone(), at(&nil), (2, "has a digest", "give DST a tag")),
        (
            "no-such-host.invalid/a:1".into(),
            to.clone(),
            (1, "no-such-host.invalid … lookup", "check the name no-such-host.invalid"),
        ),
        (from.clone(), "127.0.0.1:1/a:1".into(), (1, "127.0.0.1:1 … refused", "127.0.0.1:1 is up")),
    ];
    for (source, destination, told) in table {
        assert_told(&copy(&source, &destination).env("IMAGE_PROMOTE_TIMEOUT", "1").run(), told);
    }
    assert_eq!(registry.audit("app/release", "1"), Ok(None));
    let read_only = Registry::builder().read_only().start();
    let output = copy(&from, &format!("{}/app:1", read_only.address())).run();
    assert_told(&output, (1, "cannot upload to … 405 Method Not Allowed", "does not allow"));
}

#[test]
fn a_private_registry_without_the_right_login_is_told() {
    let public = Registry::start();
    push(&image(), public.address(), "app/ci:1");
    let htpasswd = Registry::builder().account("robot", "testing").start();
    let tokens = Proxy::builder(public.address()).tokens(Tokens::new().account("robot", "testing")).start();
    for private in [htpasswd.address(), &tokens.address()] {
        let names = [format!("{private}/app/ci:1"), format!("{}/app/ci:1", public.address())];
        let [inside, outside] = &names;
        let other = outside.replace("app/ci", "app/release");
        for (source, destination) in [(inside, &other), (outside, inside)] {
            let run = |password: Option<&str>| {
                let run = copy(source, destination).env("IMAGE_PROMOTE_TIMEOUT", "2");
                let login = password.map(|password| {
                    format!(r#"{{"auths":{{"{private}":{{"username":"robot","password":"{password}"}}}}}}"#)
                });
                login.into_iter().fold(run, |run, login| run.env("DOCKER_AUTH_CONFIG", login)).run()
            };
            let nobody = run(None);
            assert_told(&nobody, (1, &format!("cannot … {private}"), "docker login"));
            let wrong = run(Some("wr0ng"));
            assert_told(&wrong, (1, &format!("cannot … {private}"), "DOCKER_AUTH_CONFIG"));
            assert!(!wrong.stderr.contains("wr0ng"), "{wrong:?}");
        }
    }
}

#[test]
fn tls_where_there_is_none_and_none_where_there_is_tls_are_told() {
    let plain = Registry::start();
    let tls = Registry::builder().tls().start();
    let folder = tempfile::tempdir().expect("a folder");
    image().write(folder.path(), "1").expect("a layout");
    let from = format!("oci:{}:1", folder.path().display());
    let (tunnel, to) = (Tunnel::start(plain.address()), "registry.example/app:1");
    let spoken = copy(&from, to).env("HTTPS_PROXY", tunnel.url()).env("IMAGE_PROMOTE_TIMEOUT", "2").run();
    assert_told(&spoken, (1, "registry.example", "--plain-http"));
    let to = format!("{}/app:1", tls.address());
    let plain_http = copy(&from, &to).arg("--plain-http").env("IMAGE_PROMOTE_TIMEOUT", "2").run();
    assert_told(
        &plain_http,
        (1, &format!("{} answers 400 Bad Request", tls.address()), "leave --plain-http out"),
    );
}
