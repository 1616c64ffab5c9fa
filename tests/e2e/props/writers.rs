//! Many writers at once.

use std::thread;

use testkit::{Proxy, Referrers, Registry, tool};

use super::stand::{Layout, backends, props, registry};

#[test]
fn twenty_writers_at_once_lose_nothing_on_any_backend() {
    for backend in backends(&["1"]) {
        let image = format!("{}:1", backend.repository);
        thread::scope(|scope| {
            for number in 0..20 {
                let image = &image;
                scope.spawn(move || props(["set", image, &format!("mark-{number:02}")]).succeeds());
            }
        });
        let marks = props(["get", &image]).succeeds();
        let expected: String = (0..20).map(|number| format!("mark-{number:02}=true\n")).collect();
        assert_eq!(marks.stdout(), expected, "{}", backend.name);
    }
}

#[test]
fn twenty_writers_of_one_key_leave_one_value_and_the_whole_history() {
    let layout = Layout::with(&["1"]);
    let image = format!("{}:1", layout.repository());
    thread::scope(|scope| {
        for number in 0..20 {
            let image = &image;
            scope.spawn(move || props(["set", image, &format!("winner=writer-{number:02}")]).succeeds());
        }
    });
    let value = props(["get", &image, "winner"]).succeeds();
    let history = props(["history", &image]).succeeds();
    let lines: Vec<_> = history.stdout().lines().collect();
    assert_eq!(lines.len(), 20, "{history:?}");
    assert!(lines[19].ends_with(&format!("set winner={}", value.stdout().trim_end())), "{history:?}");
}

#[test]
fn moves_at_once_leave_exactly_one_image_with_the_mark() {
    let tags: Vec<String> = (0..8).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    let layout = Layout::with(&names);
    let repository = layout.repository();
    thread::scope(|scope| {
        for tag in &tags {
            let image = format!("{repository}:{tag}");
            scope.spawn(move || props(["move", "release-prod", &image]).succeeds());
        }
    });
    let found = props(["find", &repository, "release-prod", "--count"]).succeeds();
    assert_eq!(found.stdout(), "1\n");
}

#[test]
fn one_directory_spelled_in_two_ways_is_one_place_and_moves_between_two_do_not_wait_for_each_other() {
    let (one, two) = (Layout::with(&["1", "2"]), Layout::with(&["1", "2"]));
    let spelled = format!("oci:{}/../layout", one.path().display());
    let image = format!("{}:1", one.repository());
    props(["set", &format!("{}:2", one.repository()), "live"]).succeeds();
    props(["move", "live", &image, "--within", &spelled]).succeeds();
    assert_eq!(props(["find", &one.repository(), "live", "--count"]).succeeds().stdout(), "1\n");
    props(["verify", &image, "live"]).succeeds();
    thread::scope(|scope| {
        for number in 0..10 {
            let (from, to) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
            let (image, within) = (format!("{}:2", from.repository()), to.repository());
            scope.spawn(move || {
                props(["move", &format!("live-{number}"), &image, "--within", &within]).succeeds()
            });
        }
    });
}

#[test]
fn two_moves_at_once_in_a_registry_are_healed_by_running_one_of_them_again() {
    let referrers = [None, Some(Referrers::Native { page: 100, filters: true })];
    for kind in referrers {
        let place = registry("oci", kind, &["a", "b", "c"]);
        let image = |tag: &str| format!("{}:{tag}", place.repository);
        props(["move", "release-prod", &image("c")]).succeeds();
        for _ in 0..3 {
            thread::scope(|scope| {
                for tag in ["a", "b"] {
                    let image = image(tag);
                    // Each may see what the other one does, and says so.
                    scope.spawn(move || {
                        let code = props(["move", "release-prod", &image]).run().code;
                        assert!(matches!(code, Some(0 | 1)), "{code:?}");
                    });
                }
            });
            // Whoever lost, production is marked.
            props(["find", &place.repository, "release-prod"]).succeeds();
            props(["move", "release-prod", &image("b")]).succeeds();
            let found = props(["find", &place.repository, "release-prod"]).succeeds();
            assert!(found.stdout().starts_with("b\t"), "{found:?}");
            assert_eq!(found.stdout().lines().count(), 1, "{found:?}");
        }
    }
}

#[test]
fn a_mark_is_unset_where_nothing_can_be_deleted() {
    let server = Registry::builder().without_deletion().start();
    let native = Referrers::Native { page: 100, filters: true };
    let proxies = [Proxy::builder(server.address()), Proxy::builder(server.address()).referrers(native)];
    for (number, proxy) in proxies.into_iter().enumerate() {
        let proxy = proxy.start();
        let layout = Layout::with(&["1"]);
        let image = format!("{}/app-{number}:1", proxy.address());
        tool("image-promote").args(["copy", &format!("{}:1", layout.repository()), &image]).succeeds();
        props(["set", &image, "tested"]).succeeds();
        props(["unset", &image, "tested"]).succeeds();
        props(["verify", &image, "tested"]).fails(3);
        props(["set", &image, "tested=again"]).succeeds();
        assert_eq!(props(["get", &image]).succeeds().stdout(), "tested=again\n");
        assert!(proxy.take_log().iter().all(|passed| passed.method != "DELETE"));
    }
}

#[test]
fn a_signature_of_cosigns_is_no_mark_and_stands_in_nobodys_way() {
    let place = registry("oci", None, &["a"]);
    let image = format!("{}:a", place.repository);
    let set = props(["set", &image, "tested"]).succeeds();
    let stem = set.stdout().trim_end().replace(':', "-");
    let signature = format!("{}:{stem}.sig", place.repository);
    tool("image-promote").args(["copy", &image, &signature]).succeeds();
    props(["verify", &image, "tested"]).succeeds();
    assert_eq!(props(["get", &image]).succeeds().stdout(), "tested=true\n");
    props(["move", "release-prod", &image]).succeeds();
    for key in ["sig", "att", "sbom"] {
        let refused = props(["set", &image, key]).fails(2);
        assert!(refused.stderr.contains("cosign"), "{refused:?}");
    }
}
