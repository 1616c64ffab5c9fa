//! The same script of commands has the same answers, whatever keeps the marks.

use serde_json::Value;

use testkit::{Answer, Fault, Proxy, Referrers, Registry, Rule, tool};

use super::stand::{Backend, Layout, NAME, backends, props, registry};

/// A line of a script: the arguments, with `@` for the repository and `[a]` for the digest of the image with the tag `a`;
/// the exit code; what stdout has to be, with digests shown in the same way. Of JSON only the fields that stand there are
/// compared, and `null` is a field that is absent.
type Line = (&'static [&'static str], i32, &'static str);

const SCRIPT: &[Line] = &[
    (&["get", "@:a"], 0, ""),
    (&["find", "@", "tested"], 3, ""),
    (&["set", "@:a", "tested", "scanned=no"], 0, "[a]"),
    (&["set", "@:b", "tested"], 0, "[b]"),
    (&["set", "@:b", "tested"], 0, "[b]"),
    (&["get", "@:a"], 0, "scanned=no\ntested=true"),
    (&["get", "@:a", "scanned"], 0, "no"),
    (&["get", "@:b", "scanned"], 3, ""),
    (&["get", "@:b", "scanned", "--format", "json"], 3, r#"{"schema":1,"digest":"[b]","marks":[]}"#),
    (&["verify", "@:a", "tested"], 0, "[a]"),
    (&["verify", "@:a", "tested", "scanned"], 3, "[a]"),
    (&["verify", "@:a", "tested", "scanned=no"], 0, "[a]"),
    (&["verify", "@:c", "tested"], 3, "[c]"),
    (&["verify", "@:none", "tested"], 1, ""),
    (&["find", "@", "tested"], 0, "a\t[a]\nb\t[b]"),
    (&["find", "@", "tested", "--count"], 0, "2"),
    (&["find", "@", "tested", "scanned=no"], 0, "a\t[a]"),
    (&["find", "@", "tested", "scanned"], 3, ""),
    (&["set", "@:a", "scanned"], 0, "[a]"),
    (&["find", "@", "tested", "scanned"], 0, "a\t[a]"),
    (&["unset", "@:a", "tested"], 0, "[a]"),
    (&["unset", "@:a", "tested"], 3, "[a]"),
    (&["get", "@:a"], 0, "scanned=true"),
    (&["find", "@", "tested"], 0, "b\t[b]"),
    (&["find", "@", "tested", "--count", "--format", "json"], 0, r#"{"count":1,"images":null}"#),
    (&["find", "@", "other", "--format", "json"], 3, r#"{"count":0,"images":[]}"#),
    (&["move", "release-prod", "@:a"], 0, "[a]"),
    (&["find", "@", "release-prod"], 0, "a\t[a]"),
    (&["move", "release-prod=1.4.0", "@:b", "--dry-run"], 0, "[b]"),
    (&["find", "@", "release-prod"], 0, "a\t[a]"),
    (&["move", "release-prod=1.4.0", "@:b"], 0, "[b]"),
    (&["find", "@", "release-prod"], 3, ""),
    (&["find", "@", "release-prod=1.4.0"], 0, "b\t[b]"),
    (&["get", "@:a", "release-prod"], 3, ""),
    (&["set", "@:a", "release-prod=1.4.0"], 0, "[a]"),
    (&["move", "release-prod=1.4.0", "@:b"], 0, "[b]"),
    (&["find", "@", "release-prod=1.4.0"], 0, "b\t[b]"),
    (&["set", "@:c", "ticket=ABC-1 | x, y; z=1\\ é*?%"], 0, "[c]"),
    (&["get", "@:c", "ticket"], 0, "ABC-1 | x, y; z=1\\ é*?%"),
    (&["find", "@", "ticket=ABC-1 | x, y; z=1\\ é*?%"], 0, "c\t[c]"),
    (&["set", "@:c", "dry", "--dry-run"], 0, "[c]"),
    (&["get", "@:c", "dry"], 3, ""),
    // Another image than the one that was meant.
    (&["set", "@:a", "x", "--require-digest", "[b]"], 3, ""),
    (&["get", "@:a", "x"], 3, ""),
    (&["set", "@:a", "x", "--require-digest", "[a]"], 0, "[a]"),
    (&["get", "@:a", "x", "--require-digest", "[a]"], 0, "true"),
    (&["get", "@:a", "x", "--require-digest", "[b]"], 3, ""),
    (&["unset", "@:a", "x", "--require-digest", "[b]"], 3, ""),
    (
        &["unset", "@:a", "x", "--require-digest", "[b]", "--format", "json"],
        3,
        r#"{"digest":"[a]","required_digest":"[b]","marks":null}"#,
    ),
    (&["move", "x", "@:b", "--require-digest", "[a]"], 3, ""),
    (&["history", "@:a", "--require-digest", "[b]"], 3, ""),
    (&["verify", "@:a", "x", "--require-digest", "[b]"], 3, "[a]"),
    (
        &["verify", "@:a", "x", "--require-digest", "[b]", "--format", "json"],
        3,
        r#"{"digest":"[a]","required_digest":"[b]","holds":false,"unmet":[]}"#,
    ),
    (&["find", "@", "x", "--require-digest", "[a]"], 0, "a\t[a]"),
    (&["set", "@:b", "x"], 0, "[b]"),
    (&["find", "@", "x", "--require-digest", "[a]"], 3, "a\t[a]\nb\t[b]"),
    // What is not there at all is no no.
    (&["find", "@/none", "x"], 1, ""),
    (&["verify", "@/none:1", "x"], 1, ""),
    (&["move", "x", "@:a", "--within", "@/none"], 1, ""),
    (&["move", "x", "@:a", "--within", "@/none", "--dry-run"], 1, ""),
    (&["find", "@", "x", "--count"], 0, "2"),
    (&["move", "x", "@:c", "--require-digest", "[c]"], 0, "[c]"),
    (&["find", "@", "x", "--require-digest", "[c]"], 0, "c\t[c]"),
];

fn run(backend: &Backend, digests: &[(String, String)], (arguments, code, expected): &Line) -> String {
    let meant = |text: &&str| {
        let text = text.replacen('@', &backend.repository, 1);
        digests.iter().fold(text, |text, (tag, digest)| text.replace(&format!("[{tag}]"), digest))
    };
    let arguments: Vec<_> = arguments.iter().map(meant).collect();
    let output = props(arguments.iter().map(String::as_str)).run();
    let mut shown = output.stdout().trim_end().to_owned();
    for (tag, digest) in digests {
        shown = shown.replace(digest, &format!("[{tag}]"));
    }
    if expected.starts_with('{') {
        let (json, fields): (Value, Value) =
            (serde_json::from_str(&shown).expect("JSON"), serde_json::from_str(expected).expect("JSON"));
        let fields = fields.as_object().expect("an object");
        if fields.iter().all(|(name, value)| json[name] == *value) {
            (*expected).clone_into(&mut shown);
        }
    }
    let told = format!("{} {arguments:?} {:?}\n{}", backend.name, output.code, output.stderr);
    assert_eq!((output.code, shown.as_str()), (Some(*code), *expected), "{told}");
    shown
}

#[test]
fn one_script_has_the_same_answers_on_every_backend() {
    let tags = ["a", "b", "c"];
    for backend in backends(&tags) {
        let digests: Vec<_> =
            tags.iter().map(|tag| ((*tag).to_owned(), backend.layout.image(tag, tag))).collect();
        for line in SCRIPT {
            run(&backend, &digests, line);
        }
    }
}

#[test]
fn a_slip_in_a_key_is_recognised_on_every_backend() {
    for backend in backends(&["a", "b"]) {
        let (a, b) = (format!("{}:a", backend.repository), format!("{}:b", backend.repository));
        props(["set", &a, "scanned"]).succeeds();
        let commands: [&[&str]; 4] = [
            &["find", &backend.repository, "scaned"],
            &["verify", &b, "scaned"],
            &["get", &b, "scaned"],
            &["unset", &a, "scaned"],
        ];
        for command in commands {
            let output = props(command.iter().copied()).fails(3);
            assert!(output.stderr.contains("is scanned meant?"), "{}: {output:?}", backend.name);
        }
        let other = props(["verify", &b, "scanned"]).fails(3);
        assert!(!other.stderr.contains("meant?"), "a key that is in use is no slip: {other:?}");
    }
}

#[test]
fn a_mark_of_an_index_holds_for_a_platform_only_when_inherited() {
    for backend in backends(&["a", "b"]) {
        let image = format!("{}:a", backend.repository);
        let index = backend.layout.image("a", "a");
        let blob = backend.layout.path().join("blobs").join(index.replace(':', "/"));
        let json: Value = serde_json::from_slice(&std::fs::read(blob).expect("an index")).expect("JSON");
        let platform = json["manifests"][0]["digest"].as_str().expect("a platform").to_owned();
        props(["set", &image, "tested"]).succeeds();
        let by_digest = format!("{}@{platform}", backend.repository);
        props(["verify", &by_digest, "tested"]).fails(3);
        let inherited = props(["verify", &by_digest, "tested", "--inherit"]).succeeds();
        assert_eq!(inherited.stdout(), format!("{platform}\n"), "{}", backend.name);
        assert!(inherited.stderr.contains(&index), "{inherited:?}");
        let through_tag = format!("{image}@{platform}");
        props(["verify", &through_tag, "tested", "--inherit"]).succeeds();
        let through_another = format!("{}:b@{platform}", backend.repository);
        props(["verify", &through_another, "tested", "--inherit"]).fails(3);
        props(["verify", &image, "tested", "--require-digest", &index]).succeeds();
        let other = props(["verify", &image, "tested", "--require-digest", &platform]).fails(3);
        assert!(other.error()[0].contains(&platform), "{other:?}");
        props(["set", &by_digest, "tested=no"]).succeeds();
        props(["verify", &by_digest, "tested", "--inherit"]).fails(3);
        props(["unset", &by_digest, "tested"]).succeeds();
        for own in [&by_digest, &through_tag] {
            let unset = props(["verify", own, "tested", "--inherit"]).fails(3);
            assert!(unset.stderr.contains("was unset on this very image"), "{}: {unset:?}", backend.name);
        }
        props(["set", &by_digest, "tested"]).succeeds();
        props(["verify", &by_digest, "tested"]).succeeds();
    }
}

#[test]
fn who_did_what_is_told_where_it_is_kept() {
    for backend in backends(&["a"]) {
        let image = format!("{}:a", backend.repository);
        let by = |name: &str, arguments: &[&str]| {
            props(arguments.iter().copied()).env("GITLAB_USER_LOGIN", name).succeeds();
        };
        by("ann", &["set", &image, "tested=no"]);
        by("bob", &["set", &image, "tested"]);
        by("cyd", &["set", &image, "scanned"]);
        let latest = props(["history", &image]).succeeds();
        assert!(latest.stdout().contains("set tested=true\tbob"), "{}: {latest:?}", backend.name);
        by("dan", &["unset", &image, "tested"]);
        let all = props(["history", &image, "--format", "json"]).succeeds();
        let json: Value = serde_json::from_str(all.stdout()).expect("JSON");
        let records = json["records"].as_array().expect("records");
        let told: Vec<_> = records
            .iter()
            .map(|record| {
                format!("{} {} {}", record["key"], record["state"], record["actor"]).replace('"', "")
            })
            .collect();
        let mut expected = vec!["scanned set cyd", "tested unset dan"];
        if backend.name != "artifactory" {
            expected = vec!["tested set ann", "scanned set cyd", "tested set bob", "tested unset dan"];
        }
        let mut sorted = told.clone();
        sorted.sort();
        expected.sort_unstable();
        assert_eq!(sorted, expected, "{}", backend.name);
        assert_eq!(json["complete"], backend.name != "artifactory");
    }
}

#[test]
fn the_scheme_can_be_told_and_is_told_apart_by_asking_the_registry() {
    let plain = registry("oci", None, &["a"]);
    let image = format!("{}:a", plain.repository);
    let refused = props(["set", &image, "tested", "--oci-scheme", "referrers"]).fails(2);
    assert!(refused.error()[0].contains("keeps no list"), "{refused:?}");
    let native = registry("oci", Some(Referrers::Native { page: 2, filters: true }), &["a"]);
    let image = format!("{}:a", native.repository);
    props(["set", &image, "tested", "--oci-scheme", "referrers"]).succeeds();
    let tags = || {
        let all = tool("image-promote").args(["list", "--all", &native.repository]).succeeds();
        all.stdout().lines().count()
    };
    assert_eq!(tags(), 1, "a list needs no tags");
    props(["verify", &image, "tested"]).succeeds();
    props(["verify", &image, "tested", "--oci-scheme", "tags"]).fails(3);
    props(["set", &image, "scanned"]).env("PROPS_OCI_SCHEME", "tags").succeeds();
    assert_eq!(tags(), 2);
    props(["verify", &image, "scanned", "--oci-scheme", "tags"]).succeeds();
    let shown = tool("image-promote").args(["list", &native.repository]).succeeds();
    assert_eq!(shown.stdout(), "a\n");
}

#[test]
fn a_registry_that_cannot_say_whether_it_keeps_a_list_is_not_taken_at_a_guess() {
    let server = Registry::start();
    let layout = Layout::with(&["a"]);
    let direct = format!("{}/{NAME}:a", server.address());
    tool("image-promote").args(["copy", &format!("{}:a", layout.repository()), &direct]).succeeds();
    let html = Answer { body: "<html>".into(), ..Answer::status(200) };
    let table = [
        (Fault::status(404), 0),
        (Fault::status(405), 0),
        (Fault::Answer(html), 0),
        (Fault::error(403, "DENIED", "not you"), 1),
        (Fault::status(400), 1),
    ];
    for (fault, code) in table {
        let proxy = Proxy::builder(server.address())
            .fault(Rule::matching("GET */referrers/*", fault.clone()))
            .start();
        let image = format!("{}/{NAME}:a", proxy.address());
        let output = props(["set", &image, "tested"]).run();
        assert_eq!(output.code, Some(code), "{fault:?}: {output:?}");
        let read = props(["verify", &image, "tested"]).run();
        assert_eq!(read.code, Some(code), "{fault:?}: {read:?}");
    }
}

#[test]
fn other_tools_find_marks_among_the_referrers_also_where_tags_are_the_truth() {
    let plain = registry("oci", None, &["a"]);
    let image = format!("{}:a", plain.repository);
    let digest = plain.layout.image("a", "a");
    props(["set", &image, "tested", "scanned"]).succeeds();
    let tag = format!("docker://{}:{}", plain.repository, digest.replace(':', "-"));
    let output = std::process::Command::new("skopeo")
        .args(["inspect", "--raw", "--tls-verify=false", &tag])
        .output()
        .expect("skopeo is installed");
    let index: Value = serde_json::from_slice(&output.stdout).expect("an index");
    let keys: Vec<_> = index["manifests"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| entry["annotations"]["vnd.pypelines.mark.key"].as_str().expect("a key"))
        .collect();
    assert_eq!(keys, ["tested", "scanned"]);
}

#[test]
fn find_takes_two_requests_an_image_and_the_pages_whatever_the_registry_is() {
    let tags: Vec<String> = (0..30).map(|number| format!("v{number:02}")).collect();
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    for referrers in
        [None, Some(Referrers::Native { page: 100, filters: true }), Some(Referrers::TagIsDigest)]
    {
        let (layout, server) = (Layout::with(&names), Registry::start());
        let mut proxy = Proxy::builder(server.address());
        if let Some(referrers) = referrers {
            proxy = proxy.referrers(referrers);
        }
        let proxy = proxy.start();
        let repository = format!("{}/{NAME}", proxy.address());
        for tag in &tags {
            let image = format!("{repository}:{tag}");
            let from = format!("{}:{tag}", layout.repository());
            tool("image-promote").args(["copy", &from, &image]).succeeds();
            props(["set", &image, "tested"]).succeeds();
        }
        proxy.take_log();
        let found = props(["find", &repository, "tested", "--count"]).succeeds();
        assert_eq!(found.stdout(), "30\n");
        let log = proxy.take_log();
        let pages = log.iter().filter(|passed| passed.target.contains("/tags/list")).count();
        // Which kind of registry it is, is asked about one image.
        let asking = 3;
        assert!(log.len() <= 2 * tags.len() + pages + asking, "{} requests: {referrers:?}", log.len());
        assert!(pages <= 2 && proxy.most_in_flight() <= 16, "{pages} pages");
        props(["set", &format!("{repository}:v00"), "scanned", "signed"]).succeeds();
        proxy.take_log();
        props(["verify", &format!("{repository}:v00"), "tested"]).succeeds();
        let log = proxy.take_log();
        assert!(log.len() <= 4, "look up, read, which kind, one mark of three: {log:#?}");
    }
}
