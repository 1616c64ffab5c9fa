//! Bad input is named with its place, and loses nothing.

use testkit::{Image, Registry};

use super::{Place, registry};

/// A manifest of one source and one target, of which a part is wrong.
fn good(address: &str) -> String {
    format!(
        "name: x
sources:
  s:
    kind: dockerimage
    spec:
      image: {address}/team/app
      versionfilter:
        kind: semver
        pattern: ^1
targets:
  t:
    kind: yaml
    spec:
      file: values.yaml
      key: $.app.tag
"
    )
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_with_line_and_column() {
    let registry = registry("team/app", &["1.2.0"]);
    // What is replaced in the manifest | by what | the error | its hint.
    let table = [
        ("    kind: yaml", "    kind: [yaml", "m.yaml:13:9: illegal placement", "that line reads: spec:"),
        (
            "kind: dockerimage",
            "kind: dockerimge",
            "m.yaml:4:11: sources of the kind 'dockerimge' are not supported",
            "dockerimage, helmchart",
        ),
        (
            "kind: dockerimage",
            "kind: npm",
            "m.yaml:4:11: sources of the kind 'npm' are not supported",
            "gittag",
        ),
        (
            "kind: yaml",
            "kind: toml",
            "m.yaml:12:11: targets of the kind 'toml' are not supported",
            "yaml, dockerfile and file",
        ),
        (
            "kind: semver",
            "kind: pep440",
            "m.yaml:8:15: the versionfilter kind 'pep440' is not supported",
            "semver, regex",
        ),
        ("pattern: ^1", "pattern: ^one", "m.yaml:9:18: '^one' is no range", "a range is"),
        ("pattern: ^1", "patern: ^1", "m.yaml:9:9: versionfilter has no 'patern'", "did you mean pattern?"),
        (
            "    spec:\n      image",
            "    sepc:\n      image",
            "m.yaml:5:5: the source 's' has no 'sepc'",
            "did you mean spec?",
        ),
        ("team/app", "team/app:1", "is one image and no repository", "leave out its tag"),
        ("key: $.app.tag", "key: $.app[", "m.yaml:15:12: '$.app[' is no key", "expected such as"),
        ("key: $.app.tag", "key: $.app.tga", "there is no $.app.tga", "did you mean app.tag?"),
        ("key: $.app.tag", "key: $.app", "line 2, column 3: app is no single value", ""),
        ("file: values.yaml", "file: value.yaml", "cannot read value.yaml", "check its name"),
        ("      file: values.yaml\n", "", "m.yaml:14:7: spec of the target 't' names no file", ""),
        ("    kind: yaml", "    sourceid: z\n    kind: yaml", "there is no source 'z'", "its sources are: s"),
        (
            "name: x",
            "autodiscovery: {crawlers: {}}",
            "m.yaml:1:16: autodiscovery of the manifest is not supported",
            "adopt",
        ),
        ("name: x", "nmae: x", "m.yaml:1:1: the manifest has no 'nmae'", "did you mean name?"),
        ("name: x", "{{ range .x }}", "m.yaml:1:1: the template's range is not ended", "{{ end }} ends it"),
        ("name: x", "name: {{ .image.nam }}", "m.yaml:1:7: there is no value .image.nam", "--values FILE"),
        (
            "name: x",
            "name: {{ uper \"x\" }}",
            "m.yaml:1:7: the template's 'uper' is not supported",
            "did you mean upper?",
        ),
        ("name: x", "conditions: {c: {kind: shell}}", "conditions of the kind 'shell' are not supported", ""),
        (
            "    kind: yaml",
            "    dependson: [condition#c]\n    kind: yaml",
            "m.yaml:12:17: there is no condition 'c'",
            "",
        ),
        (
            "    kind: yaml",
            "    dependsonchange: true\n    kind: yaml",
            "dependsonchange of the target 't' is not supported",
            "the same source",
        ),
        (
            "pattern: ^1",
            "pattern: '{{ source \"s\" }}'",
            "m.yaml:9:18: pattern of versionfilter is made of what the source 's' says",
            "sources can be put into",
        ),
        (
            "kind: dockerimage",
            "kind: dockerdigest",
            "sources of the kind 'dockerdigest' are not supported",
            "pindigest",
        ),
        ("name: x", "scms: {c: {kind: bitbucket}}", "scms of the kind 'bitbucket' are not supported", ""),
        ("name: x", "name: x\nname: y", "m.yaml:2:1: the key 'name' stands in line 1", ""),
        (
            "      file: values.yaml\n",
            "",
            "m.yaml:14:7: spec of the target 't'",
            "that line reads: key: $.app.tag",
        ),
        (
            "name: x",
            "name: [x]",
            "m.yaml:1:7: name is no text",
            "that line reads: name: [x]; docs/image-track.md",
        ),
    ];
    for (what, by, message, hint) in table {
        let place = Place::new();
        place.write("values.yaml", "app:\n  tag: 1.0.0\n");
        let text = good(registry.address());
        assert!(text.contains(what), "{what}");
        place.write("m.yaml", &text.replacen(what, by, 1));
        let before = place.files();
        let output = place.run("apply").arg("m.yaml").fails(2);
        let error = output.error();
        assert!(error[0].contains(message), "{by}: {output:?}");
        assert!(
            error.get(1).is_some_and(|line| line.contains("hint: ") && line.contains(hint)),
            "{by}: {output:?}"
        );
        assert_eq!(place.files(), before, "{by}");
    }
}

#[test]
fn an_unknown_kind_is_told_before_anything_else_is_done() {
    let place = Place::new();
    place.write("values.yaml", "app:\n  tag: 1.0.0\n");
    // Nobody listens there: asking would be another error.
    place.write("updatecli.d/a.yaml", &good("127.0.0.1:1"));
    place.write("updatecli.d/b.yaml", &good("127.0.0.1:1").replace("kind: yaml", "kind: hcl"));
    let output = place.run("apply").fails(2);
    assert!(output.error()[0].contains("updatecli.d/b.yaml:12:11: targets of the kind 'hcl'"), "{output:?}");
}

#[test]
fn one_source_that_fails_lets_nothing_be_written_unless_the_rest_should_go_on() {
    let registry = registry("team/app", &["1.2.0"]);
    registry.push(&Image::new(), "team/old", &["0.1.0"]);
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\ngone: 1.0.0\nold: 0.0.9\ndown: 1.0.0\n");
    let address = registry.address();
    place.follow("app", &format!("{address}/team/app"), "^1", "values.yaml", "app");
    place.follow("gone", &format!("{address}/team/gone"), "^1", "values.yaml", "gone");
    place.follow("old", &format!("{address}/team/old"), "^1", "values.yaml", "old");
    let before = place.files();
    let output = place.run("apply").run();
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("team/gone"), "{output:?}");
    assert!(output.stderr.contains("none of 1 tag is in ^1; 1 of them are versions"), "{output:?}");
    assert!(output.stderr.contains("0.1.0 is not in ^1"), "{output:?}");
    assert_eq!(place.files(), before);
    let output = place.run("apply").arg("--keep-going").run();
    assert_eq!(output.code, Some(1), "{output:?}");
    assert_eq!(place.read("values.yaml"), before["values.yaml"].replace("app: 1.0.0", "app: 1.2.0"));
}

