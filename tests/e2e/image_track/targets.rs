//! What is written, and that nothing else is.

use testkit::{Image, Registry};

use super::{Place, registry, states};

const VALUES: &str = "# what runs\napp:   # ours\n    image: &image\n        tag:  '1.4.0'   # followed\n\nother: *image\nquoted: \"x\"\n";

#[test]
fn check_says_what_would_change_and_apply_writes_only_the_scalar() {
    let registry =
        registry("team/app", &["1.4.0", "1.9.0", "1.10.0", "2.0.0", "1.11.0-rc.1", "latest", "edge"]);
    let place = Place::new();
    place.write("values.yaml", VALUES);
    place.follow(
        "app",
        &format!("{}/team/app", registry.address()),
        "^1.0.0",
        "values.yaml",
        "$.app.image.tag",
    );
    let before = place.files();
    let check = place.run("check").succeeds();
    let expected = "FILE         KEY            FROM   TO      STATE\nvalues.yaml  app.image.tag  1.4.0  1.10.0  update\n";
    assert_eq!(check.stdout(), expected);
    assert!(check.stderr.contains("7 tags, 5 of them versions, 3 in ^1.0.0"), "{check:?}");
    assert_eq!(place.run("check").arg("--exit-code").run().code, Some(3));
    assert_eq!(place.run("check").succeeds().stdout(), expected, "a second check says the same");
    assert_eq!(place.run("apply").arg("--dry-run").succeeds().stdout(), expected);
    assert_eq!(place.files(), before, "nothing is written by check, nor by a dry run");
    place.run("apply").succeeds();
    assert_eq!(place.read("values.yaml"), VALUES.replace("1.4.0", "1.10.0"));
    let after = place.files();
    let again = place.run("apply").succeeds();
    assert_eq!((again.stdout(), place.files()), ("", after));
    assert_eq!(place.run("check").arg("--exit-code").run().code, Some(0));
}

#[test]
fn streams_of_pre_releases_are_found_among_hundreds_of_tags() {
    let registry = Registry::start();
    let image = Image::new();
    let tags: Vec<String> = (0..300).map(|number| format!("1.0.0-name.{number}")).collect();
    registry.push(&image, "team/app", &tags);
    registry.push(
        &image,
        "team/app",
        &["1.0.0", "1.0.0-other.999", "1.0.1-name.1", "2.0.0", "20240101", "sha-1a2b"],
    );
    let place = Place::new();
    place.write("values.yaml", "tag: 1.0.0-name.9\n");
    let name = format!("{}/team/app", registry.address());
    place.follow("app", &name, ">=1.0.0-name.0 <=1.0.0-name.9999", "values.yaml", "tag");
    place.run("apply").succeeds();
    assert_eq!(place.read("values.yaml"), "tag: 1.0.0-name.299\n");
}

#[test]
fn a_version_never_goes_down_unasked() {
    let registry = registry("team/app", &["1.2.0", "1.1.0"]);
    let place = Place::new();
    let name = format!("{}/team/app", registry.address());
    place.write("values.yaml", "tag: 1.3.0\nimage: app:v1.3.0@sha256:00\nnone: latest\n");
    for (manifest, key) in [("a", "tag"), ("b", "image"), ("c", "none")] {
        place.follow(manifest, &name, "*", "values.yaml", key);
    }
    let before = place.read("values.yaml");
    let check = place.run("check").args(["--format", "json"]).succeeds();
    let states = states(&check);
    assert_eq!(states["tag"], "older 1.2.0");
    assert_eq!(states["image"], "older 1.2.0");
    assert_eq!(states["none"], "update 1.2.0", "what is no version may be followed by one");
    assert!(
        check.stderr.contains("tag stays at 1.3.0: 1.2.0 is older; --allow-downgrade writes it"),
        "{check:?}"
    );
    place.run("apply").succeeds();
    assert_eq!(place.read("values.yaml"), before.replace("latest", "1.2.0"));
    place.run("apply").arg("--allow-downgrade").succeeds();
    assert_eq!(place.read("values.yaml"), "tag: 1.2.0\nimage: 1.2.0\nnone: 1.2.0\n");
}

