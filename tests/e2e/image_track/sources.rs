//! Where versions come from.

use testkit::{FileServer, GitServer, Github, Image, Registry, Repository};

use super::{Place, registry};

/// A manifest with one source and one target, `version` in `values.yaml`.
fn manifest(place: &Place, source: &str) {
    let source = source.trim_matches('\n').replace('\n', "\n    ");
    place.write("values.yaml", "version: none\n");
    place.write(
        "updatecli.d/x.yaml",
        &format!("sources:\n  s:\n    {source}\ntargets:\n  t: {{kind: yaml, spec: {{file: values.yaml, key: version}}}}\n"),
    );
}

fn version(place: &Place) -> String {
    let text = place.read("values.yaml");
    text.trim_start_matches("version: ").trim().trim_matches('"').to_owned()
}

#[test]
fn images_are_chosen_by_version_pattern_or_order() {
    let tags =
        ["1.0.0", "v1.2.0", "1.10.0-alpine", "1.9.0-alpine", "build-9", "build-10", "latest", "3.0.0.1"];
    let registry = registry("team/app", &tags);
    let table = [
        ("versionfilter: {kind: semver, pattern: '>=1'}", "v1.2.0"),
        ("versionfilter: {kind: semver, pattern: '>=1', strict: true}", "1.0.0"),
        ("versionfilter: '^1'", "v1.2.0"),
        ("tagfilter: -alpine$, versionfilter: {kind: semver, pattern: '>=1.0.0-0'}", "1.10.0-alpine"),
        ("versionfilter: {kind: regex, pattern: '^build-'}", "build-10"),
        ("versionfilter: {kind: regex/semver, regex: '^build-(\\d+)$', pattern: '<10'}", "build-9"),
        ("versionfilter: {kind: latest}, tagfilter: ^build", "build-10"),
        ("versionfilter: {kind: latest, pattern: latest}", "v1.2.0"),
        ("versionfilter: {kind: latest, pattern: 1.0.0}", "1.0.0"),
        ("tagfilter: '^\\d'", "3.0.0.1"),
        (
            "versionfilter: {kind: semver, pattern: '*', replaceall: {pattern: '-alpine$', replacement: ''}}",
            "1.10.0-alpine",
        ),
    ];
    let place = Place::new();
    for (spec, expected) in table {
        manifest(
            &place,
            &format!("kind: dockerimage\nspec: {{image: {}/team/app, {spec}}}", registry.address()),
        );
        place.run("apply").succeeds();
        assert_eq!(version(&place), expected, "{spec}");
    }
}

#[test]
fn transformers_make_the_value() {
    let registry = registry("team/app", &["v1.2.3"]);
    let table = [
        ("[{trimprefix: v}]", "1.2.3"),
        ("[{trimprefix: v}, {addprefix: 'app:'}, {addsuffix: -x}]", "app:1.2.3-x"),
        ("[{trimprefix: v, addsuffix: '+1'}]", "1.2.3+1"),
        ("[{replacer: {from: v, to: release-}}]", "release-1.2.3"),
        ("[{replacers: [{from: '1', to: '2'}, {from: '2', to: '1'}]}]", "v2.1.3"),
        ("[{find: '\\d+\\.\\d+'}]", "1.2"),
        ("[{findsubmatch: {pattern: '(\\d+)\\.(\\d+)', captureindex: 2}}]", "2"),
        ("[{semverinc: 'minor,patch'}]", "1.3.1"),
    ];
    let place = Place::new();
    for (steps, expected) in table {
        let spec = format!("spec: {{image: {}/team/app}}", registry.address());
        manifest(&place, &format!("kind: dockerimage\ntransformers: {steps}\n{spec}"));
        place.run("apply").succeeds();
        assert_eq!(version(&place), expected, "{steps}");
    }
}