#[test]
fn a_registry_that_is_down_or_refuses_is_named() {
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\n");
    place.follow("app", "127.0.0.1:1/team/app", "^1", "values.yaml", "app");
    let down = place.run("apply").args(["--timeout", "1"]).fails(1);
    assert!(down.error()[0].contains("127.0.0.1:1"), "{down:?}");
    let closed = Registry::builder().account("user", "password").start();
    place.follow("app", &format!("{}/team/app", closed.address()), "^1", "values.yaml", "app");
    let refused = place.run("apply").fails(1);
    assert!(refused.error()[1].contains("there are no credentials for"), "{refused:?}");
    let run = place.run("apply").env("IMAGE_TRACK_REGISTRY", closed.address());
    let wrong =
        run.env("IMAGE_TRACK_REGISTRY_USER", "user").env("IMAGE_TRACK_REGISTRY_PASSWORD", "secret-word");
    let wrong = wrong.fails(1);
    assert!(wrong.error()[1].contains("were used") && !wrong.stderr.contains("secret-word"), "{wrong:?}");
    assert_eq!(place.read("values.yaml"), "app: 1.0.0\n");
}

#[test]
fn a_secret_of_a_manifest_that_does_not_parse_is_not_shown() {
    let place = Place::new();
    place.write("m.yaml", "a: {{ requiredEnv \"TOKEN\" }}: [\n");
    let output = place.run("check").arg("m.yaml").env("TOKEN", "secret-word").fails(2);
    assert!(!output.stderr.contains("secret-word"), "{output:?}");
    assert!(output.stderr.contains("m.yaml:"), "{output:?}");
}

