//! The verbs of `compose-rewrite` but for `image`.

use std::fs;

use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};
use testkit::{Image, Registry, Tool, tool};

const SOURCE: &str = "# top
x-volumes: &volumes
  - ./src:/src   # code
  - data:/data
x-cache: &cache {image: redis:7, restart: always}
services:
  application:
    build: {context: ./app}

    ports:
      - \"80:80\"   # http
      - {target: 443, published: 8443, protocol: tcp}
    volumes: *volumes
  db:   # ours
    image: 'postgres:17'
    environment:
      PGDATA: /data   # why
    volumes: [ ./init:/init , data:/data ]
    restart: \"no\"
  cache:
    <<: *cache
  worker: {extends: application, image: \"${IMAGE}\"}
volumes: {data: }
";

fn run(args: &[&str]) -> Tool {
    tool("compose-rewrite").args(args).arg("-").stdin(SOURCE)
}

/// The source with some lines replaced.
fn with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(SOURCE.to_owned(), |text, (old, new)| {
        assert_eq!(text.matches(old).count(), 1, "{old:?}");
        text.replace(old, new)
    })
}

fn said(tool: Tool, code: i32) -> String {
    tool.fails(code).error().join("\n").replace("compose-rewrite: ", "")
}

#[test]
fn set_changes_values_and_keeps_how_they_are_written() {
    type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
    let table: [Row; 9] = [
        (&["services.db.image=postgres:18"], &[("'postgres:17'", "'postgres:18'")]),
        (&["services.db.image=yes"], &[("'postgres:17'", "'yes'")]),
        (&["services.db.environment.PGDATA=08"], &[("PGDATA: /data ", "PGDATA: \"08\" ")]),
        (&["services.db.environment.PGDATA=a=b #c"], &[("PGDATA: /data ", "PGDATA: \"a=b #c\" ")]),
        (&["services.application.ports[0]=81:80"], &[("\"80:80\"", "\"81:80\"")]),
        (&["services.application.ports[1].published=9443"], &[("published: 8443", "published: 9443")]),
        (
            &["services.db.image=a", "services.cache.restart=no", "--create"],
            &[("'postgres:17'", "'a'"), ("    <<: *cache\n", "    <<: *cache\n    restart: \"no\"\n")],
        ),
        (
            &["--create", "services.db.deploy.replicas=2", "services.db.deploy.x[0]=z"],
            &[(
                "    restart: \"no\"\n",
                "    restart: \"no\"\n    deploy:\n      replicas: 2\n      x:\n        - z\n",
            )],
        ),
        (&["services.db.image=$A", "--escape"], &[("'postgres:17'", "'$$A'")]),
    ];
    for (args, changes) in table {
        let args = [&["set"], args].concat();
        assert_eq!(run(&args).succeeds().stdout(), with(changes), "{args:?}");
    }
    let shared = said(run(&["set", "x-cache.image=b"]), 3);
    assert!(
        shared.starts_with("cannot change standard input: the change would also reach services.cache.image"),
        "{shared}"
    );
}

#[test]
fn set_writes_the_type_that_is_asked_for() {
    let published = |value: &str| with(&[("published: 8443", &format!("published: {value}"))]);
    let path = "services.application.ports[1].published";
    for (kind, value, expected) in [
        ("auto", "9443", "9443"),
        ("auto", "x", "\"x\""),
        ("string", "9443", "\"9443\""),
        ("string", "", "\"\""),
        ("int", "-1", "-1"),
        ("bool", "true", "true"),
        ("null", "", "null"),
    ] {
        let assignment = format!("{path}={value}");
        assert_eq!(
            run(&["set", "--type", kind, &assignment]).succeeds().stdout(),
            published(expected),
            "{kind}"
        );
    }
    for (kind, value) in [("int", "1.5"), ("int", "0x1"), ("bool", "yes"), ("null", "nil")] {
        let said = said(run(&["set", "--type", kind, &format!("{path}={value}")]), 2);
        assert!(said.starts_with(&format!("cannot set {path} to '{value}': it is not")), "{said}");
    }
}

