//! What each edit does to the text, byte for byte.

use contract::{Exit, Explain};
use pypelines_yaml_splice::{Error, Path, Splice, Value, Yaml};

/// `a.b[0]` as a path of the first document; `1:a` as one of the second.
fn path(text: &str) -> Path {
    let (document, text) =
        text.split_once(':').map_or((0, text), |(number, rest)| (number.parse().expect("a number"), rest));
    if text.is_empty() {
        return Path::document(document);
    }
    text.parse::<Path>().unwrap_or_else(|error| panic!("{error}")).in_document(document)
}

fn edit(source: &str, plan: impl Fn(&mut Splice<'_>) -> Result<(), Error>) -> Result<String, Error> {
    let yaml = Yaml::open(source.as_bytes())?;
    let mut splice = Splice::new(&yaml);
    plan(&mut splice)?;
    splice.render()
}

fn replaced(source: &str, at: &str, value: &str) -> Result<String, Error> {
    edit(source, |splice| splice.replace_scalar(&path(at), value))
}

fn removed(source: &str, at: &str) -> Result<String, Error> {
    edit(source, |splice| splice.remove(&path(at)))
}

fn swapped(source: &str, at: &str) -> Result<String, Error> {
    edit(source, |splice| splice.replace_entry(&path(at), "image", "app:1"))
}

fn inserted(source: &str, at: &str) -> Result<String, Error> {
    edit(source, |splice| splice.insert_first(&path(at).key("image"), "app:1"))
}

#[test]
fn a_scalar_changes_and_what_surrounds_it_stays() {
    let table = [
        ("a: b # c\n", "a", "a: x:1 # c\n"),
        ("a: 'b'\n", "a", "a: 'x:1'\n"),
        ("a: \"b\"  \n", "a", "a: \"x:1\"  \n"),
        ("a:\tb\t# c\r\n", "a", "a:\tx:1\t# c\r\n"),
        ("a: &v !!str b\nc: 1\n", "a", "a: &v !!str x:1\nc: 1\n"),
        ("a: b", "a", "a: x:1"),
        ("a: b\n  c\n  d\ne: f\n", "a", "a: x:1\ne: f\n"),
        ("a: [b, c]\n", "a[1]", "a: [b, \"x:1\"]\n"),
        ("a:\n- b\n- c # d\n", "a[1]", "a:\n- b\n- x:1 # d\n"),
        ("a: {b: c, d: e}\n", "a.b", "a: {b: \"x:1\", d: e}\n"),
        ("a: |\n  b\n  c\n\nd: e\n", "a", "a: x:1\n\nd: e\n"),
        ("a: >-  # why\n  b\nd: e\n", "a", "a: x:1  # why\nd: e\n"),
        ("a: |+\n  b\n\n\nd: e\n", "a", "a: x:1\nd: e\n"),
        ("a: |2-\r\n   b\r\nd: e\r\n", "a", "a: x:1\r\nd: e\r\n"),
        ("a: &x|y |\n  b\nc: *x|y\n", "c", "a: &x|y |\n  b\nc: x:1\n"),
        ("x: &v 1\na: *v\nb: *v\n", "a", "x: &v 1\na: x:1\nb: *v\n"),
        ("---\na: 1\n---\na: 2\n...\n", "1:a", "---\na: 1\n---\na: x:1\n...\n"),
        ("\u{feff}a: b\n", "a", "\u{feff}a: x:1\n"),
        ("ключ: значение # é\n", "ключ", "ключ: x:1 # é\n"),
        ("? a\n: b\n", "a", "? a\n: x:1\n"),
    ];
    for (source, at, expected) in table {
        assert_eq!(replaced(source, at, "x:1").unwrap(), expected, "{source:?}");
    }
}

#[test]
fn an_item_behind_a_plain_scalar_with_a_bar_is_found() {
    let source = "a:\n- a | b\n- |\n  x\n- y\n";
    assert_eq!(replaced(source, "a[1]", "v").unwrap(), "a:\n- a | b\n- v\n- y\n");
}

#[test]
fn a_value_that_is_not_written_yet_comes_behind_the_colon() {
    let table = [
        ("a:\nb: 1\n", "a: v\nb: 1\n"),
        ("a:   # c\nb: 1\n", "a: v   # c\nb: 1\n"),
        ("a:", "a: v"),
        ("a :\r\n", "a : v\r\n"),
        ("a: &x # c\n", "a: &x v # c\n"),
        ("a: !!str\nb: 1\n", "a: !!str v\nb: 1\n"),
        ("{a: , b: 1}\n", "{a: \"v\" , b: 1}\n"),
        ("{a, b: 1}\n", "{a: \"v\", b: 1}\n"),
        ("{b: 1, \"a\":}\n", "{b: 1, \"a\": \"v\"}\n"),
        ("? a\n:\nb: 1\n", "? a\n: v\nb: 1\n"),
        ("a: ~\n", "a: v\n"),
        ("a: null # c\n", "a: v # c\n"),
    ];
    for (source, expected) in table {
        assert_eq!(
            replaced(source, "a", "v").unwrap_or_else(|e| panic!("{source:?}: {e}")),
            expected,
            "{source:?}"
        );
    }
}

#[test]
fn a_removed_entry_takes_its_own_lines_and_nothing_else() {
    let table = [
        ("a:\n  !t # why\n  b: 1\nc: 2\n", "a.b", "a:\n  !t {} # why\nc: 2\n"),
        ("a: 1\nb: 2\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a: 1\r\nb: 2\r\n", "b", "a: 1\r\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: 1\r\nb: 2", "b", "a: 1"),
        ("a: |\n  x\nb: 2", "b", "a: |\n  x\n"),
        (
            "# top\na: 1\n# above b\nb: 2 # at b\n# above c\nc: 3\n",
            "b",
            "# top\na: 1\n# above b\n# above c\nc: 3\n",
        ),
        ("a:\n  b: 1\n    # deep\n\n    # deeper\n  # level\n  c: 2\n", "a.b", "a:\n  # level\n  c: 2\n"),
        ("a: 1\n\nb:\n  c: 2\n\n\nd: 3\n", "b", "a: 1\n\n\n\nd: 3\n"),
        ("a:\n- b: 1\n  c: 2\n- d: 3\n", "a[0].b", "a:\n- c: 2\n- d: 3\n"),
        ("a:\n- b: 1\n  # c\n  c: 2\n", "a[0].b", "a:\n- # c\n  c: 2\n"),
        ("a: 1\nb: |+\n  x\n\n\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a: 1\nb:\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("? a\n: 1\n? b\n: - 2\n  - 3\nc: 4\n", "b", "? a\n: 1\nc: 4\n"),
        ("? a\n: 1\n?  # why\n  b\n: 2\nc: 4\n", "b", "? a\n: 1\nc: 4\n"),
        ("b: {x: [1,\n  2]} # c\na: 1\n", "b", "a: 1\n"),
        ("{a: 1, b: 2, c: 3}\n", "b", "{a: 1, c: 3}\n"),
        ("{ b: 2 , c: 3 }\n", "b", "{ c: 3 }\n"),
        ("{ a: 1, b: 2 }\n", "b", "{ a: 1 }\n"),
        ("{ a: 1, b: 2, }\n", "b", "{ a: 1, }\n"),
        ("{a: 1, b}\n", "b", "{a: 1}\n"),
        ("{b: 1, \u{a0}c: 2}\n", "b", "{\u{a0}c: 2}\n"),
        ("a: 1\nb: |\n  x\u{a0}\nc: 2\n", "b", "a: 1\nc: 2\n"),
        (
            "{\n  a: 1, # one\n  b: 2, # two\n  c: 3 # three\n}\n",
            "b",
            "{\n  a: 1, # one\n  c: 3 # three\n}\n",
        ),
        ("{\n  a: 1, # one\n  b: 2 # two\n}\n", "b", "{\n  a: 1 # one\n}\n"),
        ("{a: 1, # one\n b: 2}\n", "b", "{a: 1 # one\n}\n"),
        ("{\"a\":1,\"b\":{\"c\":[2,3]}}", "b", "{\"a\":1}"),
    ];
    for (source, at, expected) in table {
        assert_eq!(removed(source, at).unwrap_or_else(|e| panic!("{source:?}: {e}")), expected, "{source:?}");
    }
}

#[test]
fn an_entry_takes_the_place_of_another() {
    let table = [
        (
            "a:\n  # above\n  build: . # at\n  ports: [ 1 ]\n",
            "a.build",
            "a:\n  # above\n  image: app:1\n  ports: [ 1 ]\n",
        ),
        (
            "a:\n    build:\n        context: .\n        # in\n\n    b: 1",
            "a.build",
            "a:\n    image: app:1\n\n    b: 1",
        ),
        ("a:\r\n  build: .", "a.build", "a:\r\n  image: app:1"),
        ("a: {build: {context: ., args: [x]}, b: 1}\n", "a.build", "a: {image: \"app:1\", b: 1}\n"),
        ("{\"build\":\".\"}", "build", "{\"image\": \"app:1\"}"),
        ("\"build\": .\n", "build", "\"image\": app:1\n"),
        ("a:\n  ? # nothing\n  build: .\n", "a.\"\"", "a:\n  image: app:1\n  build: .\n"),
        ("? build\n: .\nb: 1\n", "build", "image: app:1\nb: 1\n"),
        ("{ ? build : . , b: 1}\n", "build", "{ image: \"app:1\" , b: 1}\n"),
        ("a:\n- build: .\n  b: 1\n", "a[0].build", "a:\n- image: app:1\n  b: 1\n"),
        ("build:\nb: 1\n", "build", "image: app:1\nb: 1\n"),
        ("build: &b .\nb: 1\n", "build", "image: app:1\nb: 1\n"),
    ];
    for (source, at, expected) in table {
        assert_eq!(swapped(source, at).unwrap_or_else(|e| panic!("{source:?}: {e}")), expected, "{source:?}");
    }
}

#[test]
fn a_new_entry_comes_first() {
    let table = [
        ("a:\n    b: 1\n", "a", "a:\n    image: app:1\n    b: 1\n"),
        ("a:\r\n  b: 1", "a", "a:\r\n  image: app:1\r\n  b: 1"),
        ("b: 1", "", "image: app:1\nb: 1"),
        ("\u{feff}b: 1\n", "", "\u{feff}image: app:1\nb: 1\n"),
        ("# a\n\u{feff}b: 1\n", "", "# a\n\u{feff}image: app:1\nb: 1\n"),
        ("a:\n- b: 1\n", "a[0]", "a:\n- image: app:1\n  b: 1\n"),
        ("a: {b: 1}\n", "a", "a: {image: \"app:1\", b: 1}\n"),
        ("a: {}\n", "a", "a: {image: \"app:1\"}\n"),
    ];
    for (source, at, expected) in table {
        assert_eq!(inserted(source, at).unwrap(), expected, "{source:?}");
    }
}

#[test]
fn several_edits_are_made_at_once() {
    let source = "a: 1\nb: 2\nc: {d: 4, e: 5}\n";
    let plan = |splice: &mut Splice<'_>| {
        splice.remove(&path("c.d"))?;
        splice.replace_scalar(&path("a"), "x")?;
        splice.remove(&path("b"))
    };
    assert_eq!(edit(source, plan).unwrap(), "a: x\nc: {e: 5}\n");
}

#[test]
fn what_would_change_other_values_is_refused() {
    let spreads = [
        ("x: &x {b: 1}\ny: *x\n", "y.b", "x.b"),
        ("x: &x\n  b: 1\ny:\n  <<: *x\n  c: 2\n", "x.b", "y.b"),
        ("x: &x\n  b: 1\nz: {d: 1}\ny:\n  <<: [{d: 1}, *x]\n", "x.b", "y.b"),
        ("x: {b: &v 1}\ny: [*v, 2]\n", "x.b", "y[0]"),
    ];
    for (source, at, reached) in spreads {
        let error = replaced(source, at, "v").unwrap_err();
        assert_eq!(error.to_string(), format!("the change would also reach {reached}"), "{source:?}");
        assert_eq!(error.exit(), Exit::No);
    }
    let error = removed("a: {b: &v 1, c: 2}\nd: *v\n", "a.b").unwrap_err();
    assert_eq!(error.to_string(), "line 1, column 8: the anchor &v would go, and line 2, column 4 uses it");
    assert_eq!(error.exit(), Exit::No);
}

#[test]
fn an_own_key_that_hides_a_merged_one_is_no_reason_to_refuse() {
    let source = "x: &x\n  b: 1\n  c: 1\ny:\n  <<: *x\n  b: 2\n";
    assert_eq!(replaced(source, "x.b", "v").unwrap(), "x: &x\n  b: v\n  c: 1\ny:\n  <<: *x\n  b: 2\n");
}

#[test]
fn a_shared_value_changes_when_all_who_share_it_may() {
    let source = "x: &x {b: 1}\ny: *x\n";
    let plan = |splice: &mut Splice<'_>| {
        splice.replace_scalar(&path("x.b"), "v")?;
        splice.allow(&path("y.b"));
        Ok(())
    };
    assert_eq!(edit(source, plan).unwrap(), "x: &x {b: \"v\"}\ny: *x\n");
    let both = |splice: &mut Splice<'_>| {
        splice.replace_scalar(&path("x.b"), "v")?;
        splice.replace_scalar(&path("y.b"), "v")
    };
    assert_eq!(edit(source, both).unwrap(), "x: &x {b: \"v\"}\ny: *x\n");
}