#[test]
fn images_that_lack_a_platform_or_are_fresh_wait() {
    let registry = Registry::start();
    let old = Image::new().created("2026-11-01T00:00:00Z");
    registry.push(&old, "team/app", &["1.0.0", "1.1.0"]);
    registry.push(&old.clone().only("linux", "arm64"), "team/app", &["1.2.0"]);
    registry.push(&Image::new().created("2026-11-20T20:00:00Z"), "team/app", &["1.3.0"]);
    let table = [
        ("", "1.3.0"),
        ("architecture: amd64,", "1.3.0"),
        ("minimumAge: 3d,", "1.2.0"),
        ("minimumAge: 3d, architectures: [linux/amd64, linux/arm64],", "1.1.0"),
        ("minimumAge: 12h, architecture: arm64,", "1.3.0"),
        ("minimumAge: 13h, architecture: arm64,", "1.2.0"),
    ];
    let place = Place::new();
    for (spec, expected) in table {
        let image = format!("image: {}/team/app", registry.address());
        manifest(&place, &format!("kind: dockerimage\nspec: {{{spec} versionfilter: '*', {image}}}"));
        // 2026-11-21T08:00:00Z
        place.run("apply").env("SOURCE_DATE_EPOCH", "1795248000").succeeds();
        assert_eq!(version(&place), expected, "{spec}");
    }
    let none = "kind: dockerimage\nspec: {architecture: s390x, versionfilter: '*', image: ";
    manifest(&place, &format!("{none}{}/team/app}}", registry.address()));
    let output = place.run("apply").fails(1);
    assert!(output.stderr.contains("no tag may be used yet"), "{output:?}");
    assert!(output.stderr.contains("1.3.0: it has no linux/s390x"), "{output:?}");
}

#[test]
fn versions_are_pinned_to_digests() {
    let registry = registry("team/app", &["1.2.3"]);
    let digest = registry.audit("team/app", "1.2.3").expect("a sound image").expect("a tag");
    let place = Place::new();
    manifest(
        &place,
        &format!(
            "kind: dockerimage\nspec: {{pinDigest: true, versionfilter: '*', image: {}/team/app}}",
            registry.address()
        ),
    );
    place.run("apply").succeeds();
    assert_eq!(version(&place), format!("1.2.3@{digest}"));
    assert_eq!(place.run("check").arg("--exit-code").run().code, Some(0));
}

#[test]
fn conditions_keep_targets_as_they_are() {
    let registry = registry("team/app", &["1.2.0"]);
    registry.push(&Image::new().only("linux", "arm64"), "team/sidecar", &["1.2.0", "arm"]);
    let place = Place::new();
    let address = registry.address();
    let table = [
        ("{kind: dockerimage, spec: {image: ADDRESS/team/sidecar, versionfilter: {kind: semver}}}", "1.2.0"),
        ("{kind: dockerimage, transformers: [{addsuffix: -x}], spec: {image: ADDRESS/team/sidecar}}", "none"),
        (
            "{kind: dockerimage, disablesourceinput: true, spec: {image: ADDRESS/team/sidecar, tag: arm}}",
            "1.2.0",
        ),
        ("{kind: dockerimage, spec: {image: ADDRESS/team/sidecar, tag: 'v{{ source \"s\" }}'}}", "none"),
        ("{kind: dockerimage, failwhen: true, spec: {image: ADDRESS/team/sidecar}}", "none"),
        ("{kind: dockerimage, spec: {image: ADDRESS/team/sidecar, architecture: amd64}}", "none"),
        ("{kind: dockerimage, spec: {image: ADDRESS/team/sidecar, architecture: arm64}}", "1.2.0"),
        ("{kind: dockerimage, spec: {image: ADDRESS/team/nothing}}", "none"),
    ];
    for (condition, expected) in table {
        manifest(&place, &format!("kind: dockerimage\nspec: {{image: {address}/team/app}}"));
        let text = place.read("updatecli.d/x.yaml");
        place.write(
            "updatecli.d/x.yaml",
            &format!("{text}conditions:\n  c: {}\n", condition.replace("ADDRESS", address)),
        );
        let output = place.run("apply").succeeds();
        assert_eq!(version(&place), expected, "{condition}: {output:?}");
        assert_eq!(output.stdout().contains("unmet"), expected == "none", "{condition}: {output:?}");
    }
}

