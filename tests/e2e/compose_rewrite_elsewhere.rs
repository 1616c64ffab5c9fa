//! How `compose-rewrite` treats what a file has from others: extended and included files, overrides, compose's own search.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Tool, tool};

use super::compose_rewrite::{folder, text};

const IMAGE: &str = "registry.example/team/app/ci:1.2.3";
/// Extended from another file; what is in there extends a third one.
const COMMON: &str = "services:
  base:
    extends: {service: root, file: parts/root.yml}
    ports: [\"80:80\"]
    volumes: [\"./a:/a\", \"data:/d\"]
  plain: {image: \"postgres:17\"}
  never: {image: n, pull_policy: never}
";
const ROOT: &str = "services:\n  root: {build: {context: ./root}, restart: always, ports: [\"443:443\"]}\n";

fn files(compose: &str) -> TempDir {
    let folder = folder(&[("f.yml", compose), ("common.yml", COMMON)]);
    fs::create_dir(folder.path().join("parts")).expect("a folder");
    fs::write(folder.path().join("parts/root.yml"), ROOT).expect("written");
    folder
}

fn run(folder: &TempDir, args: &[&str]) -> Tool {
    tool("compose-rewrite").args(args).current_dir(folder.path())
}

fn said(tool: Tool, code: i32) -> String {
    tool.fails(code).error().join("\n").replace("compose-rewrite: ", "")
}

#[test]
fn list_follows_extends_into_other_files() {
    let source = "services:
  web:
    extends: {service: base, file: ./common.yml}
    ports: [\"81:80\"]
    volumes: [\"./b:/a/\", \"other:/d\"]
  worker: {extends: web, build: !reset null, image: w, ports: !reset [], volumes: !override [\"./c:/c\"]}
  db: {extends: {service: plain, file: common.yml}}
  lost: {extends: {service: x, file: nope.yml}, image: l}
";
    let folder = files(source);
    let output = run(&folder, &["list", "f.yml"]).succeeds();
    assert_eq!(
        output.stdout(),
        "SERVICE  IMAGE        BUILD                                  PORTS                  BIND MOUNTS
web      -            ./root (extends base in ./common.yml)  443:443, 80:80, 81:80  ./b:/a/
worker   w            -                                      -                      ./c:/c
db       postgres:17  -                                      -                      -
lost     l            ? (extends x in nope.yml)              -                      -
"
    );
    assert_eq!(
        output.stderr,
        "compose-rewrite: warning: f.yml: what 'lost' has from 'x' in nope.yml is not shown: it cannot be read there\n"
    );
    let report: Value =
        serde_json::from_slice(&run(&folder, &["list", "f.yml", "--format", "json"]).succeeds().stdout)
            .unwrap();
    assert_eq!(
        report["files"][0]["services"][0],
        json!({
            "name": "web", "image": null, "ports": ["443:443", "80:80", "81:80"], "bind_mounts": ["./b:/a/"],
            "build": {"context": "./root", "origin": "other-file", "from": "base", "file": "./common.yml"},
        })
    );
}

#[test]
fn a_build_in_an_extended_file_is_found_and_no_build_there_is_no_obstacle() {
    let folder = files(
        "services:\n  built: {extends: {service: base, file: common.yml}}\n  pulled:\n    extends: {service: plain, file: common.yml}\n    build: .\n",
    );
    let image = |args: &[&str]| run(&folder, &[&["image", IMAGE, "f.yml"], args].concat());
    assert_eq!(
        said(image(&["--service", "built"]), 3),
        "cannot put the image into f.yml: the build of 'built' comes from 'base' in common.yml, which it extends\n  hint: leave this file as it is and write an override file with --override-out OUT, or change more of it with --inline"
    );
    let pulled = image(&["--service", "pulled", "--diff"]).succeeds();
    assert!(pulled.stdout().contains("\n-    build: .\n+    image: registry.example/"), "{pulled:?}");
    assert!(said(image(&["--all-built"]), 3).contains("the build of 'built' comes from 'base'"));
    let all = image(&["--all-built", "--override-out", "-"]).succeeds();
    assert!(
        all.stdout().contains(&format!("  built:\n    build: !reset null\n    image: {IMAGE}\n")),
        "{all:?}"
    );
    assert!(all.stdout().contains("  pulled:\n    build: !reset null\n"), "{all:?}");
    let inline = image(&["--all-built", "--inline"]).succeeds();
    assert_eq!(
        inline.stdout(),
        format!(
            "services:\n  built: {{image: \"{IMAGE}\", extends: {{service: base, file: common.yml}}, build: !reset null}}\n  pulled:\n    extends: {{service: plain, file: common.yml}}\n    image: {IMAGE}\n"
        )
    );
}

#[test]
fn what_nobody_can_know_is_refused_where_all_builds_are_asked_for() {
    let folder = files("services:\n  a: {build: .}\n  b: {extends: {service: x, file: nope.yml}}\n");
    for more in [&["--inline"][..], &["--override-out", "-"], &[]] {
        assert_eq!(
            said(run(&folder, &[&["image", IMAGE, "f.yml", "--all-built"], more].concat()), 3)
                .lines()
                .collect::<Vec<_>>()[1],
            "  hint: name the services that get the image with --service",
        );
    }
    run(&folder, &["image", IMAGE, "f.yml", "--service", "a"]).succeeds();
}

#[test]
fn services_that_a_merge_key_brings_are_services() {
    let source = "x-a: &a\n  web: {build: ./web, ports: [\"80:80\"], restart: always}\nx-b: &b\n  web: {image: hidden}\n  db: {image: \"postgres:17\"}\nservices:\n  <<: [*a, *b]\n  own: {image: o}\n";
    let folder = files(source);
    assert_eq!(
        run(&folder, &["list", "f.yml"]).succeeds().stdout(),
        "SERVICE  IMAGE        BUILD  PORTS  BIND MOUNTS\nown      o            -      -      -\nweb      -            ./web  80:80  -\ndb       postgres:17  -      -      -\n"
    );
    assert_eq!(
        said(run(&folder, &["image", IMAGE, "f.yml", "--all-built"]), 3),
        "cannot put the image into f.yml: line 2, column 3: the service 'web' comes in through <<\n  hint: write an override file with --override-out OUT, or 'web' out by hand"
    );
    let all = run(&folder, &["image", IMAGE, "f.yml", "--all-built", "--override-out", "-"]).succeeds();
    assert!(
        all.stdout().ends_with(&format!("services:\n  web:\n    build: !reset null\n    image: {IMAGE}\n"))
    );
    let stripped = run(&folder, &["strip", "--ports", "--restart", "f.yml"]).succeeds();
    assert_eq!(stripped.stdout(), source.replace(", ports: [\"80:80\"], restart: always", ""));
    let mirrored = run(&folder, &["mirror", "m.example", "f.yml"]).succeeds();
    let expected = source
        .replace("\"postgres:17\"", "\"m.example/docker.io/library/postgres:17\"")
        .replace("image: o", "image: \"m.example/docker.io/library/o\"");
    assert_eq!(mirrored.stdout(), expected);
}

#[test]
fn several_documents_are_listed_as_compose_merges_them() {
    let source = "services:\n  a: {build: ., ports: [\"1:1\"]}\n  b: {build: ./b}\n---\nservices:\n  a:\n    build: !reset null\n    image: x\n    ports: [\"2:2\"]\n---\nservices:\n  a: {volumes: [./v:/v]}\n  b: {ports: !override [\"3:3\"]}\n";
    let output = tool("compose-rewrite").args(["list", "-"]).stdin(source).succeeds();
    assert_eq!(
        output.stdout(),
        "SERVICE  IMAGE  BUILD  PORTS     BIND MOUNTS\na        x      -      1:1, 2:2  ./v:/v\nb        -      ./b    3:3       -\n"
    );
}

#[test]
fn strip_leaves_nothing_behind_in_silence() {
    let source = "services:\n  web: {extends: {service: base, file: common.yml}, image: w}\n";
    let folder = files(source);
    for (flag, what) in
        [("--ports", "list of ports"), ("--bind-mounts", "list of volumes"), ("--restart", "restart policy")]
    {
        assert_eq!(
            said(run(&folder, &["strip", flag, "f.yml", "-i"]), 3),
            format!(
                "cannot strip f.yml: the {what} of 'web' comes from 'base' in common.yml, which it extends\n  hint: name common.yml too, to change both with --in-place"
            )
        );
    }
    let all = ["strip", "--ports", "--bind-mounts", "--restart"];
    // The third file is extended by the second one.
    let two = said(run(&folder, &[&all[..], &["f.yml", "common.yml", "-i"]].concat()), 3);
    assert!(
        two.starts_with(
            "cannot strip common.yml: the list of ports of 'base' comes from 'root' in parts/root.yml"
        ),
        "{two}"
    );
    assert_eq!(text(&folder, "common.yml"), COMMON);
    run(&folder, &[&all[..], &["f.yml", "common.yml", "parts/root.yml", "-i"]].concat()).succeeds();
    assert_eq!(text(&folder, "f.yml"), source);
    assert!(text(&folder, "common.yml").contains("    volumes: [\"data:/d\"]\n"));
    assert_eq!(text(&folder, "parts/root.yml"), "services:\n  root: {build: {context: ./root}}\n");
    run(&folder, &[&all[..], &["f.yml"]].concat()).succeeds();
}

#[test]
fn strip_keeps_the_tags_that_keep_other_things_away() {
    let source = "services:
  web:
    extends: {service: base, file: common.yml}
    ports: !override
      - \"81:80\"   # http
    volumes: !override [./a:/a, data:/d]
    restart: !override always
  worker:
    extends: {service: base, file: common.yml}
    ports: !reset []
    volumes: !reset [./b:/b]
    restart: !reset null
";
    let folder = files(source);
    let run =
        |args: &[&str]| run(&folder, &[&["strip", "--ports", "--bind-mounts", "--restart"], args].concat());
    let stripped = run(&["f.yml"]).succeeds();
    let expected = source
        .replace("!override\n      - \"81:80\"   # http\n", "!override []\n")
        .replace("[./a:/a, data:/d]", "[data:/d]")
        .replace("!override always", "!override \"no\"");
    assert_eq!(stripped.stdout(), expected);
    let again =
        tool("compose-rewrite").args(["strip", "--ports", "--bind-mounts", "--restart", "-", "--check"]);
    assert_eq!(again.current_dir(folder.path()).stdin(expected).run().code, Some(0), "twice is once");
    assert!(run(&["f.yml", "--check"]).run().stderr.contains("3 entries taken away"));
}

#[test]
fn what_other_files_keep_is_warned_about() {
    let folder = files(
        "include:\n  - common.yml\n  - path: [nope.yml, parts/root.yml]\nservices:\n  db: {extends: {service: plain, file: common.yml}}\n  built: {extends: {service: base, file: common.yml}, image: mine}\n",
    );
    let warnings = |args: &[&str]| -> Vec<String> {
        let output = run(&folder, args).succeeds();
        output.stderr.lines().map(|line| line.replace("compose-rewrite: warning: f.yml: ", "")).collect()
    };
    let included =
        |file: &str| format!("it includes {file}, which stays as it is; name that file too to change it");
    assert_eq!(
        warnings(&["mirror", "m.example", "f.yml"]),
        [
            included("common.yml"),
            included("nope.yml"),
            included("parts/root.yml"),
            "'db' keeps postgres:17, which comes from 'plain' in common.yml; name that file too".into(),
        ]
    );
    assert_eq!(
        warnings(&["mirror", "m.example", "f.yml", "common.yml", "--diff"]),
        [included("nope.yml"), included("parts/root.yml")]
    );
    let listed = warnings(&["list", "f.yml", "common.yml"]);
    assert_eq!(listed[0], "it includes nope.yml, whose services are not listed; name that file too");
    let all = warnings(&["image", IMAGE, "f.yml", "--all-built", "--inline"]);
    assert_eq!(all[..3], [included("common.yml"), included("nope.yml"), included("parts/root.yml")]);
    assert_eq!(warnings(&["image", IMAGE, "f.yml", "--service", "db"]), [""; 0]);
}

#[test]
fn a_policy_that_is_extended_counts_as_well() {
    let folder = files("services:\n  a: {extends: {service: never, file: common.yml}}\n");
    let image = |more: &[&str]| {
        run(&folder, &[&["image", IMAGE, "f.yml", "--service", "a"], more].concat()).succeeds()
    };
    assert!(image(&[]).stderr.contains("'a' keeps pull_policy: never"));
    let fixed = image(&["--fix-pull-policy"]);
    assert_eq!(fixed.stderr, "");
    assert!(fixed.stdout().contains("pull_policy: \"missing\""), "{fixed:?}");
}

#[test]
fn the_files_that_compose_would_take_are_found() {
    let built = "services:\n  application: {build: .}\n";
    let folder = folder(&[
        ("compose.yml", built),
        ("compose.override.yml", built),
        ("a.yml", built),
        ("b.yml", built),
    ]);
    let below = folder.path().join("src/deep");
    fs::create_dir_all(&below).unwrap();
    let get = |path: &str| tool("compose-rewrite").args(["get", path]);
    let found = get("services.application.build").current_dir(&below).succeeds();
    assert_eq!(found.stdout(), ".\n");
    assert_eq!(
        found.stderr,
        "compose-rewrite: warning: ../../compose.override.yml is left out, which compose reads behind ../../compose.yml; to include it, name both files\n"
    );
    let image = |list: &str| {
        let run = tool("compose-rewrite").args(["image", IMAGE, "-i"]);
        run.current_dir(folder.path()).env("COMPOSE_FILE", list)
    };
    image("a.yml:b.yml").succeeds();
    assert_eq!(text(&folder, "a.yml"), text(&folder, "b.yml"));
    assert!(text(&folder, "a.yml").contains(IMAGE));
    assert_eq!(text(&folder, "compose.yml"), built);
    let one = get("services.application.image").current_dir(folder.path()).env("COMPOSE_FILE", "a.yml");
    assert_eq!(one.succeeds().stdout(), format!("{IMAGE}\n"));
    let none = get("services.application.image").current_dir(folder.path()).env("COMPOSE_FILE", "no.yml");
    assert!(none.fails(2).error()[1].contains("COMPOSE_FILE names it"));
    let two = get("services").current_dir(folder.path());
    let two = two.env("COMPOSE_FILE", "a.yml;b.yml").env("COMPOSE_PATH_SEPARATOR", ";");
    assert_eq!(
        said(two, 2),
        "COMPOSE_FILE names 2 files\n  hint: name the one that is meant as the last argument"
    );
}

#[test]
fn mirrors_and_registries_are_checked_before_anything_is_read() {
    let source = "services:\n  a: {image: nginx}\n";
    let folder = files(source);
    for (args, expected) in [
        (vec!["m.example/${P"], "'m.example/${P' is no mirror: the brace of '${P' is not closed"),
        (vec!["m.example/$"], "'m.example/$' is no mirror: a $ stands there without the name of a variable"),
        (vec!["${M:-mirror}"], "'${M:-mirror}' is no mirror: 'mirror' is no host, which has a dot or a port"),
        (vec!["m.example/${P}:1"], "'m.example/${P}:1' is no mirror: "),
        (
            vec!["m.example", "--of", "nginx"],
            "'nginx' is no host of a registry: 'nginx' is no host, which has a dot or a port\n  hint: --of names it alone, as in --of docker.io",
        ),
        (vec!["m.example", "--of", "https://docker.io"], "'https://docker.io' is no host of a registry: "),
        (
            vec!["m.example", "--of", "docker.io/library"],
            "'docker.io/library' is no host of a registry: its host is docker.io",
        ),
    ] {
        let failed = said(run(&folder, &[&["mirror"], &args[..], &["nope.yml"]].concat()), 2);
        assert!(failed.starts_with(expected), "{failed}");
    }
    for (args, expected) in [
        (vec!["${M}/p"], "${M}/p/docker.io/library/nginx"),
        (vec!["${M:-m.example}", "--of", "Docker.IO/"], "${M:-m.example}/library/nginx"),
    ] {
        let mirrored = run(&folder, &[&["mirror"], &args[..], &["f.yml"]].concat()).succeeds();
        assert_eq!(mirrored.stdout(), source.replace("nginx", &format!("\"{expected}\"")));
    }
}

#[test]
fn what_is_no_image_of_a_registry_stays_with_a_warning() {
    let id = format!("sha256:{}", "0123456789abcdef".repeat(4));
    let source = format!(
        "services:\n  a: {{image: \"{id}\"}}\n  b: {{image: \"oci:dir:1\"}}\n  c: {{image: nginx}}\n"
    );
    let folder = files(&source);
    let output = run(&folder, &["mirror", "m.example", "f.yml", "-o", "o.yml"]).succeeds();
    assert_eq!(text(&folder, "o.yml"), source.replace("nginx", "\"m.example/docker.io/library/nginx\""));
    assert!(
        output.stderr.contains(&format!("'a' keeps {id}: it is the id of an image, not its name")),
        "{output:?}"
    );
    assert!(output.stderr.contains("'b' keeps oci:dir:1: it is no image of a registry"), "{output:?}");
    assert!(output.stderr.contains("o.yml: written: 1 image comes through m.example"), "{output:?}");
    let none = source.replace("  c: {image: nginx}\n", "");
    let output = tool("compose-rewrite").args(["pin", "-", "--check"]).stdin(none).succeeds();
    assert!(output.stderr.contains("'b' keeps oci:dir:1: it is no image of a registry"), "{output:?}");
}

#[test]
fn a_variable_that_compose_would_not_take_is_refused() {
    let folder = files("services:\n  a: {image: nginx}\n");
    let image =
        |more: &[&str]| run(&folder, &[&["image", "app:${TAG", "f.yml", "--service", "a"], more].concat());
    assert_eq!(
        said(image(&[]), 2),
        "cannot use 'app:${TAG' as the image: the brace of '${TAG' is not closed\n  hint: --escape writes every $ as $$, for a dollar sign"
    );
    assert!(image(&["--escape"]).succeeds().stdout().contains("app:$${TAG"));
}
