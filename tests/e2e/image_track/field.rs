//! Manifests as they are in the field, with all that updatecli's engine lets people write.

use testkit::{FileServer, Proxy, Tokens};

use super::{Place, registry};

/// What a repository of infrastructure hands to its templates.
const VALUES: &str = "github:
  user: Bot
  email: bot@example.com
  owner: team
  repository: profile
  branch: main
  token: TRACK_TOKEN
  username: bot
charts:
  app: {targets: [clusters/a.yaml, clusters/b.yaml], additionalLabels: [web]}
  db: {targets: [clusters/a.yaml], repositoryName: other}
";

#[test]
fn one_template_makes_a_manifest_for_each_value() {
    let server = FileServer::start();
    server.put("/index.yaml", "entries:\n  app: [{version: 1.2.0}]\n  db: [{version: 0.4.1}]\n");
    let place = Place::new();
    place.write("values.yaml", VALUES);
    let chart = |repository: &str, chart: &str, version: &str| {
        format!("  - name: x\n    chart: {repository}/{chart}\n    version: {version}\n")
    };
    let cluster =
        |app: &str, db: &str| format!("releases:\n{}{}", chart("team", "app", app), chart("other", "db", db));
    place.write("clusters/a.yaml", &cluster("1.0.0", "0.4.0"));
    place.write("clusters/b.yaml", &cluster("1.1.0", "0.3.0"));
    let template = r#"# yamllint disable-line rule:braces
{{ range $chart, $val := .charts }}
---
name: "Bump `{{ $chart }}` Helm chart version"

scms:
  default:
    kind: github
    spec:
      user: "{{ $.github.user }}"
      email: "{{ $.github.email }}"
      owner: "{{ $.github.owner }}"
      repository: "{{ $.github.repository }}"
      token: "{{ requiredEnv $.github.token }}"
      username: "{{ $.github.username }}"
      branch: "{{ $.github.branch }}"

sources:
  lastChartVersion:
    kind: helmchart
    name: "get last {{ $chart }} chart version"
    spec:
      url: '{{ $val.repositoryUrl | default "URL" }}'
      name: "{{ $chart }}"

targets:
  updateChartVersion:
    name: bump `{{ $chart }}` helm chart version to {{ source "lastChartVersion" }}
    kind: file
    scmid: default
    spec:
      files:
      {{ range $target := $val.targets }}
        - "{{ $target }}"
      {{ end }}
      matchpattern: 'chart: {{ $val.repositoryName | default "team" }}\/{{ $chart }}((\r\n|\r|\n)(\s+))version: .*'
      replacepattern: 'chart: {{ $val.repositoryName | default "team" }}/{{ $chart }}${1}version: {{ source "lastChartVersion" }}'

actions:
  default:
    kind: github/pullrequest
    scmid: default
    title: Bump `{{ $chart }}` helm chart version to {{ source "lastChartVersion" }}
    spec:
      merge: {strategy: auto}
      labels:
        - dependencies
        - "{{ $chart }}"
      {{- range $label := $val.additionalLabels }}
        - "{{ $label }}"
      {{- end }}
...
{{- end -}}
"#;
    place.write("updatecli.d/charts.yaml", &template.replace("URL", &server.url()));
    let run = |command: &str| place.run(command).args(["--values", "values.yaml"]).env("TRACK_TOKEN", "t");
    run("apply").succeeds();
    assert_eq!(place.read("clusters/a.yaml"), cluster("1.2.0", "0.4.1"));
    assert_eq!(place.read("clusters/b.yaml"), cluster("1.2.0", "0.3.0"), "db is not followed there");
    assert_eq!(run("check").arg("--exit-code").run().code, Some(0), "what a pattern puts in is no news");
}

#[test]
fn parts_of_a_manifest_can_be_switched_off_and_shared() {
    let open = registry("team/app", &["1.2.0"]);
    let registry =
        Proxy::builder(open.address()).tokens(Tokens::new().account("user", "secret-word")).start();
    let place = Place::new();
    place.write("image.yaml", "app: 1.0.0\nother: 1.0.0\n").write("more.yaml", "with: {app: {key: app}}\n");
    let template = r#"{{ define "auth" }}
      username: {{ requiredEnv "IMAGE_USER" }}
      password: {{ requiredEnv "IMAGE_PASSWORD" }}
{{ end }}
name: Images
depends_on: [something]
sources:
  {{- if index .with "app" }}
  app:
    kind: dockerImage
    spec:
      image: {{ requiredEnv "HOST" }}/team/app
      {{- template "auth" }}
      versionFilter: {kind: semver, pattern: "{{ .range | default ">=1" }}"}
  {{- end }}
  {{- if .with.other }}
  other: {kind: npm}
  {{- end }}
targets:
  {{- with .with.app }}
  app: {kind: yaml, sourceID: app, spec: {file: image.yaml, key: "$.{{ .key }}"}}
  {{- end }}
"#;
    place.write("updatecli.d/images.tpl", template);
    let run = || {
        let run = place.run("apply").args(["--values", "more.yaml"]).env("HOST", registry.address());
        run.env("IMAGE_USER", "user").env("IMAGE_PASSWORD", "secret-word")
    };
    run().succeeds();
    assert_eq!(place.read("image.yaml"), "app: 1.2.0\nother: 1.0.0\n");
    let refused = run().env("IMAGE_PASSWORD", "wrong-word").fails(1);
    assert!(refused.stderr.contains("team/app") && !refused.stderr.contains("wrong-word"), "{refused:?}");
    // A manifest that is switched off is none.
    place.write("updatecli.d/off.yaml", "{{ if .nope }}\nname: off\n{{ end }}\n");
    run().succeeds();
}

