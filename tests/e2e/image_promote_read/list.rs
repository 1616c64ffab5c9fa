//! `list`.

use std::time::Duration;

use serde_json::json;
use testkit::{Answer, Fault, HeaderValue, Proxy, Registry, Rule};

use super::crafted::Crafted;
use super::{assert_only_read, assert_refused, image, json_of, run};
use crate::skopeo::{push, push_layout, skopeo};

fn lines(output: &testkit::Output) -> Vec<&str> {
    output.stdout().lines().collect()
}

#[test]
fn versions_come_first_and_signatures_and_marks_not_at_all() {
    let registry = Registry::start();
    let address = registry.address();
    let folder = tempfile::tempdir().expect("a folder");
    let digest = image().write(folder.path(), "x").expect("a layout");
    let about = digest.replace(':', "-");
    let others = [about.clone(), format!("{about}.sig"), format!("{about}.tested")];
    let sorted = ["10.0.0", "v1.10.0", "1.9.0", "1.9.0-rc.1", "027c3e98", "1", "dev", "latest"];
    for tag in others.iter().map(String::as_str).chain(sorted) {
        push_layout(folder.path(), "x", address, &format!("app/release:{tag}"));
    }
    let proxy = Proxy::start(address, Duration::ZERO);
    let name = format!("{}/app/release", proxy.address());
    let output = run("list", &[&name]).succeeds();
    assert_eq!(lines(&output), sorted);
    assert!(output.stderr.contains("3 tags") && output.stderr.contains("--all"), "{output:?}");
    let log = proxy.take_log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_only_read(&log);
    let judged = skopeo(&["list-tags", "--tls-verify=false", &format!("docker://{name}")]);
    let all = run("list", &[&name, "--all"]).succeeds();
    assert_eq!(lines(&all).len(), sorted.len() + 3);
    assert!(lines(&all).iter().all(|tag| judged.contains(&format!("\"{tag}\""))), "{judged}");
    assert_eq!(lines(&run("list", &[&name, "--limit", "1"]).succeeds()), ["10.0.0"]);
    let none = run("list", &[&name, "--range", "^99"]).fails(3);
    assert!(none.error()[1].contains("without --range"), "{none:?}");
    assert_eq!(lines(&run("list", &[&name]).env("IMAGE_PROMOTE_LIMIT", "2").succeeds()), sorted[..2]);
    let report = json_of(&run("list", &[&name, "--format", "json", "--quiet"]).succeeds());
    assert_eq!(report, json!({ "schema": 1, "repository": name, "tags": sorted }));
}

#[test]
fn all_pages_are_read_before_the_highest_version_is_known() {
    let registry = Registry::start();
    push(&image(), registry.address(), "app/release:2.0.0");
    let json = HeaderValue::Text("application/json".into());
    let next = HeaderValue::Text(r#"</v2/app/release/tags/list?n=1000&last=1.0.0>; rel="next""#.into());
    let page = |tags: &str| Answer {
        body: format!(r#"{{"name":"app/release","tags":{tags}}}"#),
        ..Answer::status(200)
    };
    let first = page(r#"["0.9.0","1.0.0"]"#).header("content-type", json.clone()).header("link", next);
    let rule = Rule::matching("GET */tags/list*", Fault::Answer(first)).times(1);
    let proxy = Proxy::builder(registry.address()).fault(rule).start();
    let name = format!("{}/app/release", proxy.address());
    // The second page is the registry's own.
    assert_eq!(lines(&run("list", &[&name, "--limit", "2"]).succeeds()), ["2.0.0", "1.0.0"]);
    // A page may be empty and lead on all the same; but not for ever.
    let barren = || {
        let next = r#"</v2/app/release/tags/list?n=1000&last=0>; rel="next""#;
        let json = HeaderValue::Text("application/json".into());
        let barren = page("[]").header("content-type", json);
        Rule::matching(
            "GET */tags/list*",
            Fault::Answer(barren.header("link", HeaderValue::Text(next.into()))),
        )
    };
    proxy.fault(barren().times(3));
    assert_eq!(lines(&run("list", &[&name]).succeeds()), ["2.0.0"]);
    proxy.fault(barren());
    let endless = run("list", &[&name]).fails(1);
    assert!(endless.error()[0].contains("one empty page after the other"), "{endless:?}");
    proxy.heal();
    // Some registries say null for none.
    proxy.fault(Rule::matching("GET */tags/list*", Fault::Answer(page("null").header("content-type", json))));
    assert_eq!(run("list", &[&name]).succeeds().stdout(), "");
}

#[test]
fn the_tags_of_a_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    for tag in ["latest", "1.0.0", "1.10.0"] {
        image().write(folder.path(), tag).expect("a layout");
    }
    let name = format!("oci:{}", folder.path().display());
    assert_eq!(lines(&run("list", &[&name]).succeeds()), ["1.10.0", "1.0.0", "latest"]);
    let empty = Crafted::new();
    let name = format!("oci:{}", empty.path().display());
    assert_eq!(run("list", &[&name]).succeeds().stdout(), "");
    assert_eq!(json_of(&run("list", &[&name, "--format", "json"]).succeeds())["tags"], json!([]));
}

#[test]
fn what_is_not_there_is_exit_code_1_and_bad_input_2() {
    let registry = Registry::start();
    let address = registry.address();
    let folder = tempfile::tempdir().expect("a folder");
    let (none, other) = (folder.path().join("none"), folder.path().to_owned());
    let zeros = format!("sha256:{}", "0".repeat(64));
    assert_refused(
        "list",
        &[
            (&[&format!("{address}/nobody")], 1, &format!("there is no {address}/nobody")),
            (&[&format!("{address}/app:1")], 2, &format!("write {address}/app;")),
            (&[&format!("{address}/app@{zeros}")], 2, "no repository"),
            (&[&format!("oci:{}:1", other.display())], 2, "no repository"),
            (&[&format!("oci:{}", other.display())], 2, "no OCI image layout"),
            (&[&format!("oci:{}", none.display())], 2, "no such directory"),
            (&[&format!("{address}/app"), "--limit", "0"], 2, "--limit"),
            (&[&format!("{address}/app"), "--limit", "many"], 2, "--limit"),
            (&[], 2, "<REPO>"),
        ],
    );
}
