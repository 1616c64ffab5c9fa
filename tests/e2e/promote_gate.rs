//! `image-promote copy --require` and `--marks`: the gate of a release, with every backend on either side.

mod changing;
mod via;

use serde_json::Value;
use testkit::{Artifactory, Fault, Proxy, Referrers, Registry, Rule, Tool, Unannotated, tool};

use crate::props::stand::{KEY, Layout, artifactory, backends, props, registry};

fn copy<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Tool {
    tool("image-promote").arg("copy").args(arguments)
}

#[test]
fn only_an_image_with_all_marks_is_promoted_whatever_keeps_them() {
    for source in backends(&["1", "2"]) {
        let image = format!("{}:1", source.repository);
        let digest = source.layout.image("1", "1");
        let folder = tempfile::tempdir().expect("a folder");
        let release = format!("oci:{}:1", folder.path().join("release").display());
        let closed = copy([&image, &release, "--require", "tested,scanned"]).fails(3);
        for part in ["tested is not set", "scanned is not set", digest.as_str()] {
            assert!(closed.error()[0].contains(part), "{}: {closed:?}", source.name);
        }
        assert!(!folder.path().join("release").exists(), "{}: nothing is written", source.name);
        props(["set", &image, "tested", "scanned=no"]).succeeds();
        let half = copy([image.as_str(), &release, "--require", "tested", "--require", "scanned"]).fails(3);
        assert!(half.error()[0].contains("scanned is 'no', not 'true'"), "{half:?}");
        assert!(!half.error()[0].contains("tested is"), "{half:?}");
        props(["set", &image, "scanned", "ticket=A-1,B-2"]).succeeds();
        let slip = copy([image.as_str(), &release, "--require", "scaned"]).fails(3);
        assert!(slip.stderr.contains("is scanned meant?"), "{}: {slip:?}", source.name);
        let other = copy([&format!("{}:2", source.repository), &release, "--require", "tested"]).fails(3);
        assert!(other.error()[0].contains("tested is not set"), "{other:?}");
        let marks = ["--require", "tested,scanned", "--require", "ticket=A-1,B-2"];
        let open = copy([image.as_str(), &release].into_iter().chain(marks)).succeeds();
        assert_eq!(open.stdout(), format!("{digest}\n"), "{}", source.name);
        props(["unset", &image, "tested"]).succeeds();
        // Also where there is nothing left to copy.
        copy([image.as_str(), &release, "--require", "tested"]).fails(3);
    }
}