#[test]
fn charts_come_from_an_index_or_a_registry() {
    let server = FileServer::start();
    server.put(
        "/charts/index.yaml",
        "apiVersion: v1\nentries:\n  app:\n    - {version: 0.9.0}\n    - {version: 1.10.0}\n    - {version: 1.9.0}\n    - {version: 2.0.0-rc.1}\n  other:\n    - version: 3.0.0\n",
    );
    let registry = registry("charts/app", &["1.0.0", "1.1.0_build.7"]);
    let place = Place::new();
    manifest(&place, &format!("kind: helmchart\nspec: {{url: {}/charts, name: app}}", server.url()));
    place.run("apply").succeeds();
    assert_eq!(version(&place), "1.10.0");
    manifest(
        &place,
        &format!(
            "kind: helmchart\nspec: {{url: {}/charts/, name: app, versionfilter: {{kind: semver, pattern: ~0.9}}}}",
            server.url()
        ),
    );
    place.run("apply").succeeds();
    assert_eq!(version(&place), "0.9.0");
    manifest(
        &place,
        &format!("kind: helmchart\nspec: {{url: 'oci://{}/charts', name: app}}", registry.address()),
    );
    place.run("apply").succeeds();
    assert_eq!(version(&place), "1.1.0+build.7");
    manifest(&place, &format!("kind: helmchart\nspec: {{url: {}/charts, name: othr}}", server.url()));
    let output = place.run("apply").fails(1);
    assert!(
        output.stderr.contains("has no chart othr") && output.stderr.contains("did you mean other?"),
        "{output:?}"
    );
    // A list that has not changed is not sent again.
    manifest(&place, &format!("kind: helmchart\nspec: {{url: {}/charts, name: app}}", server.url()));
    server.take_log();
    for _ in 0..2 {
        place.run("check").args(["--cache", "kept"]).succeeds();
    }
    let log: Vec<u16> = server.take_log().into_iter().map(|(_, status)| status).collect();
    assert_eq!(log, [200, 304]);
}

#[test]
fn releases_of_github_are_chosen_by_their_kind() {
    let github =
        Github::start("team/app", "the-token", &[("1.0.0", "1"), ("1.1.0", "2"), ("1.2.0-rc.1", "3")]);
    for tag in ["1.0.0", "1.1.0", "1.2.0-rc.1"] {
        testkit::tool("release")
            .args(["create", tag, "--name", &format!("Release {tag}"), "--forge", "github"])
            .env("GITHUB_REPOSITORY", "team/app")
            .env("GITHUB_API_URL", format!("http://{}", github.address()))
            .env("GITHUB_TOKEN", "the-token")
            .current_dir(std::env::temp_dir())
            .succeeds();
    }
    let table = [
        ("", "1.1.0"),
        ("typefilter: {prerelease: true}", "1.2.0-rc.1"),
        (
            "typefilter: {prerelease: true, release: true}, versionfilter: {kind: semver, pattern: '>=1.0.0-0'}",
            "1.2.0-rc.1",
        ),
        ("versionfilter: {kind: semver, pattern: ~1.0}", "1.0.0"),
        ("key: title", "Release 1.1.0"),
    ];
    let place = Place::new();
    for (spec, expected) in table {
        let spec = if spec.is_empty() { String::new() } else { format!(", {spec}") };
        manifest(
            &place,
            &format!(
                "kind: githubrelease\nspec: {{owner: team, repository: app, token: '{{{{ requiredEnv \"TOKEN\" }}}}'{spec}}}"
            ),
        );
        let api = format!("http://{}", github.address());
        place.run("apply").env("GITHUB_API_URL", api).env("TOKEN", "the-token").succeeds();
        assert_eq!(version(&place), expected, "{spec}");
    }
    let api = format!("http://{}", github.address());
    let wrong = place.run("apply").env("GITHUB_API_URL", api).env("TOKEN", "another").fails(1);
    assert!(wrong.stderr.contains("it answered 401") && wrong.stderr.contains("the token"), "{wrong:?}");
    assert!(!wrong.stderr.contains("another"), "{wrong:?}");
}

#[test]
fn tags_of_a_git_repository_are_listed_without_a_clone() {
    let mut repository = Repository::new();
    repository.commit("one");
    repository.tag("v1.0.0").tag("nightly");
    repository.annotated_tag("v1.2.0", "two");
    let server = GitServer::start(&repository, Some("the-token"));
    let place = Place::new();
    manifest(
        &place,
        &format!(
            "kind: gittag\nspec: {{url: {}, password: '{{{{ env \"TOKEN\" }}}}', versionfilter: {{kind: semver, pattern: ^1}}}}",
            server.url()
        ),
    );
    place.run("apply").env("TOKEN", "the-token").succeeds();
    assert_eq!(version(&place), "v1.2.0");
    let without = place.run("apply").fails(1);
    assert!(without.stderr.contains("it answered 401"), "{without:?}");
}
