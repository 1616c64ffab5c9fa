//! What the options of `image` do to the text, byte for byte.

use contract::{Exit, Explain};

use super::tests::{IMAGE, run_with};
use super::{Request, Rewritten};
use crate::error::Error;

fn inline(text: &str, services: &[&str]) -> Result<Rewritten, Error> {
    run_with(text, services, |request| Request { inline: true, ..request })
}

#[test]
fn inline_takes_an_inherited_build_away_where_it_comes_in() {
    let table = [
        (
            "through <<, with a block above",
            "x-base: &base\n  build: .\n  restart: always  # always\n  environment: &env\n    A: 1\nservices:\n  application:\n    # merged\n    <<: *base\n    tty: true\n",
            "x-base: &base\n  build: .\n  restart: always  # always\n  environment: &env\n    A: 1\nservices:\n  application:\n    # merged\n    image: REF\n    restart: always  # always\n    environment:\n      A: 1\n    tty: true\n",
        ),
        (
            "through << of braces, with an image of its own",
            "x-base: &base {build: ., image: old, restart: always}\nservices:\n  application:\n    image: 'own'\n    <<: *base\n",
            "x-base: &base {build: ., image: old, restart: always}\nservices:\n  application:\n    image: 'REF'\n    restart: always\n",
        ),
        (
            "hidden by an own one",
            "x-base: &base {build: ., restart: always}\nservices:\n  application:\n    <<: [*base]\n    build: ./own\n    tty: true\n",
            "x-base: &base {build: ., restart: always}\nservices:\n  application:\n    restart: always\n    image: REF\n    tty: true\n",
        ),
        (
            "hidden by an own one, beside an image",
            "x-base: &base {build: .}\nservices:\n  application:\n    image: old\n    <<: *base\n    build: ./own\n",
            "x-base: &base {build: .}\nservices:\n  application:\n    image: REF\n",
        ),
        (
            "through extends",
            "services:\n  base: {build: .}\n  application:\n    extends: base\n    tty: true\n",
            "services:\n  base: {build: .}\n  application:\n    image: REF\n    extends: base\n    tty: true\n    build: !reset null\n",
        ),
        (
            "through extends, hidden by an own one",
            "services:\n  base: {build: .}\n  application:\n    extends: base\n    build: ./own # why\n    image: old\n",
            "services:\n  base: {build: .}\n  application:\n    extends: base\n    build: !reset null\n    image: REF\n",
        ),
        (
            "through extends of a file that is not read, in braces",
            "services:\n  application: {extends: {service: a, file: b.yml}}\n",
            "services:\n  application: {image: \"REF\", extends: {service: a, file: b.yml}, build: !reset null}\n",
        ),
        (
            "nothing is inherited",
            "services:\n  application:\n    build: .\n",
            "services:\n  application:\n    image: REF\n",
        ),
    ];
    for (name, text, expected) in table {
        let changed = inline(text, &["application"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(changed.text, expected.replace("REF", IMAGE), "{name}");
        let again = inline(&changed.text, &["application"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(again.text, changed.text, "{name}: twice is once");
    }
}

#[test]
fn inline_moves_text_only_and_refuses_the_rest() {
    let table = [
        (
            "x-base: &base {build: .}\nservices:\n  application: {<<: *base, tty: true}\n",
            "line 3, column 3: what << brings into 'application' cannot be written out there",
        ),
        (
            "x-base: &base {build: .}\nservices:\n  application: &app\n    <<: *base\n  worker: *app\n",
            "the change would also reach services.worker.build, services.worker.image",
        ),
    ];
    for (text, expected) in table {
        let error = inline(text, &["application"]).expect_err(text);
        assert_eq!((error.to_string().as_str(), error.exit()), (expected, Exit::No), "{text}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--override-out")), "{text}");
    }
}

#[test]
fn a_service_that_extends_another_one_with_the_image_follows_it() {
    let text = "x-base: &base {build: .}\nservices:\n  a:\n    <<: *base\n    tty: true\n  b: {extends: a}\n";
    let changed = inline(text, &["a", "b"]).unwrap();
    assert_eq!(
        changed.text,
        "x-base: &base {build: .}\nservices:\n  a:\n    image: REF\n    tty: true\n  b: {extends: a}\n"
            .replace("REF", IMAGE)
    );
    // An image between the two would win, so one is written.
    let text = "services:\n  a: {build: .}\n  m: {extends: a, image: m, build: m}\n  b: {extends: m}\n";
    let changed = run_with(text, &["a", "b", "m"], |request| request).unwrap();
    assert_eq!(
        changed.text,
        "services:\n  a: {image: \"REF\"}\n  m: {extends: a, image: \"REF\"}\n  b: {extends: m}\n"
            .replace("REF", IMAGE)
    );
}

#[test]
fn all_built_is_every_service_with_a_build() {
    let all = |text: &str| run_with(text, &["application"], |request| Request { all_built: true, ..request });
    let text = "services:\n  a: {build: .}\n  b: {image: b}\n  c:\n    image: c\n    build: c\n  d: {extends: a}\n  e: {extends: a, build: !reset null, image: e}\n";
    let changed = all(text).unwrap();
    assert_eq!(changed.services, ["a", "c", "d"]);
    let expected = "services:\n  a: {image: \"REF\"}\n  b: {image: b}\n  c:\n    image: REF\n  d: {extends: a}\n  e: {extends: a, build: !reset null, image: e}\n";
    assert_eq!(changed.text, expected.replace("REF", IMAGE));
    let error = all("services:\n  b: {image: b}\n").unwrap_err();
    assert_eq!((error.to_string().as_str(), error.exit()), ("it has no service with a build", Exit::Usage));
}

#[test]
fn a_policy_that_does_not_pull_is_turned_into_one_that_does() {
    let fixed =
        |text: &str| run_with(text, &["application"], |request| Request { fix_pull_policy: true, ..request });
    let table = [
        (
            "services:\n  application:\n    build: .\n    pull_policy: never # no\n",
            "services:\n  application:\n    image: REF\n    pull_policy: missing # no\n",
        ),
        (
            "x: &x {pull_policy: build}\nservices:\n  application:\n    <<: *x\n    build: .\n  other:\n    <<: *x\n    build: o\n",
            "x: &x {pull_policy: build}\nservices:\n  application:\n    <<: *x\n    image: REF\n    pull_policy: missing\n  other:\n    <<: *x\n    build: o\n",
        ),
        (
            "services:\n  application: {build: ., pull_policy: always}\n",
            "services:\n  application: {image: \"REF\", pull_policy: always}\n",
        ),
    ];
    for (text, expected) in table {
        let changed = fixed(text).unwrap();
        assert_eq!(changed.text, expected.replace("REF", IMAGE));
        assert_eq!(changed.warnings, [""; 0], "{text}");
    }
    let merged = "x: &x {pull_policy: never, build: ., tty: true}\nservices:\n  application:\n    <<: *x\n";
    let both = run_with(merged, &["application"], |request| Request {
        fix_pull_policy: true,
        inline: true,
        ..request
    });
    assert_eq!(
        both.unwrap().text,
        "x: &x {pull_policy: never, build: ., tty: true}\nservices:\n  application:\n    image: REF\n    tty: true\n    pull_policy: missing\n"
            .replace("REF", IMAGE)
    );
}

#[test]
fn in_one_of_several_files_a_service_may_be_missing() {
    let among =
        |text: &str| run_with(text, &["application"], |request| Request { among_others: true, ..request });
    for text in ["services:\n  db: {image: d}\n", "services:\n  application: {tty: true}\n"] {
        assert_eq!(among(text).unwrap().text, text);
    }
}

#[test]
fn what_is_left_behind_and_may_surprise_is_warned_about() {
    let table: [(&str, &[&str]); 4] = [
        (
            "pull_policy: build",
            &[
                "'application' keeps pull_policy: build, with which compose does not pull the image; --fix-pull-policy changes that",
            ],
        ),
        (
            "pull_policy: never",
            &[
                "'application' keeps pull_policy: never, with which compose does not pull the image; --fix-pull-policy changes that",
            ],
        ),
        (
            "develop: {watch: []}",
            &["'application' keeps its develop section, which is of no use without a build"],
        ),
        ("pull_policy: always", &[]),
    ];
    for (line, expected) in table {
        let text = format!("services:\n  application:\n    build: .\n    {line}\n");
        assert_eq!(
            run_with(&text, &["application"], |request| request).unwrap().warnings,
            expected,
            "{line}"
        );
    }
}