#[test]
fn what_is_not_there_is_a_mistake_and_the_nearest_is_named() {
    for (args, expected) in [
        (
            vec!["set", "services.bd.image=x"],
            "cannot change standard input: there is no services.bd.image\n  hint: did you mean services.db? --create adds what is missing",
        ),
        (
            vec!["set", "services.cache.image=x"],
            "cannot change standard input: there is no services.cache.image\n  hint: services.cache.image comes in through <<, from line 5, column 18; --create adds what is missing",
        ),
        (
            vec!["set", "services.db.volumes[2]=x"],
            "cannot change standard input: there is no services.db.volumes[2]\n  hint: services.db.volumes has 2 items; --create adds what is missing",
        ),
        (
            vec!["set", "services.db.image.x=y"],
            "cannot change standard input: there is no services.db.image.x\n  hint: the last that is there is services.db.image; --create adds what is missing",
        ),
        (
            vec!["set", "services.db=x"],
            "cannot change standard input: line 15, column 5: services.db is not a scalar\n  hint: name what is inside of it, as in services.db.KEY or services.db[0]",
        ),
        (
            vec!["set", "services.db.volumes[5]=x", "--create"],
            "cannot change standard input: there is no services.db.volumes[5]\n  hint: items of a list come one behind another, from [0] on",
        ),
        (
            vec!["set", "services.db.image=", "services.x.image=y"],
            "the value of services.db.image is empty\n  hint: is the variable set that it comes from? --type string writes an empty text, --type null no value",
        ),
        (
            vec!["image", "app:1", "--service", ""],
            "the name of a service, --service, is empty\n  hint: is the variable set that it comes from? several names have one comma between them",
        ),
        (
            vec!["set", "a..b=x"],
            "'a..b' is no path: a key is missing\n  hint: expected KEY.KEY[NUMBER], as in services.db.ports[0]; a key with a dot in it in quotes: \"a.b\"",
        ),
        (
            vec!["delete", "services.db.imag"],
            "cannot change standard input: there is no services.db.imag\n  hint: did you mean services.db.image?",
        ),
        (
            vec!["get", "service.db"],
            "cannot read standard input: there is no service.db\n  hint: did you mean services?",
        ),
    ] {
        assert_eq!(said(run(&args), 2), expected);
    }
    let folder = tempdir().unwrap();
    let empty = tool("compose-rewrite").args(["delete", "a.b", "nope.yml"]).current_dir(folder.path());
    assert!(said(empty, 2).starts_with("cannot read nope.yml: No such file"));
    for verb in ["set", "delete"] {
        fs::write(folder.path().join("compose.yml"), SOURCE).unwrap();
        let alone = tool("compose-rewrite").args([verb, "compose.yml"]).current_dir(folder.path());
        assert!(said(alone, 2).starts_with(&format!("nothing to {verb}")));
    }
}

#[test]
fn delete_takes_entries_and_items_and_nothing_else() {
    for (paths, changes) in [
        (vec!["services.db.environment"], vec![("    environment:\n      PGDATA: /data   # why\n", "")]),
        (
            vec!["services.db.environment.PGDATA"],
            vec![("    environment:\n      PGDATA: /data   # why\n", "    environment: {}\n")],
        ),
        (vec!["services.db.volumes[0]"], vec![("[ ./init:/init , data:/data ]", "[ data:/data ]")]),
        (
            vec!["services.application.ports[0]", "services.worker"],
            vec![
                ("      - \"80:80\"   # http\n", ""),
                ("  worker: {extends: application, image: \"${IMAGE}\"}\n", ""),
            ],
        ),
    ] {
        let args = [vec!["delete"], paths].concat();
        assert_eq!(run(&args).succeeds().stdout(), with(&changes), "{args:?}");
    }
    let said = said(run(&["delete", "x-volumes"]), 3);
    assert!(said.starts_with("cannot change standard input: line 2, column 12: the anchor &volumes would go, and line 13, column 14 uses it"), "{said}");
}

#[test]
fn the_file_is_found_and_changed_in_place() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("compose.yaml"), SOURCE).unwrap();
    let run = |args: &[&str]| tool("compose-rewrite").args(args).current_dir(folder.path());
    assert_eq!(run(&["get", "services.db.image"]).succeeds().stdout(), "postgres:17\n");
    run(&["set", "services.db.image=postgres:18", "-i"]).succeeds();
    run(&["delete", "services.db.restart", "-i"]).succeeds();
    assert_eq!(run(&["get", "services.db.image", "compose.yaml"]).succeeds().stdout(), "postgres:18\n");
    run(&["set", "services.db.image=postgres:18", "--check"]).succeeds();
    assert_eq!(run(&["set", "services.db.image=postgres:19", "--check"]).run().code, Some(3));
    let expected = with(&[("'postgres:17'", "'postgres:18'"), ("    restart: \"no\"\n", "")]);
    assert_eq!(fs::read_to_string(folder.path().join("compose.yaml")).unwrap(), expected);
}

