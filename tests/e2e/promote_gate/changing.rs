//! A source that changes between the check and the copy.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use testkit::{Artifactory, Fault, Proxy, Referrers, Registry, Rule, tool};

use super::copy;
use crate::props::stand::{Backend, Layout, NAME, backends, props};

/// Long enough to push an image, and not a test's time.
const HOLD: Duration = Duration::from_millis(1500);

fn begin<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Child {
    let mut run = copy(arguments).into_command();
    run.stdout(Stdio::piped()).stderr(Stdio::piped());
    run.spawn().expect("image-promote")
}

fn digest(image: &str) -> String {
    tool("image-promote").args(["digest", image]).succeeds().stdout().trim_end().to_owned()
}

/// What the check asks is answered late, so that the tag has moved when it is.
#[test]
fn what_was_checked_is_what_is_promoted_though_the_tag_moves_on_meanwhile() {
    let native = Referrers::Native { page: 9, filters: true };
    for referrers in [None, Some(native), Some(Referrers::TagIsDigest)] {
        let layout = Layout::with(&["1"]);
        let server = Registry::start();
        let proxy = Proxy::builder(server.address()).referrers(referrers).start();
        let through = format!("{}/ci:1", proxy.address());
        let direct = format!("{}/ci:1", server.address());
        let push = |more: &[&str]| {
            let from = format!("{}:1", layout.repository());
            let arguments = [from.as_str(), direct.as_str()].into_iter().chain(more.iter().copied());
            copy(arguments).succeeds().stdout().trim_end().to_owned()
        };
        let tested = push(&[]);
        props(["set", &through, "tested"]).succeeds();
        layout.image("1", "something nobody has tested");
        let before = proxy.arrived();
        proxy.fault(Rule::matching("GET */referrers/*", Fault::Hold(HOLD)).times(1));
        let release = format!("{}/release:1", proxy.address());
        let run = begin([through.as_str(), &release, "--require", "tested", "--marks"]);
        // The tag and its place at the destination are read; the check is on its way.
        assert!(proxy.wait_for(before + 3, || false));
        let untested = push(&["--move"]);
        let output = run.wait_with_output().expect("image-promote");
        assert!(output.status.success(), "{output:?}");
        assert_ne!(untested, tested);
        assert_eq!(digest(&release), tested);
        props(["verify", &release, "tested", "--require-digest", &tested]).succeeds();
        copy([through.as_str(), &release, "--require", "tested", "--move"]).fails(3);
    }
}

/// Artifactory forgets the old index when its tag is pushed anew. Asked about its marks afterwards it knows none.
#[test]
fn what_artifactory_has_no_more_when_it_is_asked_passes_no_gate() {
    let layout = Layout::with(&["1"]);
    let server = Artifactory::builder().local("ci-local").local("release-local").start();
    let tested = server.push(&layout.path(), "1", "ci-local", NAME, "1");
    let proxy = Proxy::builder(&server.address()).start();
    let image = format!("{}/ci-local/{NAME}:1", proxy.address());
    let release = format!("{}/release-local/{NAME}:1", proxy.address());
    props(["set", &image, "tested"]).succeeds();
    layout.image("1", "something nobody has tested");
    let before = proxy.arrived();
    proxy.fault(Rule::matching("POST */search/aql*", Fault::Hold(HOLD)).times(1));
    let run = begin([image.as_str(), &release, "--require", "tested", "--marks"]);
    // The source, its place at the destination, whose repository it is; the check is on its way.
    assert!(proxy.wait_for(before + 4, || false));
    let untested = server.push(&layout.path(), "1", "ci-local", NAME, "1");
    let output = run.wait_with_output().expect("image-promote");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains(&tested) && !told.contains(&untested), "{told}");
    tool("image-promote").args(["digest", &release]).fails(1);
}

/// When the check is over and nothing is copied yet.
#[test]
fn a_tag_that_moves_behind_the_check_changes_nothing_whatever_keeps_the_marks() {
    thread::scope(|scope| {
        for source in backends(&["1"]) {
            scope.spawn(move || move_behind_the_check(&source));
        }
    });
}

fn move_behind_the_check(source: &Backend) {
    let image = format!("{}:1", source.repository);
    let tested = props(["set", &image, "tested"]).succeeds().stdout().trim_end().to_owned();
    let server = Registry::start();
    let first_blob = Rule::matching("HEAD */blobs/*", Fault::Hold(HOLD)).times(1);
    let proxy = Proxy::builder(server.address()).fault(first_blob).start();
    let release = format!("{}/release:1", proxy.address());
    let run = begin([image.as_str(), &release, "--require", "tested", "--marks"]);
    // Where the tag leads, what keeps the marks there, whether the image is there; then blobs.
    assert!(proxy.wait_for(4, || false), "{}", source.name);
    let untested = source.layout.image("1", "something nobody has tested");
    if source.name != "layout" {
        copy([&format!("{}:1", source.layout.repository()), &image, "--move"]).succeeds();
    }
    assert_eq!(digest(&image), untested, "{}", source.name);
    let output = run.wait_with_output().expect("image-promote");
    assert!(output.status.success(), "{}: {}", source.name, String::from_utf8_lossy(&output.stderr));
    assert_eq!(digest(&release), tested, "{}", source.name);
    props(["verify", &release, "tested", "--require-digest", &tested]).succeeds();
    copy([image.as_str(), &release, "--require", "tested", "--move"]).fails(3);
}
