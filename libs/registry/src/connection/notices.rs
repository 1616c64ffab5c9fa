//! `Warning` headers: what a registry wants its users to read (distribution-spec, "Warnings").

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{HeaderMap, WARNING};

/// More of them, or longer ones, are not for reading.
const MOST: usize = 20;
const LENGTH: usize = 500;

/// The warnings of a run, each of which is shown once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notices(Arc<Mutex<HashSet<String>>>);

impl Notices {
    /// Shows the warnings of an answer that were not shown yet.
    pub(super) fn show(&self, host: &str, headers: &HeaderMap) {
        for text in headers.get_all(WARNING).iter().filter_map(|value| text(value.to_str().ok()?)) {
            let line = format!("{host} warns: {text}");
            let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.len() < MOST && shown.insert(line.clone()) {
                tracing::warn!("{line}");
            }
        }
    }
}

/// The text of `299 - "text"`. Other codes are about caches, and none of a user's business.
fn text(value: &str) -> Option<String> {
    let quoted = value.trim().strip_prefix("299 ")?.trim_start().split_once(' ')?.1.trim();
    let quoted = quoted.strip_prefix('"')?;
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => text.extend(characters.next()),
            c => text.push(c),
        }
    }
    let text: String = text.chars().filter(|c| !c.is_control()).take(LENGTH).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_warning_is_a_quoted_text_of_code_299() {
        let table = [
            (r#"299 - "this tag goes away""#, Some("this tag goes away")),
            (r#"299 - "say \"no\", or not" "Sat, 21 Nov 2026 12:00:00 GMT""#, Some(r#"say "no", or not"#)),
            (r#" 299  registry.example:5000 "a" "#, Some("a")),
            (r#"299 - "never closed"#, Some("never closed")),
            (r#"299 - """#, None),
            (r#"110 - "stale""#, None),
            ("299 - text", None),
            ("299", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(text(value).as_deref(), expected, "{value}");
        }
    }
}