fn json(tool: Tool) -> Value {
    serde_json::from_slice(&tool.succeeds().stdout).expect("JSON")
}

#[test]
fn get_prints_values_as_they_are_written_or_resolved() {
    for (path, expected) in [
        ("services.db.image", "postgres:17\n"),
        ("services.cache.restart", "always\n"),
        ("services.application.volumes[1]", "data:/data\n"),
        ("services.application.volumes", "- ./src:/src   # code\n- data:/data\n"),
        ("services.db.environment", "PGDATA: /data\n"),
        ("volumes.data", "null\n"),
    ] {
        assert_eq!(run(&["get", path]).succeeds().stdout(), expected, "{path}");
    }
    assert_eq!(
        json(run(&["get", "services.cache", "--format", "json"])),
        json!({"schema": 1, "path": "services.cache", "value": {"image": "redis:7", "restart": "always"}})
    );
    assert_eq!(
        json(run(&["get", "services.application.ports[1]", "--format", "json"]))["value"],
        json!({"target": 443, "published": 8443, "protocol": "tcp"})
    );
}

#[test]
fn list_says_how_a_build_got_there() {
    let listed = run(&["list"]).succeeds();
    assert_eq!(
        listed.stdout(),
        "SERVICE      IMAGE        BUILD                        PORTS                BIND MOUNTS
application  -            ./app                        80:80, 8443:443/tcp  ./src:/src
db           postgres:17  -                            -                    ./init:/init
cache        redis:7      -                            -                    -
worker       ${IMAGE}     ./app (extends application)  80:80, 8443:443/tcp  ./src:/src
"
    );
    let report = json(run(&["list", "--format", "json"]));
    assert_eq!((&report["schema"], &report["files"][0]["file"]), (&json!(1), &json!("standard input")));
    assert_eq!(
        report["files"][0]["services"][3],
        json!({
            "name": "worker", "image": "${IMAGE}", "ports": ["80:80", "8443:443/tcp"], "bind_mounts": ["./src:/src"],
            "build": {"context": "./app", "origin": "extended", "from": "application"},
        })
    );
    let merged =
        "x: &x {build: ./x}\nservices:\n  a:\n    <<: *x\n  b: {extends: {service: c, file: d.yml}}\n";
    let report = json(tool("compose-rewrite").args(["list", "-", "--format", "json"]).stdin(merged));
    let builds: Vec<_> =
        report["files"][0]["services"].as_array().unwrap().iter().map(|service| &service["build"]).collect();
    assert_eq!(
        builds,
        [
            &json!({"context": "./x", "origin": "merged"}),
            &json!({"context": null, "origin": "other-file", "from": "c", "file": "d.yml"}),
        ]
    );
}

#[test]
fn mirror_changes_every_image_that_is_pulled() {
    let output = run(&["mirror", "mirror.example/proxy/"]).succeeds();
    let expected = with(&[
        ("'postgres:17'", "'mirror.example/proxy/docker.io/library/postgres:17'"),
        ("image: redis:7", "image: \"mirror.example/proxy/docker.io/library/redis:7\""),
    ]);
    assert_eq!(output.stdout(), expected);
    let again =
        tool("compose-rewrite").args(["mirror", "mirror.example/proxy", "-", "--check"]).stdin(expected);
    assert_eq!(again.run().code, Some(0), "twice is once");
    let of = run(&["mirror", "mirror.example/hub", "--of", "docker.io"]).succeeds();
    assert!(of.stdout().contains("'mirror.example/hub/library/postgres:17'"), "{of:?}");
    let variable =
        tool("compose-rewrite").args(["mirror", "m.example", "-"]).stdin("services: {a: {image: $A}}");
    let output = variable.succeeds();
    assert_eq!(output.stdout(), "services: {a: {image: $A}}");
    assert_eq!(
        output.stderr,
        "compose-rewrite: warning: standard input: line 1, column 23: 'a' keeps $A: there is a variable in its name\n"
    );
    for wrong in ["", "mirror", "https://mirror.example", "mirror.example:x", "Mirror.example/UP"] {
        assert!(said(run(&["mirror", wrong]), 2).contains("is no mirror"), "{wrong}");
    }
}

