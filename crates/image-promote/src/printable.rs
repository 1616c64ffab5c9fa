//! What images say of themselves, for a terminal.

pub(crate) use contract::output::printable as shown;

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
    fn words_keep_their_bounds() {
        let list = ["a b".to_owned(), "c\"d".to_owned(), "\",\"".to_owned()];
        assert_eq!(words(&list), r#"["a b", "c\"d", "\",\""]"#);
        assert_eq!(words(&[]), "[]");
    }
}