/// A place of each kind that has no image yet.
struct Releases {
    repositories: Vec<(&'static str, String)>,
    _folder: tempfile::TempDir,
    _servers: Vec<Box<dyn std::any::Any>>,
}

fn releases() -> Releases {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Artifactory::builder().local("release-local").start();
    let mut repositories = vec![
        ("layout", format!("oci:{}", folder.path().join("release").display())),
        ("artifactory", format!("{}/release-local/team/app", server.address())),
    ];
    let mut servers: Vec<Box<dyn std::any::Any>> = vec![Box::new(server)];
    let kinds = [
        ("oci", None),
        ("native", Some(Referrers::Native { page: 1, filters: true })),
        ("gitlab", Some(Referrers::TagIsDigest)),
    ];
    for (name, referrers) in kinds {
        let server = Registry::start();
        let mut proxy = Proxy::builder(server.address());
        if let Some(referrers) = referrers {
            proxy = proxy.referrers(referrers);
        }
        let proxy = proxy.start();
        repositories.push((name, format!("{}/team/release", proxy.address())));
        servers.push(Box::new((proxy, server)));
    }
    Releases { repositories, _folder: folder, _servers: servers }
}

#[test]
fn marks_go_along_from_every_backend_to_every_other() {
    for source in backends(&["1"]) {
        let image = format!("{}:1", source.repository);
        props(["set", &image, "tested", "ticket=A-1, B;2 é"]).env("GITLAB_USER_LOGIN", "ann").succeeds();
        let releases = releases();
        let places: Vec<_> =
            releases.repositories.iter().map(|(_, place)| format!("{place}:1.4.0")).collect();
        let arguments = || [image.as_str()].into_iter().chain(places.iter().map(String::as_str));
        let foreseen =
            copy(arguments().chain(["--require", "tested", "--marks", "--dry-run", "--format", "json"]));
        let json: Value = serde_json::from_str(foreseen.succeeds().stdout()).expect("JSON");
        assert_eq!(json["destinations"][4]["marks"][0]["change"], "created", "{json}");
        copy(arguments().chain(["--require", "tested", "--marks"])).succeeds();
        for ((name, place), release) in releases.repositories.iter().zip(&places) {
            let way = format!("{} -> {name}", source.name);
            let marks = props(["get", release]).succeeds();
            assert_eq!(marks.stdout(), "tested=true\nticket=A-1, B;2 é\n", "{way}");
            let found = props(["find", place, "tested", "ticket=A-1, B;2 é", "--count"]).succeeds();
            assert_eq!(found.stdout(), "1\n", "{way}");
            let list = tool("image-promote").args(["list", place]).succeeds();
            assert_eq!(list.stdout(), "1.4.0\n", "{way}");
            let history = props(["history", release]).succeeds();
            assert!(history.stdout().contains("set tested=true\tann"), "{way}: {history:?}");
        }
        let again = copy(arguments().chain(["--marks", "--format", "json"])).succeeds();
        let json: Value = serde_json::from_str(again.stdout()).expect("JSON");
        for destination in json["destinations"].as_array().expect("destinations") {
            assert_eq!(destination["marks"][0]["change"], "unchanged", "{}: {destination}", source.name);
        }
    }
}

#[test]
fn marks_are_there_before_the_tag_but_in_artifactory() {
    for referrers in [None, Some(Referrers::Native { page: 9, filters: false }), Some(Referrers::TagIsDigest)]
    {
        let layout = Layout::with(&["1"]);
        let image = format!("{}:1", layout.repository());
        props(["set", &image, "tested"]).succeeds();
        let server = Registry::start();
        let mut proxy = Proxy::builder(server.address());
        if let Some(referrers) = referrers {
            proxy = proxy.referrers(referrers);
        }
        let proxy = proxy.start();
        let release = format!("{}/release", proxy.address());
        // Of a repository without images nobody knows what it is; from then on it is known.
        copy([&image, &format!("{release}:0"), "--marks"]).succeeds();
        layout.image("1", "another");
        props(["set", &image, "tested"]).succeeds();
        proxy.take_log();
        copy([&image, &format!("{release}:1"), "--marks"]).succeeds();
        let log = proxy.take_log();
        let writes: Vec<_> = log
            .iter()
            .filter(|passed| passed.method == "PUT" && passed.target.contains("/manifests/"))
            .collect();
        let tag = writes.iter().position(|passed| passed.target.ends_with("/manifests/1")).expect("the tag");
        assert_eq!(tag, writes.len() - 1, "the tag is last: {writes:#?}");
        proxy.fault(Rule::matching("PUT */manifests/sha256-*", Fault::status(403)));
        proxy.fault(Rule::matching("POST */blobs/uploads/*", Fault::status(403)));
        layout.image("1", "a third");
        props(["set", &image, "tested"]).succeeds();
        copy([&image, &format!("{release}:3"), "--marks"]).fails(1);
        props(["get", &format!("{release}:3")]).fails(1);
    }
}

#[test]
fn artifactory_gets_the_marks_behind_the_tag_and_says_when_it_does_not() {
    let layout = Layout::with(&["1"]);
    let image = format!("{}:1", layout.repository());
    props(["set", &image, "tested"]).succeeds();
    let server = artifactory(&layout, &[], |builder| builder);
    let release = format!("{}/{KEY}/team/release:1", server.address());
    copy([&image, &release, "--marks"]).succeeds();
    let log = server.take_log();
    let position = |part: &str| log.iter().position(|line| line.contains(part)).expect(part);
    assert!(position(&format!("PUT /v2/{KEY}/team/release/manifests/1")) < position("PATCH"), "{log:#?}");
    let server = artifactory(&layout, &[], |builder| builder.unannotated(Unannotated::Dropped));
    let release = format!("{}/{KEY}/team/release:1", server.address());
    let dropped = copy([&image, &release, "--marks"]).fails(1);
    assert!(dropped.error()[0].contains("cannot carry 1 of 1 marks"), "{dropped:?}");
    assert!(dropped.stderr.contains("the image is there without them"), "{dropped:?}");
    props(["verify", &release, "tested"]).fails(3);
}

#[test]
fn what_contradicts_itself_is_refused_before_any_request() {
    let layout = Layout::with(&["1"]);
    let image = format!("{}:1", layout.repository());
    let release = "localhost:1/release:1";
    let table: [(&[&str], &str); 8] = [
        (&["--require", "ticket="], "the variable is set"),
        (&["--require", "tested,scanned=true"], "','"),
        (&["--require", "tested", "--require", "tested=no"], "given twice"),
        (&["--require", ""], "empty"),
        (&["--require", "tested", "--platform", "linux/amd64"], "--platform makes another image"),
        (&["--marks", "--platform", "linux/amd64"], "--platform makes another image"),
        (&["--via", "artifactory", "--referrers"], "--referrers"),
        (&["--backend", "sqlite", "--marks"], "sqlite"),
    ];
    for (arguments, part) in table {
        let output = copy([image.as_str(), release].into_iter().chain(arguments.iter().copied())).fails(2);
        assert!(output.error().join("\n").contains(part), "{arguments:?}: {output:?}");
    }
}

#[test]
fn referrers_and_marks_together_carry_each_mark_once() {
    let source = registry("oci", None, &["1"]);
    let image = format!("{}:1", source.repository);
    props(["set", &image, "tested"]).succeeds();
    let release = registry("oci", None, &[]);
    let target = format!("{}/2:1", release.repository);
    copy([&image, &target, "--marks", "--referrers"]).succeeds();
    // Its record there is another one by now, which is no conflict.
    props(["set", &target, "tested=again"]).succeeds();
    copy([&image, &target, "--marks", "--referrers"]).succeeds();
    assert_eq!(props(["get", &target]).succeeds().stdout(), "tested=true\n");
}