#[test]
fn strip_takes_ports_bind_mounts_and_restarts_wherever_they_are_written() {
    let ports = (
        "\n    ports:\n      - \"80:80\"   # http\n      - {target: 443, published: 8443, protocol: tcp}\n",
        "\n",
    );
    let mounts = [("  - ./src:/src   # code\n", ""), ("[ ./init:/init , data:/data ]", "[ data:/data ]")];
    let restarts = [(", restart: always}", "}"), ("    restart: \"no\"\n", "")];
    for (args, changes) in [
        (vec!["--ports"], vec![ports]),
        (vec!["--bind-mounts"], mounts.to_vec()),
        (vec!["--restart"], restarts.to_vec()),
        (
            vec!["--ports", "--bind-mounts", "--restart"],
            [vec![ports], mounts.to_vec(), restarts.to_vec()].concat(),
        ),
    ] {
        let args = [vec!["strip"], args].concat();
        let output = run(&args).succeeds();
        assert_eq!(output.stdout(), with(&changes), "{args:?}");
        let again = tool("compose-rewrite").args(&args).args(["-", "--check"]).stdin(output.stdout);
        assert_eq!(again.run().code, Some(0), "{args:?}: twice is once");
    }
    run(&["strip"]).fails(2);
}

/// A registry with these images, and a compose file that names them.
fn pinned(source: &str) -> (Registry, TempDir, String) {
    let registry = Registry::start();
    let folder = tempdir().expect("a folder");
    let text = source.replace("HOST", registry.address());
    fs::write(folder.path().join("f.yml"), &text).expect("a file");
    (registry, folder, text)
}

#[test]
fn pin_writes_the_digests_that_the_registry_has() {
    let source = "x: &x {image: HOST/team/app:1.2}  # shared\nservices:\n  a:\n    <<: *x\n  b: {<<: *x}\n  c:\n    image: 'HOST/team/app:1.2' # c\n  d: {image: HOST/team/app:$T}\n  e: {image: HOST/team/app}\n  f: {image: mine, build: .}\n";
    let (registry, folder, text) = pinned(source);
    let layout = folder.path().join("layout");
    let digest = Image::new().write(&layout, "1.2").expect("an image");
    let push = |image: &str| {
        tool("image-promote").args(["copy", &format!("oci:{}:1.2", layout.display()), image]).succeeds();
    };
    let name = format!("{}/team/app:1.2", registry.address());
    push(&name);
    let pin = || tool("compose-rewrite").args(["pin", "f.yml"]).current_dir(folder.path());
    let output = pin().succeeds();
    let expected = text
        .replace(&format!("{{image: {name}}}"), &format!("{{image: \"{name}@{digest}\"}}"))
        .replace(&format!("'{name}'"), &format!("'{name}@{digest}'"));
    assert_eq!(output.stdout(), expected);
    assert!(
        output.stderr.contains("'d' keeps") && output.stderr.contains("there is a variable in it"),
        "{output:?}"
    );
    assert!(output.stderr.contains("'e' keeps") && output.stderr.contains("it has no tag"), "{output:?}");
    pin().arg("-i").succeeds();
    assert_eq!(pin().arg("--check").run().code, Some(0), "twice is once");
    assert_eq!(pin().args(["--check", "--update"]).run().code, Some(0));
}

#[test]
fn what_no_registry_has_is_not_pinned_and_the_file_stays() {
    let (_registry, folder, text) = pinned("services:\n  a: {image: HOST/team/app:1}\n");
    let output = tool("compose-rewrite").args(["pin", "f.yml", "-i"]).current_dir(folder.path()).fails(1);
    assert!(output.error()[0].contains("there is no such image"), "{output:?}");
    assert_eq!(fs::read_to_string(folder.path().join("f.yml")).unwrap(), text);
    let down = text.replace(&text[text.find("127").unwrap()..text.find("/team").unwrap()], "127.0.0.1:9");
    fs::write(folder.path().join("f.yml"), down).unwrap();
    let output =
        tool("compose-rewrite").args(["pin", "f.yml", "--timeout", "1"]).current_dir(folder.path()).fails(1);
    assert!(output.error()[0].contains("127.0.0.1:9"), "{output:?}");
}
