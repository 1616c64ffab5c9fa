//! The page for those who come from another tool: each of our lines is one that the tool understands.

use std::fs;

use super::docs;
use crate::contract::commands;

/// What is replaced, as its users type it. Each has an example.
const REPLACED: [&str; 18] = [
    "pygount",
    "anybadge",
    "yq",
    "skopeo copy",
    "skopeo inspect",
    "skopeo list-tags",
    "docker manifest create",
    "docker manifest annotate",
    "docker manifest push",
    "docker manifest inspect",
    "docker buildx imagetools",
    "jf rt sp",
    "jf rt s",
    "jf rt delp",
    "release-cli",
    "glab release",
    "svu",
    "updatecli",
];

/// The examples of the page: lines that belong together, what is replaced and then what takes its place.
fn examples(page: &str) -> Vec<Vec<&str>> {
    let mut inside = false;
    let mut found = vec![Vec::new()];
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        }
        match found.last_mut() {
            Some(last) if inside && !line.is_empty() && !line.starts_with("```") => last.push(line),
            _ => found.push(Vec::new()),
        }
    }
    found.retain(|lines| !lines.is_empty());
    found
}

/// The programs that a line calls, each with its arguments.
fn calls(line: &str) -> Vec<Vec<String>> {
    let parts = line.split(" | ").map(|call| call.split(" > ").next().unwrap_or(call));
    parts.map(|call| shlex::split(call).unwrap_or_default()).collect()
}

fn is_ours(line: &str) -> bool {
    calls(line).iter().flat_map(|words| words.first()).any(|word| testkit::tools().contains(&word.as_str()))
}

fn page() -> String {
    fs::read_to_string(docs().join("migrate.md")).expect("docs/migrate.md")
}

#[test]
fn each_of_our_lines_is_understood() {
    let page = page();
    let commands = commands();
    let mut called = 0;
    for line in examples(&page).into_iter().flatten() {
        for words in calls(line) {
            let name = words.first().map_or("", String::as_str);
            let Some(command) = commands.iter().find(|command| command.get_name() == name) else { continue };
            let parsed = command.clone().try_get_matches_from(&words);
            assert!(parsed.is_ok(), "docs/migrate.md: {line}\n{}", parsed.expect_err("an error"));
            called += 1;
        }
    }
    assert!(called >= 25, "only {called} lines call a tool of ours");
}

#[test]
fn each_replaced_command_has_an_example_with_what_takes_its_place() {
    let page = page();
    let examples = examples(&page);
    let missing: Vec<&str> = REPLACED
        .into_iter()
        .filter(|name| {
            let begins = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
            !examples.iter().any(|lines| lines.iter().any(begins) && lines.iter().any(|line| is_ours(line)))
        })
        .collect();
    assert!(missing.is_empty(), "docs/migrate.md has no example for {missing:?}");
}
