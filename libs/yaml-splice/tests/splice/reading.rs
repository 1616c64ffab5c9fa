//! What is no YAML, or more than we want to read, and what is said about it.

use std::fmt::Write;

use contract::{Exit, Explain};
use pypelines_yaml_splice::{Error, Path, Yaml};

fn refusal(bytes: &[u8]) -> Error {
    let error = Yaml::open(bytes).expect_err("it should not be read");
    assert_eq!(error.exit(), Exit::Usage);
    error
}

#[test]
fn bad_input_is_named_with_its_place() {
    let table: [(&[u8], &str); 9] = [
        (
            b"a:\n  b: 1\n c: 2\n",
            "line 3, column 2: while parsing a block mapping, did not find expected key",
        ),
        (b"a: b: c\n", "line 1, column 5: mapping values are not allowed in this context"),
        (b"a: 1\nb: 2\n\"a\": 3\n", "line 3, column 1: the key 'a' stands in line 1, column 1 already"),
        (b"{a: 1, a: 2}", "line 1, column 8: the key 'a' stands in line 1, column 2 already"),
        (b"a: *nobody\n", "line 1, column 4: while parsing node, found unknown anchor"),
        (b"a: &a [1, *a]\n", "line 1, column 11: the alias *a stands inside of what it stands for"),
        (b"a: 1\nb: \xff\n", "line 2, column 4: it is not UTF-8 text"),
        (b"\xff\xfea\0:\0", "line 1, column 1: it is not UTF-8 text"),
        (b"a: \x01\n", "line 1, column 4: unexpected character: `\\u{1}'"),
    ];
    for (bytes, expected) in table {
        assert_eq!(refusal(bytes).to_string(), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_syntax_error_shows_the_line_itself() {
    let hint = |text: &str| refusal(text.as_bytes()).hint().unwrap();
    assert_eq!(hint("a: 1\n  b: c: d\n"), "line 2 reads: b: c: d");
    let minified = format!("{{{}: b: c}}", "x".repeat(500));
    assert!(hint(&minified).len() < 200, "{}", hint(&minified));
}

/// Unfolded, the first of these would have more values than memory has bytes: a test that ends shows that none was.
#[test]
fn aliases_of_aliases_are_refused_before_they_are_unfolded() {
    let mut laughs = String::from("a0: &a0 [lol]\n");
    for level in 1..100 {
        let nine = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(laughs, "a{level}: &a{level} [{nine}]").unwrap();
    }
    let many = format!("a: &a 1\nb: [{}]\n", "*a, ".repeat(100_000));
    let mut merges = String::from("m0: &m0 {a: 1}\n");
    for level in 1..100 {
        writeln!(merges, "m{level}: &m{level} {{<<: [*m{0}, *m{0}], k{level}: 1}}", level - 1).unwrap();
    }
    for text in [laughs, many, merges] {
        assert!(matches!(refusal(text.as_bytes()), Error::TooManyAliases { .. }));
    }
}

#[test]
fn sixty_four_levels_are_fine_and_a_hundred_thousand_are_refused() {
    let flow = |depth: usize| format!("a: {}1{}\n", "[".repeat(depth), "]".repeat(depth));
    let block =
        |depth: usize| (0..depth).fold(String::new(), |text, level| text + &" ".repeat(level) + "a:\n");
    assert!(Yaml::open(flow(64).as_bytes()).is_ok());
    assert!(Yaml::open(block(64).as_bytes()).is_ok());
    for text in
        [flow(100_000), "[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), block(2_000)]
    {
        assert!(matches!(refusal(text.as_bytes()), Error::Syntax { .. }));
    }
}

#[test]
fn a_hundred_comments_in_a_row_are_fine() {
    let text = format!("a:\n  b: 1\n{}  c: 2\n", "  # comment\n".repeat(300));
    assert!(Yaml::open(text.as_bytes()).is_ok());
}

#[test]
fn a_text_of_comments_has_no_document() {
    for text in ["", "# only\n", "\u{feff}", "\n\n"] {
        assert_eq!(Yaml::open(text.as_bytes()).unwrap().documents().len(), 0, "{text:?}");
    }
}

#[test]
fn a_value_is_found_through_aliases_and_merge_keys_with_its_own_entries_first() {
    let text =
        b"x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\nw: *x\nq: {\"<<\": {a: 1}}\n";
    let yaml = Yaml::open(text).unwrap();
    let z = yaml.find(&Path::root().key("z")).unwrap();
    let shown = |key: &str| z.get(key).map(|found| (found.entry.value.as_str().unwrap(), found.merged));
    assert_eq!(shown("a"), Some(("0", false)));
    assert_eq!(shown("b"), Some(("1", true)));
    assert_eq!(shown("c"), Some(("2", true)));
    assert_eq!(shown("d"), None);
    assert_eq!(yaml.find(&Path::root().key("w").key("a")).unwrap().as_str(), Some("1"));
    assert!(yaml.find(&Path::root().key("q")).unwrap().get("a").is_none(), "a quoted << merges nothing");
}

#[test]
fn null_is_what_yaml_takes_for_null() {
    let yaml = Yaml::open(b"[~, null, '', 'null', !!str , nil]\n").unwrap();
    let root = yaml.documents().next().unwrap();
    let nulls: Vec<bool> = root.items().map(|item| item.is_null()).collect();
    assert_eq!(nulls, [true, true, false, false, false, false]);
}
