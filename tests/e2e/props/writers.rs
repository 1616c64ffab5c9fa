//! Many writers at once on one layout directory.

use std::thread;

use super::stand::{Layout, props};

#[test]
fn twenty_writers_at_once_lose_nothing() {
    let layout = Layout::with(&["1"]);
    let image = format!("{}:1", layout.repository());
    thread::scope(|scope| {
        for number in 0..20 {
            let image = &image;
            scope.spawn(move || props(["set", image, &format!("mark-{number:02}")]).succeeds());
        }
    });
    let marks = props(["get", &image]).succeeds();
    let expected: String = (0..20).map(|number| format!("mark-{number:02}=true\n")).collect();
    assert_eq!(marks.stdout(), expected);
}

#[test]
fn twenty_writers_of_one_key_leave_one_value_and_the_whole_history() {
    let layout = Layout::with(&["1"]);
    let image = format!("{}:1", layout.repository());
    thread::scope(|scope| {
        for number in 0..20 {
            let image = &image;
            scope.spawn(move || props(["set", image, &format!("winner=writer-{number:02}")]).succeeds());
        }
    });
    let value = props(["get", &image, "winner"]).succeeds();
    let history = props(["history", &image]).succeeds();
    let lines: Vec<_> = history.stdout().lines().collect();
    assert_eq!(lines.len(), 20, "{history:?}");
    assert!(lines[19].ends_with(&format!("set winner={}", value.stdout().trim_end())), "{history:?}");
}

#[test]
fn moves_at_once_leave_exactly_one_image_with_the_mark() {
    let tags: Vec<String> = (0..8).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = tags.iter().map(String::as_str).collect();
    let layout = Layout::with(&names);
    let repository = layout.repository();
    thread::scope(|scope| {
        for tag in &tags {
            let image = format!("{repository}:{tag}");
            scope.spawn(move || props(["move", "release-prod", &image]).succeeds());
        }
    });
    let found = props(["find", &repository, "release-prod", "--count"]).succeeds();
    assert_eq!(found.stdout(), "1\n");
}