#[test]
fn targets_wait_for_the_conditions_that_they_name() {
    let registry = registry("team/app", &["1.2.0"]);
    let place = Place::new();
    let image = format!("{}/team/app", registry.address());
    let values = "all: 0\nnone: 0\ngood: 0\nbad: 0\nold: 0\nboth: 0\neither: 0\nafter: 0\n";
    place.write("values.yaml", values).write("Dockerfile", "ARG VERSION=1\nFROM x\n").write("plain", "a=1\n");
    let target = |key: &str, more: &str| {
        format!("  {key}: {{kind: yaml, {more} spec: {{file: values.yaml, key: {key}}}}}\n")
    };
    let targets = [
        target("all", ""),
        target("none", "disableconditions: true,"),
        target("good", "disableconditions: true, dependson: ['condition#good:and'],"),
        target("bad", "disableconditions: true, dependson: ['condition#bad'],"),
        target("old", "conditionids: [good],"),
        target("both", "disableconditions: true, depends_on: ['condition#good', 'condition#bad'],"),
        target("either", "disableconditions: true, dependson: ['condition#good:or', 'condition#bad:or'],"),
        target("after", "disableconditions: true, dependson: [all, 'target#none:or', 'source#s'],"),
    ];
    place.write(
        "m.yaml",
        &format!(
            "sources:\n  s: {{kind: dockerimage, dependson: [t], spec: {{image: {image}, versionfilter: '*'}}}}\n  t: {{kind: dockerimage, spec: {{image: {image}}}}}\nconditions:\n  good: {{kind: dockerimage, sourceid: s, spec: {{image: {image}}}}}\n  bad: {{kind: dockerimage, dependson: [good], disablesourceinput: true, spec: {{image: {image}, tag: nope}}}}\ntargets:\n{}",
            targets.concat().replace("{kind: yaml", "{kind: yaml, sourceid: s")
        ),
    );
    place.run("apply").arg("m.yaml").succeeds();
    let expected =
        "all: 0\nnone: 1.2.0\ngood: 1.2.0\nbad: 0\nold: 1.2.0\nboth: 0\neither: 1.2.0\nafter: 1.2.0\n";
    assert_eq!(place.read("values.yaml"), expected);
}

#[test]
fn conditions_look_into_files() {
    let registry = registry("team/app", &["1.2.0"]);
    let place = Place::new();
    place
        .write("Dockerfile", "ARG VERSION=1\nFROM x\n")
        .write("plain", "a=1\n")
        .write("v.yaml", "a: {b: 1.2.0}\n");
    let table = [
        ("{kind: dockerfile, spec: {file: Dockerfile, instruction: {keyword: ARG, matcher: VERSION}}}", true),
        ("{kind: dockerfile, spec: {file: Dockerfile, instruction: {keyword: ARG, matcher: OTHER}}}", false),
        (
            "{kind: dockerfile, spec: {files: [Dockerfile, none], instruction: {keyword: FROM, matcher: x}}}",
            false,
        ),
        ("{kind: yaml, spec: {file: v.yaml, key: $.a.b}}", true),
        ("{kind: yaml, disablesourceinput: true, spec: {file: v.yaml, key: $.a.b, value: 1.2.1}}", false),
        ("{kind: yaml, failwhen: true, spec: {file: v.yaml, key: $.a.b, value: 1.2.1}}", true),
        ("{kind: yaml, transformers: [{addprefix: v}], spec: {file: v.yaml, key: a.b}}", false),
        ("{kind: yaml, spec: {file: v.yaml, key: $.a.b, keyonly: true}}", true),
        ("{kind: file, spec: {file: plain}}", true),
        ("{kind: file, spec: {file: none}}", false),
        ("{kind: file, spec: {file: plain, matchpattern: 'a=\\d'}}", true),
        ("{kind: file, spec: {file: plain, content: a=2}}", false),
    ];
    for (condition, holds) in table {
        place.write("values.yaml", "tag: 1.0.0\n");
        place.follow("app", &format!("{}/team/app", registry.address()), "^1", "values.yaml", "tag");
        let manifest = place.read("updatecli.d/app.yaml");
        place.write("updatecli.d/app.yaml", &format!("{manifest}conditions:\n  c: {condition}\n"));
        let output = place.run("apply").succeeds();
        let expected = if holds { "tag: 1.2.0\n" } else { "tag: 1.0.0\n" };
        assert_eq!(place.read("values.yaml"), expected, "{condition}: {output:?}");
        assert_eq!(output.stderr.contains("(c): what it looks for is "), !holds, "{condition}: {output:?}");
    }
}

#[test]
fn what_sources_say_passes_through_functions() {
    let registry = registry("team/app", &["v1.2.0"]);
    let place = Place::new();
    place.write("values.yaml", "a: x\nb: x\n").write("v1_2_0.txt", "old");
    place.write(
        "m.yaml",
        &format!(
            "sources:\n  s: {{kind: dockerimage, spec: {{image: {}/team/app}}}}\ntargets:\n  a:\n    kind: yaml\n    disablesourceinput: true\n    spec: {{file: values.yaml, key: a, value: '{{{{ source \"s\" | trimPrefix \"v\" | upper }}}}-{{{{ .suffix | default `x` }}}}'}}\n  b:\n    kind: yaml\n    disablesourceinput: true\n    spec: {{file: values.yaml, key: b, value: '{{{{ pipeline \"Sources.s.Output\" }}}}'}}\n  c:\n    kind: file\n    spec: {{file: '{{{{ source `s` | replace \".\" \"_\" }}}}.txt', content: new}}\n",
            registry.address()
        ),
    );
    place.run("apply").arg("m.yaml").succeeds();
    assert_eq!(place.read("values.yaml"), "a: 1.2.0-x\nb: v1.2.0\n");
    assert_eq!(place.read("v1_2_0.txt"), "new");
}
