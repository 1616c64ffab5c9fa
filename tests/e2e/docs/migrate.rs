//! The page for those who come from another tool: each of our lines is one that the tool understands.

use std::fs;

use super::docs;
use crate::contract::commands;

/// The lines of the page that call one of our tools, with what they call in words.
fn lines(page: &str) -> Vec<(String, Vec<String>)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
            continue;
        }
        for call in line.split(" | ").filter(|_| inside) {
            let words = shlex::split(call.split(" > ").next().unwrap_or(call)).unwrap_or_default();
            found.push((line.to_owned(), words));
        }
    }
    found
}

#[test]
fn each_of_our_lines_is_understood() {
    let page = fs::read_to_string(docs().join("migrate.md")).expect("docs/migrate.md");
    let commands = commands();
    let mut called = 0;
    for (line, words) in lines(&page) {
        let Some(command) =
            commands.iter().find(|command| words.first().is_some_and(|word| word == command.get_name()))
        else {
            continue;
        };
        let parsed = command.clone().try_get_matches_from(&words);
        assert!(parsed.is_ok(), "docs/migrate.md: {line}\n{}", parsed.expect_err("an error"));
        called += 1;
    }
    assert!(called >= 25, "only {called} lines call a tool of ours");
}