#[test]
fn all_kinds_of_targets_are_written_in_one_run() {
    let registry = registry("team/app", &["v1.4.0", "v1.5.2"]);
    let place = Place::new();
    let dockerfile = "ARG VERSION=1.4.0\nFROM team/app:v1.4.0 AS base # pinned\nFROM --platform=linux/amd64 team/app@sha256:00\n";
    place.write("Dockerfile", dockerfile);
    place.write("a.yaml", "list:\n  - {name: app, tag: v1.4.0}\n  - {name: db, tag: v1.4.0}\n");
    place.write("b.yaml", "list:\n  - name: app\n    tag: v1.4.0\n").write("VERSION", "v1.4.0\n");
    place.write("env", "A=1\nAPP=v1.4.0 # here\n");
    let image = format!("{}/team/app", registry.address());
    place.write(
        ".updatecli/all.yaml",
        &format!(
            r#"name: all kinds
sources:
  raw: {{kind: dockerImage, spec: {{image: {image}, versionFilter: {{kind: semver, pattern: ^1}}}}}}
  bare:
    kind: dockerimage
    transformers: [{{trimPrefix: v}}]
    spec: {{image: {image}, versionfilter: ^1}}
targets:
  keys:
    kind: yaml
    sourceid: raw
    spec: {{engine: yamlpath, files: [a.yaml, b.yaml], key: "$.list[?(@.name == 'app')].tag"}}
  from: {{kind: dockerfile, sourceid: raw, spec: {{file: Dockerfile, instruction: {{keyword: FROM, matcher: team/app}}, stage: base}}}}
  arg: {{kind: dockerfile, sourceid: bare, spec: {{file: Dockerfile, instruction: {{keyword: ARG, matcher: VERSION}}}}}}
  whole: {{kind: file, sourceid: raw, spec: {{file: VERSION}}}}
  line: {{kind: file, disablesourceinput: true, spec: {{file: env, matchpattern: 'APP=\S+', replacepattern: 'APP={{{{ source "raw" }}}}'}}}}
  made: {{kind: file, sourceid: bare, transformers: [{{addprefix: "made of "}}], spec: {{file: made, forcecreate: true}}}}
"#
        ),
    );
    place.run("apply").succeeds();
    let files = place.files();
    let expected = "ARG VERSION=1.5.2\nFROM team/app:v1.5.2 AS base # pinned\nFROM --platform=linux/amd64 team/app@sha256:00\n";
    assert_eq!(files["Dockerfile"], expected);
    assert_eq!(files["a.yaml"], "list:\n  - {name: app, tag: \"v1.5.2\"}\n  - {name: db, tag: v1.4.0}\n");
    assert_eq!(files["b.yaml"], "list:\n  - name: app\n    tag: v1.5.2\n");
    assert_eq!((files["VERSION"].as_str(), files["made"].as_str()), ("v1.5.2\n", "made of 1.5.2\n"));
    assert_eq!(files["env"], "A=1\nAPP=v1.5.2 # here\n");
    assert_eq!(place.run("apply").succeeds().stdout(), "");
}

#[test]
fn templates_take_values_and_variables() {
    let registry = registry("team/app", &["1.4.0"]);
    let place = Place::new();
    place.write("values.yaml", "tag: 1.0.0\n").write("more.yaml", "image:\n  name: team/app\nkey: tag\n");
    place.write(
        "updatecli.yaml",
        "name: x\nsources:\n  s:\n    kind: dockerimage\n    spec:\n      image: '{{ requiredEnv \"HOST\" }}/{{ .image.name }}'\n      versionfilter: {kind: semver, pattern: '{{ .range | default \"^1\" }}'}\ntargets:\n  t: {kind: yaml, spec: {file: values.yaml, key: $.{{ .key }}}}\n",
    );
    let run = || place.run("apply").args(["--values", "more.yaml"]);
    let unset = run().fails(2);
    assert_eq!(unset.error()[0], "image-track: updatecli.yaml:6:15: the variable HOST is not set");
    run().env("HOST", registry.address()).succeeds();
    assert_eq!(place.read("values.yaml"), "tag: 1.4.0\n");
}

#[test]
fn a_run_can_be_about_one_image_alone() {
    let registry = registry("team/app", &["1.4.0"]);
    registry.push(&Image::new(), "team/other", &["2.0.0"]);
    let place = Place::new();
    place.write("values.yaml", "app: 1.0.0\nother: 1.0.0\n");
    for (name, image) in [("app", "team/app"), ("other", "team/other")] {
        place.follow(name, &format!("{}/{image}", registry.address()), "*", "values.yaml", name);
    }
    place.run("apply").args(["--only", "other"]).succeeds();
    assert_eq!(place.read("values.yaml"), "app: 1.0.0\nother: 2.0.0\n");
    let none = place.run("apply").args(["--only", "ap"]).fails(3);
    assert!(none.stderr.contains("did you mean app?"), "{none:?}");
}
