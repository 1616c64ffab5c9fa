//! A source that changes between the check and the copy.

use std::time::Duration;

use testkit::{Fault, Proxy, Referrers, Registry, Rule, tool};

use super::copy;
use crate::props::stand::{Layout, props};

/// Long enough to push an image, and not a test's time.
const HOLD: Duration = Duration::from_millis(1500);

#[test]
fn what_was_checked_is_what_is_promoted_though_the_tag_moves_on_meanwhile() {
    for referrers in [None, Some(Referrers::Native { page: 9, filters: true })] {
        let layout = Layout::with(&["1"]);
        let server = Registry::start();
        let mut proxy = Proxy::builder(server.address());
        if let Some(referrers) = referrers {
            proxy = proxy.referrers(referrers);
        }
        let proxy = proxy.start();
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
        // What the check asks is answered late, so that the tag has moved when it is.
        proxy.fault(Rule::matching("GET */referrers/*", Fault::Hold(HOLD)).times(1));
        let release = format!("{}/release:1", proxy.address());
        let mut run = copy([through.as_str(), &release, "--require", "tested", "--marks"]).into_command();
        run.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let run = run.spawn().expect("image-promote");
        // The tag and its place at the destination are read; the check is on its way.
        assert!(proxy.wait_for(before + 3, || false));
        let untested = push(&["--move"]);
        let output = run.wait_with_output().expect("image-promote");
        assert!(output.status.success(), "{output:?}");
        assert_ne!(untested, tested);
        let promoted = tool("image-promote").args(["digest", &release]).succeeds();
        assert_eq!(promoted.stdout().trim_end(), tested);
        props(["verify", &release, "tested", "--require-digest", &tested]).succeeds();
        copy([through.as_str(), &release, "--require", "tested", "--move"]).fails(3);
    }
}
