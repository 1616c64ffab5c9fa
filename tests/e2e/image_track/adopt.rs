//! Manifests for what is there.

use testkit::Image;

use super::{Place, registry};

#[test]
fn what_is_adopted_is_followed_without_another_word() {
    let registry = registry(
        "team/app",
        &["1.2.0", "1.3.0", "1.2.0-name.1", "1.2.0-name.2", "1.2-alpine", "1.4-alpine", "1.5"],
    );
    registry.push(&Image::new(), "db", &["17.1", "17.9", "18.0"]);
    let host = registry.address();
    let place = Place::new();
    place.write(
        "compose.yaml",
        &format!("services:\n  app:\n    image: {host}/team/app:1.2.0  # ours\n  db: {{image: '{host}/db:17.1'}}\n  none: {{image: 'redis:$TAG'}}\n  last: {{image: nginx}}\n"),
    );
    place.write(
        "values/override.yaml",
        &format!("app:\n  image:\n    registry: {host}\n    repository: team/app\n    tag: 1.2.0-name.1\n"),
    );
    place.write(
        "k8s.yml",
        &format!("kind: A\n---\nkind: Deployment\nspec: {{template: {{spec: {{containers: [{{name: app, image: '{host}/team/app:1.2.0'}}]}}}}}}\n"),
    );
    place.write(
        "build/Dockerfile",
        &format!("FROM {host}/team/app:1.2-alpine AS build\nFROM build\nFROM scratch\n"),
    );
    place.write(".git/config.yaml", "image: hidden:1.0.0\n");
    let before = place.files();
    let dry = place.run("adopt").arg("--dry-run").succeeds();
    assert_eq!(place.files(), before);
    let adopted = place.run("adopt").succeeds();
    for output in [&dry, &adopted] {
        assert!(output.stderr.contains("redis is left out: there is a variable in it"), "{output:?}");
        assert!(output.stderr.contains("nginx is left out: it has no tag"), "{output:?}");
    }
    let manifests: Vec<_> =
        place.files().into_keys().filter(|name| name.starts_with("updatecli.d/")).collect();
    assert_eq!(manifests.len(), 4, "{manifests:?}");
    place.run("apply").succeeds();
    let files = place.files();
    assert_eq!(files["compose.yaml"], before["compose.yaml"].replace("1.2.0", "1.5").replace("17.1", "17.9"),);
    assert_eq!(files["values/override.yaml"], before["values/override.yaml"].replace("name.1", "name.2"));
    assert_eq!(files["k8s.yml"], before["k8s.yml"].replace("1.2.0", "1.5"));
    assert_eq!(files["build/Dockerfile"], before["build/Dockerfile"].replace("1.2-alpine", "1.4-alpine"));
    // A manifest that somebody has changed is his.
    let name = manifests.iter().find(|name| name.contains("db")).expect("that of the database");
    place.write(name, &files[name].replace("^17.1.0", ">=17"));
    let again = place.run("adopt").args(["compose.yaml"]).succeeds();
    assert!(again.stderr.contains(&format!("{name}: is there already")), "{again:?}");
    assert!(place.read(name).contains(">=17"));
}

#[test]
fn dockerfiles_are_adopted_with_their_arguments_platforms_and_digests() {
    let registry = registry("team/app", &["1.2.0", "1.3.0"]);
    registry.push(&Image::new(), "team/app-tools", &["1.2.0"]);
    registry.push(&Image::new(), "db", &["v2.0.0", "v2.1.0"]);
    let (host, place) = (registry.address(), Place::new());
    let digest = registry.audit("team/app", "1.2.0").expect("a sound image").expect("a tag");
    let dockerfile = format!(
        "# syntax=docker/dockerfile:1\nARG DB_VERSION=v2.0.0\nARG UNUSED\nFROM --platform=$BUILDPLATFORM {host}/team/app:1.2.0@{digest} AS build\nRUN make \\\n  # why\n  all\nFROM {host}/team/app-tools:1.2.0 AS tools\nFROM {host}/db:${{DB_VERSION}} AS db\nFROM build AS test\nFROM {host}/other@{digest}\nFROM {host}/other:$NONE\n"
    );
    place
        .write("Dockerfile", &dockerfile)
        .write("empty.dockerfile", "")
        .write("web/Containerfile", "FROM scratch\n");
    let adopted = place.run("adopt").succeeds();
    assert!(adopted.stderr.contains("other is left out: it has no tag"), "{adopted:?}");
    let manifests = place.files().into_keys().filter(|name| name.starts_with("updatecli.d/")).count();
    assert_eq!(manifests, 3, "{adopted:?}");
    let check = place.run("check").args(["--format", "json"]).succeeds();
    assert_eq!(super::states(&check).len(), 3, "{check:?}");
    place.run("apply").succeeds();
    let newer = registry.audit("team/app", "1.3.0").expect("a sound image").expect("a tag");
    let expected = dockerfile
        .replace(&format!("/team/app:1.2.0@{digest}"), &format!("/team/app:1.3.0@{newer}"))
        .replace("DB_VERSION=v2.0.0", "DB_VERSION=v2.1.0");
    assert_eq!(place.read("Dockerfile"), expected);
    assert_eq!(place.run("check").arg("--exit-code").run().code, Some(0));
}

#[test]
fn nothing_to_adopt_is_the_answer_no() {
    let place = Place::new();
    place.write("a.yaml", "image: nginx:latest\n").write("chart/templates/x.yaml", "{{ if .x }}\na: b\n");
    let none = place.run("adopt").fails(3);
    assert!(none.stderr.contains("nginx is left out: its tag latest is no version"), "{none:?}");
    assert!(none.stderr.contains("chart/templates/x.yaml"), "{none:?}");
    let wrong = place.run("adopt").arg("chart/templates/x.yaml").fails(2);
    assert!(wrong.error()[0].contains("chart/templates/x.yaml"), "{wrong:?}");
}