#[test]
fn an_edit_that_makes_no_sense_says_why() {
    let table: [(Result<String, Error>, &str); 8] = [
        (removed("a: 1\n", "b"), "there is no b"),
        (removed("x: &x {b: 1}\ny: {<<: *x}\n", "y.b"), "there is no y.b"),
        (replaced("a: [1]\n", "a", "v"), "line 1, column 4: a is not a scalar"),
        (replaced("a:\n- # c\n", "a[0]", "v"), "line 2, column 6: a[0] is not a written scalar"),
        (replaced("? a\n? b\n", "a", "v"), "line 1, column 4: a is not a written scalar"),
        (swapped("image: 1\nbuild: 2\n", "build"), "line 1, column 1: image is there already"),
        (inserted("a: 1\n", "a"), "line 1, column 4: a is not a mapping"),
        (
            edit("a: {b: 1, c: 2}\n", |splice| {
                splice.replace_entry(&path("a"), "z", "1")?;
                splice.remove(&path("a.b"))
            }),
            "line 1, column 5: two changes meet at the same place",
        ),
    ];
    for (result, expected) in table {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
}

/// Every edit of the table at once.
fn removed_all(source: &str, paths: &str) -> Result<String, Error> {
    edit(source, |splice| paths.split(' ').try_for_each(|at| splice.remove(&path(at))))
}

#[test]
fn items_go_like_entries() {
    let table = [
        ("a:\n- b\n- c # why\n- d\n", "a[1]", "a:\n- b\n- d\n"),
        ("a:\n  - b: 1\n    c: 2\n    # deep\n  # level\n  - d\n", "a[0]", "a:\n  # level\n  - d\n"),
        ("a:\n  -   b\n  -\n  - d", "a[2]", "a:\n  -   b\n  -"),
        ("a:\n  - b\n  -\n  - d\n", "a[1]", "a:\n  - b\n  - d\n"),
        ("a:\n  - &x b\n  - !t c\n  - d\n", "a[1]", "a:\n  - &x b\n  - d\n"),
        ("a:\n  - |\n    x\n\n  - c\n", "a[0]", "a:\n\n  - c\n"),
        ("- - a\n  - b\n- c\n", "[0][0]", "- - b\n- c\n"),
        ("a: [b, c, d]\n", "a[0]", "a: [c, d]\n"),
        ("a: [ b, c, d ]\n", "a[2]", "a: [ b, c ]\n"),
        ("a: [\n  b, # b\n  c, # c\n]\n", "a[0]", "a: [\n  c, # c\n]\n"),
    ];
    for (source, at, expected) in table {
        let result = edit(source, |splice| splice.remove(&path(at)));
        assert_eq!(result.unwrap_or_else(|e| panic!("{source:?}: {e}")), expected, "{source:?}");
    }
}

#[test]
fn several_members_of_one_collection_go_together() {
    let table = [
        ("a: 1\nb: 2\nc: 3\n", "b c", "a: 1\n"),
        ("a: 1\nb: 2\nc: 3", "b c", "a: 1"),
        ("a: 1\nb: 2\nc: 3\nd: 4\n", "a c", "b: 2\nd: 4\n"),
        ("x:\n- a: 1\n  b: 2\n  c: 3\n", "x[0].a x[0].b", "x:\n- c: 3\n"),
        ("{a: 1, b: 2, c: 3}\n", "b c", "{a: 1}\n"),
        ("{a: 1, b: 2, c: 3}\n", "a b", "{c: 3}\n"),
        ("{a: 1, b: 2, c: 3, d: 4}\n", "a c", "{b: 2, d: 4}\n"),
        ("{a: 1, b: 2, c: 3, d: 4}\n", "b d", "{a: 1, c: 3}\n"),
        ("{\n  a: 1, # a\n  b: 2, # b\n  c: 3 # c\n}\n", "b c", "{\n  a: 1 # a\n}\n"),
        ("x: [a, b, c]\n", "x[0] x[2]", "x: [b]\n"),
        ("x:\n- a\n- b\n- c\n", "x[0] x[2]", "x:\n- b\n"),
        ("x: &x\n- -1\n- b\n- c\n", "x[0] x[2]", "x: &x\n- b\n"),
        ("x: # why\n- - a\n- b\n- c\n", "x[0] x[2]", "x: # why\n- b\n"),
    ];
    for (source, paths, expected) in table {
        assert_eq!(
            removed_all(source, paths).unwrap_or_else(|e| panic!("{source:?}: {e}")),
            expected,
            "{source:?}"
        );
    }
}

#[test]
fn a_collection_of_which_nothing_is_left_stays_one() {
    let table = [
        ("a:  # why\n  b: 1\n  # last\nc: 2\n", "a.b", "a: {}  # why\n  # last\nc: 2\n"),
        ("a:\n  b: 1\n    # deep\n", "a.b", "a: {}\n"),
        ("a: &x !t\n  b: 1\nc: 2\n", "a.b", "a: &x !t {}\nc: 2\n"),
        ("a:\n- b\n- c\nd: 1\n", "a[0] a[1]", "a: []\nd: 1\n"),
        ("a:\r\n  b: 1", "a.b", "a: {}"),
        ("a:\n- b: 1\n- c\n", "a[0].b", "a:\n- {}\n- c\n"),
        ("b: 1\n", "b", "{}\n"),
        ("a: {b: 1}\n", "a.b", "a: {}\n"),
        ("a: [ b ] # c\n", "a[0]", "a: [] # c\n"),
    ];
    for (source, paths, expected) in table {
        assert_eq!(
            removed_all(source, paths).unwrap_or_else(|e| panic!("{source:?}: {e}")),
            expected,
            "{source:?}"
        );
    }
}

#[test]
fn a_new_value_comes_behind_what_is_there() {
    let table = [
        (
            "a:\n    b: 1 # b\n      # deep\n  # level\nc: 2\n",
            "a.v",
            "a:\n    b: 1 # b\n      # deep\n    v: x\n  # level\nc: 2\n",
        ),
        ("a:\r\n  b: 1", "a.v", "a:\r\n  b: 1\r\n  v: x"),
        ("a: 1", "v", "a: 1\nv: x"),
        ("a:\n- b\n- c\nd: 1\n", "a[2]", "a:\n- b\n- c\n- x\nd: 1\n"),
        ("a:\n- b: 1\n  c: 2\n", "a[0].v", "a:\n- b: 1\n  c: 2\n  v: x\n"),
        ("a: |+\n  t\n\nb: 1\n", "v", "a: |+\n  t\n\nb: 1\nv: x\n"),
        ("b: 1\na: |\n  t", "v", "v: x\nb: 1\na: |\n  t"),
        ("a: {b: 1}\n", "a.v", "a: {b: 1, v: \"x\"}\n"),
        ("a: {b: 1, }\n", "a.v", "a: {b: 1, v: \"x\" }\n"),
        ("a: [b]\n", "a[1]", "a: [b, \"x\"]\n"),
        ("a: []\n", "a[0]", "a: [\"x\"]\n"),
        ("a: {}\n", "a.b.c", "a: {b: {c: \"x\"}}\n"),
        ("a: {}\n", "a.b[0].c", "a: {b: [{c: \"x\"}]}\n"),
        ("a:\n   b: 1\n", "a.c.d", "a:\n   b: 1\n   c:\n      d: x\n"),
        ("a:\n  b: 1\n", "a.c[0].d", "a:\n  b: 1\n  c:\n    - d: x\n"),
        ("a:\n  b:   # why\n  c: 1\n", "a.b.v", "a:\n  b:   # why\n    v: x\n  c: 1\n"),
        ("a:\n  b: ~ # why\n  c: 1\n", "a.b[0]", "a:\n  b: # why\n    - x\n  c: 1\n"),
        ("a: {b, c: 1}\n", "a.b.v", "a: {b: {v: \"x\"}, c: 1}\n"),
        ("a: {b: null, c: 1}\n", "a.b.v", "a: {b: {v: \"x\"}, c: 1}\n"),
        ("x: &x {a: 1}\ny:\n  <<: *x\n", "y.a", "x: &x {a: 1}\ny:\n  <<: *x\n  a: x\n"),
    ];
    for (source, at, expected) in table {
        let result = edit(source, |splice| splice.insert(&path(at), "x"));
        assert_eq!(result.unwrap_or_else(|e| panic!("{source:?}: {e}")), expected, "{source:?}");
    }
    let refused = [
        ("a: 1\n", "a", "line 1, column 4: a is there already"),
        ("a: 1\n", "a.b", "line 1, column 4: a is not a mapping"),
        ("a: {}\n", "a[0]", "line 1, column 4: a is not a sequence"),
        ("a: [b]\n", "a[2]", "there is no a[2]"),
        ("a: {}\n", "a.b[1]", "there is no a.b[1]"),
        ("a:\n- # c\n", "a[0].b", "line 2, column 6: a[0] is not a collection that can grow"),
        ("a: [b: c]\n", "a[0].d", "line 1, column 5: a[0] is not a collection that can grow"),
    ];
    for (source, at, expected) in refused {
        let error = edit(source, |splice| splice.insert(&path(at), "x")).expect_err(source);
        assert_eq!((error.to_string().as_str(), error.exit()), (expected, Exit::Usage), "{source:?}");
    }
}

#[test]
fn numbers_words_and_null_are_written_as_such_and_text_never_is() {
    let table = [
        ("a: 1 # c\n", Value::Number("2"), "a: 2 # c\n"),
        ("a: '1'\n", Value::Number("2"), "a: 2\n"),
        ("a: [1]\n", Value::Bool(true), "a: true\n"),
        ("a: b\n", Value::Null, "a: null\n"),
        ("a: 1\n", Value::Text("2"), "a: \"2\"\n"),
        ("a: 1\n", Value::Text("null"), "a: \"null\"\n"),
    ];
    for (source, value, expected) in table {
        let at = if source.contains('[') { "a[0]" } else { "a" };
        let expected = if source.contains('[') { "a: [true]\n" } else { expected };
        assert_eq!(edit(source, |splice| splice.replace_scalar(&path(at), value)).unwrap(), expected);
    }
    let refused = [
        ("a: 1\n", Value::Number("0777"), "'0777' is no number that every reader of YAML takes for the same"),
        ("a: !!str 1\n", Value::Number("2"), "line 1, column 4: a is not a scalar without a tag"),
    ];
    for (source, value, expected) in refused {
        let error = edit(source, |splice| splice.replace_scalar(&path("a"), value)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_is_shared_changes_everywhere_when_it_may() {
    let source = "x: &x\n  b: &v 1\n  c: [1, 2]\ny:\n  <<: *x\nz: [*v, *x]\n";
    let plan = |splice: &mut Splice<'_>| {
        splice.spread();
        splice.replace_scalar(&path("x.b"), "v")?;
        splice.remove(&path("x.c[0]"))
    };
    assert_eq!(edit(source, plan).unwrap(), "x: &x\n  b: &v v\n  c: [2]\ny:\n  <<: *x\nz: [*v, *x]\n");
    let gone = |splice: &mut Splice<'_>| {
        splice.spread();
        splice.remove(&path("x.c"))
    };
    assert_eq!(edit(source, gone).unwrap(), "x: &x\n  b: &v 1\ny:\n  <<: *x\nz: [*v, *x]\n");
    let error = edit(source, |splice| splice.remove(&path("x.c[0]"))).unwrap_err();
    assert_eq!(error.to_string(), "the change would also reach y.c, z[1].c");
}

#[test]
fn what_a_merge_key_brings_is_written_out() {
    let table = [
        (
            "x: &x\n    b: 1 # one\n    # above c\n    c:\n        - 2\n        # in\n    d: |\n      text\n\n      more\ny:\n  <<: *x\n  d: 3\n",
            "x: &x\n    b: 1 # one\n    # above c\n    c:\n        - 2\n        # in\n    d: |\n      text\n\n      more\ny:\n  c:\n      - 2\n      # in\n  d: 3\n",
        ),
        (
            "x: &x {b: ., \"c\":[1,\n 2], d: {e: f}}\ny:\n  # why\n  <<: *x # all of it\n",
            "x: &x {b: ., \"c\":[1,\n 2], d: {e: f}}\ny:\n  # why\n  \"c\": [1,\n    2]\n  d: {e: f}\n",
        ),
        (
            "x: &x {b: 1, c: 1}\nw: &w {<<: *x, d: 2, c: 2}\ny:\n  a: 0\n  <<: [{e: 5, d: 5}, *w]\n  z: 9\n",
            "x: &x {b: 1, c: 1}\nw: &w {<<: *x, d: 2, c: 2}\ny:\n  a: 0\n  e: 5\n  d: 5\n  c: 2\n  z: 9\n",
        ),
        ("x: &x {b: 1}\ny:\n  <<: *x\n  z: 9\n", "x: &x {b: 1}\ny:\n  z: 9\n"),
        (
            "x: &x\n  c: &c\n    d: 1\n  e: &e 5\n  f: *e\ny:\n  <<: *x\r\n  z: *c\n",
            "x: &x\n  c: &c\n    d: 1\n  e: &e 5\n  f: *e\ny:\n  c:\r\n    d: 1\r\n  e: 5\r\n  f: *e\r\n  z: *c\n",
        ),
        ("x: &x |\n  t\nw: &w {v: *x, b: 1}\ny:\n  <<: *w", "x: &x |\n  t\nw: &w {v: *x, b: 1}\ny:\n  v: *x"),
    ];
    for (source, expected) in table {
        let result = edit(source, |splice| splice.unmerge(&path("y"), &["b"], None));
        assert_eq!(result.unwrap_or_else(|e| panic!("{source:?}: {e}")), expected, "{source:?}");
    }
    for (source, expected) in [
        ("y: {a: 1}\n", "line 1, column 4: y is not a mapping that merges another one"),
        ("x: &x {b: 1}\ny: {<<: *x}\n", "line 2, column 4: y is not a mapping in block style"),
    ] {
        let error = edit(source, |splice| splice.unmerge(&path("y"), &["b"], None)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