#[test]
fn a_slip_is_told_with_what_to_do_and_an_empty_value_is_one() {
    let place = Place::new();
    place
        .write("empty.yaml", "")
        .write("list.yaml", "- a\n")
        .write("bare.yaml", "name: x\n")
        .write("file", "");
    place.write("compose.yaml", "services: {a: {image: 'r.example.com/a:1.0.0'}}\n");
    let (missing, required) = ("a value is required for", "--help");
    let table: [(&[&str], i32, &str, &str); 14] = [
        (&["check", "empty.yaml"], 2, "there is nothing in it", "adopt"),
        (&["check", "list.yaml"], 2, "list.yaml:1:1: the manifest is no mapping", "that line reads: - a"),
        (&["check", "bare.yaml"], 2, "neither sources nor targets", "adopt"),
        (&["check", "--only", ""], 2, missing, required),
        (&["check", ""], 2, missing, required),
        (&["publish", "--branch", ""], 2, missing, required),
        (&["publish", "--base", ""], 2, missing, required),
        (&["publish", "--label", "a,"], 2, missing, required),
        (&["trigger", "--projects", ""], 2, missing, required),
        (&["notify", "team/p:X", "--on", ""], 2, missing, required),
        (&["notify", ""], 2, missing, required),
        (&["notify", "team/p:X", "--variable", "foo"], 2, "'foo' is no NAME=VALUE", "--variable "),
        (&["adopt", "--into", "file"], 1, "cannot write file", "--into names a folder"),
        (&["adopt", "--into", "file/below"], 1, "cannot write file/below", "--into names a folder"),
    ];
    let before = place.files();
    for (arguments, code, says, advises) in table {
        let output = place.run(arguments[0]).args(&arguments[1..]).fails(code);
        let error = output.error();
        assert!(error[0].contains(says) && error[1].contains(advises), "{arguments:?}: {output:?}");
    }
    assert_eq!(place.files(), before);
}

#[test]
fn a_request_is_not_sent_to_a_directory() {
    let place = Place::new();
    place.follow("app", "r.example.com/app", "^1", "values.yaml", "app");
    for forge in ["foo", "dir:", "dir:x"] {
        let output = place.run("publish").args(["--forge", forge]).fails(2);
        let hint = &output.error()[1];
        assert!(hint.contains("gitlab:URL") && !hint.contains("dir:PATH"), "{output:?}");
    }
}

#[test]
fn no_manifests_is_wrong_usage() {
    let place = Place::new();
    let none = place.run("check").fails(2);
    assert_eq!(
        none.error()[0],
        "image-track: no manifests here: looked for updatecli.d, .updatecli, updatecli.yaml"
    );
    place.write("updatecli.d/readme.txt", "");
    assert!(place.run("check").fails(2).error()[0].contains("there are no manifests in updatecli.d"));
    assert!(place.run("check").arg("none.yaml").fails(2).error()[0].contains("cannot read none.yaml"));
}
