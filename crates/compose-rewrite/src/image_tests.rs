//! Shapes of compose files that trip text tools and emitters up, each with the bytes that have to come out.

use std::path::Path;

use contract::{Exit, Explain};

use super::{Request, Rewritten, rewrite};
use crate::error::Error;
use crate::extended_files::Place;

pub(super) const IMAGE: &str = "registry.example:5000/team/app/ci:1.2.3";

fn run(text: &str, services: &[&str]) -> Result<Rewritten, Error> {
    run_with(text, services, |request| request)
}

pub(super) fn run_with(
    text: &str,
    services: &[&str],
    change: impl Fn(Request<'_>) -> Request<'_>,
) -> Result<Rewritten, Error> {
    let services: Vec<String> = services.iter().map(|name| (*name).to_owned()).collect();
    let request = Request {
        services: &services,
        all_built: false,
        image: IMAGE,
        inline: false,
        fix_pull_policy: false,
        among_others: false,
    };
    let place = &Place::of_all(&[Some(Path::new("docker-compose.yml"))])[0];
    rewrite(text.as_bytes(), place, &change(request))
}

/// `REF` in `expected` stands for the image.
fn becomes(name: &str, text: &str, expected: &str) {
    let changed = run(text, &["application"]).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(changed.text, expected.replace("REF", IMAGE), "{name}");
    let again = run(&changed.text, &["application"]).unwrap_or_else(|error| panic!("{name}, again: {error}"));
    assert_eq!(again.text, changed.text, "{name}: twice is once");
}

#[test]
fn a_build_in_block_style_gives_its_place_to_the_image() {
    let table = [
        (
            "comments above, beside and between",
            "# top\nservices:\n\n  # the application\n  application:   # ours\n    # how it is built\n    build: .   # from here\n    # what it opens\n    ports:\n      - \"80:80\"   # http\n\n  db:\n    image: postgres:17\n",
            "# top\nservices:\n\n  # the application\n  application:   # ours\n    # how it is built\n    image: REF\n    # what it opens\n    ports:\n      - \"80:80\"   # http\n\n  db:\n    image: postgres:17\n",
        ),
        (
            "a long build with comments of its own",
            "services:\n  application:\n    # before\n    build:\n      # in it\n      context: .\n\n      args:   # some\n        A: 1\n        # last\n\n      # deeper than build\n    # before ports\n    ports: [ 80 ]\n",
            "services:\n  application:\n    # before\n    image: REF\n    # before ports\n    ports: [ 80 ]\n",
        ),
        (
            "a service with nothing else",
            "services:\n  application:\n    build: .\n",
            "services:\n  application:\n    image: REF\n",
        ),
        (
            "build behind other keys",
            "services:\n  application:\n    restart: always\n    build: {context: .}\n  db: {image: d}\n",
            "services:\n  application:\n    restart: always\n    image: REF\n  db: {image: d}\n",
        ),
        (
            "lists at the level of their key, indented by four",
            "services:\n    application:\n        build:\n            context: .\n        ports:\n        - 80\n        - 81\n    db:\n        image: d\n",
            "services:\n    application:\n        image: REF\n        ports:\n        - 80\n        - 81\n    db:\n        image: d\n",
        ),
        (
            "a build in braces over several lines",
            "services:\n  application:\n    build: {\n      context: .,  # here\n      args: { A: 1 }\n    }\n    ports: [ 80 ]\n",
            "services:\n  application:\n    image: REF\n    ports: [ 80 ]\n",
        ),
        (
            "keys in quotes",
            "\"services\":\n  'application':\n    \"build\": \".\"\n    'ports': [ 80 ]\n",
            "\"services\":\n  'application':\n    \"image\": REF\n    'ports': [ 80 ]\n",
        ),
        (
            "keys with a question mark",
            "? services\n: ? application\n  : ? build\n    : context: .\n      target: x\n    ? ports\n    : [ 80 ]\n",
            "? services\n: ? application\n  : image: REF\n    ? ports\n    : [ 80 ]\n",
        ),
        (
            "tags of compose",
            "services:\n  application:\n    build: .\n    ports: !override\n      - 80\n    environment: !reset null\n",
            "services:\n  application:\n    image: REF\n    ports: !override\n      - 80\n    environment: !reset null\n",
        ),
        (
            "block scalars that look like keys",
            "services:\n  application:\n    command: |\n      build: no\n      image: no\n    build:\n      context: .\n      dockerfile_inline: |+\n        FROM x\n        # no comment\n\n    labels:\n      a: >-\n        two\n        lines\n",
            "services:\n  application:\n    command: |\n      build: no\n      image: no\n    image: REF\n    labels:\n      a: >-\n        two\n        lines\n",
        ),
        (
            "other things of the same name",
            "x-build: {build: .}\nservices:\n  application-db:\n    build: ./db\n  application:\n    environment: {build: a, image: b}\n    labels:\n      - build=1\n    build: .\n  my-application:\n    build: ./my\nvolumes:\n  application: {}\n",
            "x-build: {build: .}\nservices:\n  application-db:\n    build: ./db\n  application:\n    environment: {build: a, image: b}\n    labels:\n      - build=1\n    image: REF\n  my-application:\n    build: ./my\nvolumes:\n  application: {}\n",
        ),
        (
            "text that is not ASCII",
            "services:\n  # приложение 🚀\n  application:\n    build: ./прил   # où\n    labels: { \"名\": \"\\U0001F680\" }\n",
            "services:\n  # приложение 🚀\n  application:\n    image: REF\n    labels: { \"名\": \"\\U0001F680\" }\n",
        ),
        (
            "a build that holds nothing",
            "services:\n  application:\n    build:\n    ports: [ 80 ]\n",
            "services:\n  application:\n    image: REF\n    ports: [ 80 ]\n",
        ),
    ];
    for (name, text, expected) in table {
        becomes(name, text, expected);
    }
}

#[test]
fn the_file_keeps_its_own_way_of_being_written() {
    let table = [
        (
            "CRLF",
            "services:\r\n  application:\r\n    build:\r\n      context: .\r\n    ports: [ 80 ]\r\n",
            "services:\r\n  application:\r\n    image: REF\r\n    ports: [ 80 ]\r\n",
        ),
        (
            "tabs and blanks at the ends of lines",
            "services:\t\n  application: \t# tab\n    build:\t.  \t\n    ports:   \n      - 80\t\t# x\n  \n",
            "services:\t\n  application: \t# tab\n    image: REF\n    ports:   \n      - 80\t\t# x\n  \n",
        ),
        (
            "no line break at the end",
            "services:\n  application:\n    build: .",
            "services:\n  application:\n    image: REF",
        ),
        (
            "no line break behind a removed build",
            "services:\n  application:\n    image: old\n    build: .",
            "services:\n  application:\n    image: REF",
        ),
        (
            "a byte order mark and markers",
            "\u{feff}---\nservices:\n  application:\n    build: .\n...\n",
            "\u{feff}---\nservices:\n  application:\n    image: REF\n...\n",
        ),
        (
            "a directive",
            "%YAML 1.2\n---\nservices:\n  application:\n    build: .\n",
            "%YAML 1.2\n---\nservices:\n  application:\n    image: REF\n",
        ),
    ];
    for (name, text, expected) in table {
        becomes(name, text, expected);
    }
}

#[test]
fn flow_style_stays_flow_style_and_json_stays_json() {
    let table = [
        (
            "a service in braces",
            "services:\n  application: { build: ., ports: [ 80 ] }\n",
            "services:\n  application: { image: \"REF\", ports: [ 80 ] }\n",
        ),
        (
            "build as the last of several",
            "services: {application: {restart: always, build: {context: ., args: [a, b]}}, db: {image: d}}\n",
            "services: {application: {restart: always, image: \"REF\"}, db: {image: d}}\n",
        ),
        (
            "image and build",
            "services: {application: {image: old, build: .}}\n",
            "services: {application: {image: \"REF\"}}\n",
        ),
        (
            "image and build over lines",
            "services:\n  application: {\n    build: .,  # why\n    image: 'old',  # what\n  }\n",
            "services:\n  application: {\n    image: 'REF',  # what\n  }\n",
        ),
        (
            "a build that holds nothing",
            "services: {application: {build: , tty: true}}",
            "services: {application: {image: \"REF\" , tty: true}}",
        ),
        (
            "JSON",
            "{\"services\":{\"application\":{\"build\":{\"context\":\".\"},\"tty\":true}}}",
            "{\"services\":{\"application\":{\"image\": \"REF\",\"tty\":true}}}",
        ),
    ];
    for (name, text, expected) in table {
        becomes(name, text, expected);
    }
}

#[test]
fn an_image_that_is_there_is_overwritten_in_its_place() {
    let table = [
        (
            "plain, with a build before it",
            "services:\n  application:\n    build: .   # gone\n    image: old:1   # kept\n    tty: true\n",
            "services:\n  application:\n    image: REF   # kept\n    tty: true\n",
        ),
        (
            "in quotes, with a build behind it and comments",
            "services:\n  application:\n    image: \"old:1\"\n    # above\n    build:\n      context: .\n      # in it\n    # below\n    tty: true\n",
            "services:\n  application:\n    image: \"REF\"\n    # above\n    # below\n    tty: true\n",
        ),
        (
            "with an anchor",
            "services:\n  application:\n    image: &img 'old'\n",
            "services:\n  application:\n    image: &img 'REF'\n",
        ),
        (
            "an alias",
            "x-image: &img old\nservices:\n  application:\n    image: *img\n  db:\n    image: *img\n",
            "x-image: &img old\nservices:\n  application:\n    image: REF\n  db:\n    image: *img\n",
        ),
        (
            "empty",
            "services:\n  application:\n    image:   # to come\n    build: .\n",
            "services:\n  application:\n    image: REF   # to come\n",
        ),
        (
            "empty with an anchor",
            "services:\n  application:\n    image: &img\n    build: .\n",
            "services:\n  application:\n    image: &img REF\n",
        ),
        (
            "a block scalar",
            "services:\n  application:\n    image: >-\n      old\n    tty: true\n",
            "services:\n  application:\n    image: REF\n    tty: true\n",
        ),
        (
            "interpolated",
            "services:\n  application:\n    image: ${IMG:-a:1}\n",
            "services:\n  application:\n    image: REF\n",
        ),
        (
            "nothing to do",
            "services:\n    application:\n        image:   REF\n",
            "services:\n    application:\n        image:   REF\n",
        ),
    ];
    for (name, text, expected) in table {
        becomes(name, &text.replace("REF", IMAGE), expected);
    }
}

#[test]
fn anchors_and_merge_keys_that_are_not_in_the_way_stay() {
    let table = [
        (
            "an own build beside a merge key",
            "x-base: &base\n  restart: always\nservices:\n  application:\n    <<: *base\n    build: .\n  db:\n    <<: *base\n    image: d\n",
            "x-base: &base\n  restart: always\nservices:\n  application:\n    <<: *base\n    image: REF\n  db:\n    <<: *base\n    image: d\n",
        ),
        (
            "a build that merges something itself",
            "x-args: &args {A: 1}\nservices:\n  application:\n    build:\n      context: .\n      args:\n        <<: *args\n",
            "x-args: &args {A: 1}\nservices:\n  application:\n    image: REF\n",
        ),
        (
            "an image that is merged in",
            "x-base: &base {image: old}\nservices:\n  application:\n    <<: *base\n    build: .\n",
            "x-base: &base {image: old}\nservices:\n  application:\n    <<: *base\n    image: REF\n",
        ),
        (
            "nothing but an image that is merged in",
            "x-base: &base {image: old}\nservices:\n  application:\n    <<: *base\n    tty: true\n",
            "x-base: &base {image: old}\nservices:\n  application:\n    image: REF\n    <<: *base\n    tty: true\n",
        ),
        (
            "an anchor that nobody uses",
            "services:\n  application: &app\n    build: &b\n      context: .\n",
            "services:\n  application: &app\n    image: REF\n",
        ),
        (
            "a merged service that has both of its own",
            "services:\n  application: &app\n    build: .\n    tty: true\n  worker:\n    <<: *app\n    build: ./w\n    image: w\n",
            "services:\n  application: &app\n    image: REF\n    tty: true\n  worker:\n    <<: *app\n    build: ./w\n    image: w\n",
        ),
        (
            "a service that is nothing but an extension",
            "x-app: &app\n  build: .\n  tty: true\nservices:\n  application: *app\n",
            "x-app: &app\n  image: REF\n  tty: true\nservices:\n  application: *app\n",
        ),
        (
            "services that are an extension",
            "x-all: &all\n  application: {build: .}\nservices: *all\n",
            "x-all: &all\n  application: {image: \"REF\"}\nservices: *all\n",
        ),
        (
            "a service that extends another without a build",
            "services:\n  base: {image: b}\n  application:\n    extends: base\n    build: .\n",
            "services:\n  base: {image: b}\n  application:\n    extends: base\n    image: REF\n",
        ),
        (
            "an override file",
            "services:\n  application:\n    build: !reset null\n",
            "services:\n  application:\n    image: REF\n    build: !reset null\n",
        ),
    ];
    for (name, text, expected) in table {
        becomes(name, text, expected);
    }
}

#[test]
fn every_document_that_declares_the_service_is_changed() {
    becomes(
        "several documents",
        "# one\nservices:\n  application:\n    build: .\n---\nservices:\n  db: {image: d}\n---\nservices:\n  application:\n    image: old\n---\nservices:\n  application:\n    tty: true\n",
        "# one\nservices:\n  application:\n    image: REF\n---\nservices:\n  db: {image: d}\n---\nservices:\n  application:\n    image: REF\n---\nservices:\n  application:\n    tty: true\n",
    );
}

#[test]
fn several_services_are_changed_at_once_and_may_share_what_changes() {
    let table = [
        (
            "apart",
            "services:\n  a:\n    build: .\n  c: {image: c}\n  b: {build: .}\n",
            "services:\n  a:\n    image: REF\n  c: {image: c}\n  b: {image: \"REF\"}\n",
        ),
        (
            "by an alias",
            "services:\n  a: &a\n    build: .\n  b: *a\n",
            "services:\n  a: &a\n    image: REF\n  b: *a\n",
        ),
        (
            "by a merge key",
            "services:\n  a: &a\n    build: .\n  b:\n    <<: *a\n    tty: true\n",
            "services:\n  a: &a\n    image: REF\n  b:\n    <<: *a\n    tty: true\n",
        ),
        (
            "by extends",
            "services:\n  a:\n    build: .\n  b:\n    extends: {service: a}\n    tty: true\n",
            "services:\n  a:\n    image: REF\n  b:\n    extends: {service: a}\n    tty: true\n",
        ),
        (
            "by a context",
            "services:\n  a: {build: .}\n  b:\n    build:\n      context: b\n      additional_contexts: {x: 'service:a'}\n",
            "services:\n  a: {image: \"REF\"}\n  b:\n    image: REF\n",
        ),
    ];
    for (name, text, expected) in table {
        let changed = run(text, &["a", "b"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(changed.text, expected.replace("REF", IMAGE), "{name}");
    }
}

#[test]
fn what_cannot_be_done_without_a_side_effect_is_refused() {
    let table = [
        (
            "x-base: &base {build: .}\nservices:\n  application:\n    <<: *base\n    tty: true\n",
            "the build of 'application' comes in through <<, from line 1, column 16",
        ),
        (
            "x-base: &base {build: ./b}\nservices:\n  application:\n    <<: [*base]\n    build: .\n",
            "the build of 'application' hides another one, which << brings in from line 1, column 16",
        ),
        (
            "x-base: &base {build: ./b}\nservices:\n  application:\n    <<: *base\n    build: !reset null\n    image: old\n",
            "the build of 'application' hides another one, which << brings in from line 1, column 16",
        ),
        (
            "services:\n  base: {build: .}\n  application:\n    extends: {service: base}\n    image: old\n",
            "the build of 'application' comes from 'base', which it extends: line 2, column 10",
        ),
        (
            "services:\n  root: {build: .}\n  base: {extends: root}\n  application:\n    extends: base\n    build: ./a\n",
            "the build of 'application' hides another one, of 'root', which it extends: line 2, column 10",
        ),
        (
            "services:\n  application:\n    extends: {service: base, file: common.yml}\n    build: .\n",
            "the build of 'application' may come from 'base' in common.yml, which it extends and which cannot be read",
        ),
        (
            "services:\n  application: &app\n    build: .\n  worker: *app\n",
            "the change would also reach services.worker.build, services.worker.image",
        ),
        (
            "services:\n  application: &app\n    build: .\n  worker:\n    <<: *app\n    command: work\n",
            "the change would also reach services.worker.build, services.worker.image",
        ),
        (
            "x-app: &app\n  build: .\nservices:\n  application: *app\n  worker: *app\n",
            "the change would also reach services.worker.build, services.worker.image",
        ),
        (
            "services:\n  application:\n    build:\n      context: &ctx .\n  worker:\n    build: *ctx\n",
            "line 4, column 16: the anchor &ctx would go, and line 6, column 12 uses it",
        ),
        (
            "services:\n  application:\n    image: &img old\n    build: .\n  worker:\n    image: *img\n",
            "the change would also reach services.worker.image",
        ),
        (
            "services:\n  application: {build: .}\n  worker: {extends: application}\n",
            "line 3, column 21: 'worker' extends 'application' and would change with it",
        ),
        (
            "services:\n  application: {build: .}\n  worker: {extends: {service: application, file: ./docker-compose.yml}, build: w}\n",
            "line 3, column 21: 'worker' extends 'application' and would change with it",
        ),
        (
            "services:\n  application: {build: .}\n  worker:\n    build:\n      context: .\n      additional_contexts:\n        - base=service:application\n",
            "line 7, column 11: the build of 'worker' uses the one of 'application' as an additional context",
        ),
        (
            "x-all: &all\n  application: {build: .}\nservices:\n  <<: *all\n  db: {image: d}\n",
            "line 2, column 3: the service 'application' comes in through <<",
        ),
        (
            "services:\n  application:\n    build: .\n    image: !reset null\n",
            "line 4, column 12: the image of 'application' is marked !reset, so compose would drop the new one",
        ),
    ];
    for (text, expected) in table {
        let error = run(text, &["application"]).expect_err(text);
        assert_eq!((error.to_string().as_str(), error.exit()), (expected, Exit::No), "{text}");
        assert!(error.hint().is_some(), "{text}");
    }
}

#[test]
fn what_is_no_compose_file_is_wrong_input() {
    let table = [
        ("", "it is no compose file: it is empty"),
        ("# only a comment\n", "it is no compose file: it is empty"),
        ("---\n...\n", "it is no compose file: it is empty"),
        ("- a\n", "it is no compose file: it is not a mapping"),
        ("version: '3'\n", "it is no compose file: it has no services"),
        ("services:\n", "it is no compose file: its services are not a mapping"),
        ("services: [application]\n", "it is no compose file: its services are not a mapping"),
        ("services: {application: text}\n", "line 1, column 25: the service 'application' is not a mapping"),
        (
            "services:\n  application:\n",
            "line 2, column 3: the service 'application' has neither build nor image",
        ),
        (
            "services:\n  application: {tty: true}\n",
            "line 2, column 3: the service 'application' has neither build nor image",
        ),
        (
            "services:\n  application:\n    image: [a]\n",
            "line 3, column 12: services.application.image is not a scalar",
        ),
        ("services: {app: {build: .}}\n", "it has no service 'application'"),
    ];
    for (text, expected) in table {
        let error = run(text, &["application"]).expect_err(text);
        assert_eq!((error.to_string().as_str(), error.exit()), (expected, Exit::Usage), "{text}");
    }
}

#[test]
fn a_service_that_is_not_there_gets_the_nearest_name_suggested() {
    let table = [
        (
            "services: {aplication: {build: .}, db: {image: d}}",
            "did you mean 'aplication'? its services are: aplication, db; choose with --service",
        ),
        ("services: {app: {build: .}}", "did you mean 'app'? its services are: app; choose with --service"),
        (
            "services: {Application: {build: .}}",
            "did you mean 'Application'? its services are: Application; choose with --service",
        ),
        ("services: {web: {build: .}}", "its services are: web; choose with --service"),
        ("services: {}", "it has no service at all"),
        (
            "include: [more.yml]\nservices: {web: {build: .}}",
            "it may be in a file that is included; its services are: web; choose with --service",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(run(text, &["application"]).expect_err(text).hint().as_deref(), Some(expected), "{text}");
    }
}
