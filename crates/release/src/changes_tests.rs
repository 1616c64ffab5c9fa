//! What notes say about commits.

use super::*;

fn commit(message: &str, is_merge: bool) -> Commit {
    let id = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
    Commit { id, message: message.into(), author: "Ada".into(), is_merge }
}

fn notes(messages: &[(&str, bool)], from: Option<&str>) -> String {
    let commits = messages.iter().map(|(message, is_merge)| commit(message, *is_merge)).collect();
    let web = Web::find(Some(&"gitlab:https://h/team/app".parse().unwrap()), &|_| None).unwrap().unwrap();
    markdown(&document(Range { from: from.map(str::to_owned), to: "1.1.0".into(), commits }, Some(&web)))
}

#[test]
fn changes_are_grouped_and_what_breaks_comes_first() {
    let text = notes(
        &[
            ("fix: b", false),
            ("feat(api)!: a\n\nBREAKING CHANGE: the old one\nis gone\nReviewed-by: Z", false),
            ("Merge branch 'x'", true),
            ("Tidy up", false),
            ("docs: c", false),
        ],
        Some("1.0.0"),
    );
    let link = "([01234567](https://h/team/app/-/commit/0123456789abcdef0123456789abcdef01234567))";
    let expected = format!(
        "### Breaking changes\n\n- **api:** a {link}\\\n  the old one is gone\n\n### Fixes\n\n- b {link}\n\n\
         ### Documentation\n\n- c {link}\n\n### Other changes\n\n- Tidy up {link}\n\n**Contributors:** Ada\n\n\
         **All changes:** [1.0.0...1.1.0](https://h/team/app/-/compare/1.0.0...1.1.0)\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn messages_bring_neither_html_nor_images_nor_call_people() {
    let text = notes(&[("fix: <img src=x> ![x](y) @all", false)], None);
    for bad in [" <img", "![", "@all"] {
        assert!(!text.contains(bad), "{bad} in {text}");
    }
    assert_eq!(notes(&[], None), "No changes.\n");
}
