//! What images say of themselves, for a terminal.

/// The text with its control characters written out: an image may say anything of itself, and must not write to
/// somebody's terminal what it likes.
pub(crate) fn shown(text: &str) -> String {
    let character = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(character).collect()
}

/// A list as JSON has it, so that one word with a space is told from two words.
pub(crate) fn words(words: &[String]) -> String {
    let quoted: Vec<_> =
        words.iter().map(|word| serde_json::Value::from(word.as_str()).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(shown("a\n\u{1b}[31mb é"), "a\\n\\u{1b}[31mb é");
    }

    #[test]
    fn words_keep_their_bounds() {
        let list = ["a b".to_owned(), "c\"d".to_owned(), "\",\"".to_owned()];
        assert_eq!(words(&list), r#"["a b", "c\"d", "\",\""]"#);
        assert_eq!(words(&[]), "[]");
    }
}
