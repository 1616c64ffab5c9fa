//! What pygount 3.2.0 says of the same text.

use proptest::prelude::*;

use super::{Kinds, kinds};

fn check(cases: &[(&str, [usize; 4])]) {
    for (text, [code, strings, documentation, empty]) in cases {
        let expected = Kinds { code: *code, strings: *strings, documentation: *documentation, empty: *empty };
        assert_eq!(kinds(text.as_bytes()), expected, "{text}");
    }
}

/// Where line counters disagree most.
#[test]
fn documentation_strings_brackets_and_pass_are_no_code() {
    check(&[
        ("\"\"\"Sums.\"\"\"\ndef add(a, b):\n    \"\"\"Adds two numbers.\"\"\"\n", [1, 0, 2, 0]),
        ("def add(a, b):\n    \"\"\"Adds two numbers.\n    Both are numbers.\n    \"\"\"\n", [1, 0, 3, 0]),
        ("query = \"\"\"\nselect 1 from orders\n\"\"\"\n", [1, 2, 0, 0]),
        ("colors = {\n    \"red\":\n        \"#f00\",\n}\n", [1, 1, 1, 1]),
        ("'Sums.'\ndef add(a, b): return a + b\n", [1, 0, 1, 0]),
        ("total(\n    [\n        1,\n    ]\n)\n", [2, 0, 0, 3]),
        ("class Missing(Exception):\n    pass\n", [1, 0, 0, 1]),
        ("names = [\n    \"one\",\n    \"two\",\n    \"three\",\n]\n", [1, 3, 0, 1]),
        ("def match(text):\n    r\"\"\"Matches \\d\n    and \\w.\"\"\"\n", [1, 0, 2, 0]),
        ("def add(a, b):\n    \"\"\"Adds.\n\n    Two numbers.\n\n    \"\"\"\n", [1, 0, 5, 0]),
        ("mark = \"# no comment\"\n# a comment\nsize = 3  # and one behind code\n", [2, 0, 1, 0]),
        ("def add(a: int, b:\n        \"Number\",\n    c: int = 0):\n    return a + b + c\n", [3, 0, 1, 0]),
    ]);
}

#[test]
fn strings_end_where_pygments_ends_them() {
    check(&[
        // Escapes; raw strings know fewer of them.
        ("a = 'it\\'s'\nb = 1\n", [2, 0, 0, 0]),
        ("a = r'\\'\nb'\nc = 1\n", [2, 1, 0, 0]),
        ("a = (\n    r\"\"\"\\\"\"\"\n)\n", [1, 1, 0, 1]),
        ("a = x(\"\"\"one \\\"\"\"\n  two\"\"\")\n", [1, 1, 0, 0]),
        ("a = [\n    \"\"\"one \\\"\"\" two\"\"\",\n]\n", [2, 1, 0, 0]),
        ("a = 'one \\\n    two'\n", [1, 1, 0, 0]),
        // One that is not closed ends with its line, or never.
        ("a = 'one\n    two\n", [2, 0, 0, 0]),
        ("a = \"\"\"one\ntwo = 2\n", [1, 1, 0, 0]),
        // Prefixes, and what only looks like one.
        ("a = [\n    Rb'one',\n    uR'two',\n    bR'''three''',\n]\n", [2, 2, 0, 1]),
    ]);
}

#[test]
fn expressions_in_a_formatted_string_are_code() {
    check(&[
        ("a = (\n    f'{\n    b\n    }'\n)\n", [2, 2, 0, 1]),
        ("a = (\n    f'one {{two}} three'\n)\n", [1, 1, 0, 1]),
        ("a = (\n    f'{b!r:>{width}}'\n    f'{b=}'\n    t'{b}'\n)\n", [4, 0, 0, 1]),
        ("a = (\n    f'\\N{DASH}'\n)\n", [1, 1, 0, 1]),
        ("a = f'{b['c']}'\nd = 1\n", [2, 0, 0, 0]),
        ("a = f\"\"\"\none\n{b}\n\"\"\"\n", [2, 2, 0, 0]),
        ("a = f'{b}\n'one'\n", [1, 1, 0, 0]),
    ]);
}

#[test]
fn what_comes_before_a_string_says_what_it_is() {
    check(&[
        ("a = {\n    'b':  # why\n\n        'c',\n    'd'\n}\n", [1, 2, 1, 2]),
        ("if (a := 1) and b[1:]:\n    'text'\n", [1, 0, 1, 0]),
        ("print(a :=\n    'text')\n", [1, 1, 0, 0]),
        ("#!/usr/bin/env python\n# a comment\n'text'\nimport os\n", [1, 0, 3, 0]),
        ("import os\n'text'\n", [1, 1, 0, 0]),
    ]);
}

#[test]
fn what_is_nothing_and_what_is_not() {
    check(&[
        ("", [0, 0, 0, 1]),
        ("\n\n\n", [0, 0, 0, 1]),
        ("\n\na = 1\n\n\n", [1, 0, 0, 0]),
        ("pass; pass\npassed\n...\n", [2, 0, 0, 1]),
        ("a = \\\n    \\\n    1\n", [3, 0, 0, 0]),
        ("\u{e4}pfel = 1\npass\u{e9}\n", [2, 0, 0, 0]),
    ]);
}

proptest! {
    /// No input panics or hangs, and every line is one thing.
    #[test]
    fn every_line_is_counted_once(text in "[a\"'{}:()!=#\\\\rfN\n ]{0,60}") {
        let kinds = kinds(text.as_bytes());
        let lines = text.trim_matches('\n').split('\n').count();
        prop_assert_eq!(kinds.code + kinds.strings + kinds.documentation + kinds.empty, lines);
    }
}
