//! Whether one value of a file is an older version than another.

use std::cmp::Ordering;

use version::{Version, version_of_tag};

/// How `new` stands to `current`, where both hold a version: `app:v1.2.0` and `app:v1.10.0` do. A tag such as `latest`
/// is none, so anything may follow it.
pub(crate) fn compare(new: &str, current: &str) -> Option<Ordering> {
    Some(version_in(new)?.cmp(&version_in(current)?))
}

/// The part of a value that is a version as it is written: the value itself, an image's tag, or what looks like one.
pub(crate) fn version_text(value: &str) -> Option<&str> {
    let value = value.split('@').next().unwrap_or(value);
    if read(value).is_some() {
        return Some(value);
    }
    if let Some((_, tag)) = value.rsplit_once(':').filter(|(_, tag)| read(tag).is_some()) {
        return Some(tag);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".+-_".contains(c);
    let words = value.split(|c: char| !is_part(c)).filter(|word| word.contains('.'));
    words.flat_map(tails).find(|word| read(word).is_some())
}

fn version_in(value: &str) -> Option<Version> {
    read(version_text(value)?)
}

/// `app-1.2.0` and what is left of it from each number on, the longest first.
fn tails(word: &str) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().filter(|(at, c)| {
        let before = word[..*at].chars().next_back();
        let is_start = before.is_none_or(|before| !before.is_ascii_alphanumeric() && before != '.');
        is_start && (c.is_ascii_digit() || *c == 'v')
    });
    starts.map(|(at, _)| &word[at..])
}

/// A bare number of so many digits is a date or the id of a commit, and no major version that anybody means.
const LONG_NUMBER: usize = 6;

/// Is it a date or the id of a commit?
pub(crate) fn is_long_number(text: &str) -> bool {
    text.len() >= LONG_NUMBER && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn read(text: &str) -> Option<Version> {
    let begins = text.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    if !begins || is_long_number(text) {
        return None;
    }
    Version::lenient(text).ok().or_else(|| version_of_tag(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_values() {
        let table = [
            ("1.2.3", Some("1.2.3")),
            ("v1.2", Some("v1.2")),
            ("registry.example:5000/app:v1.2.3-rc.1", Some("v1.2.3-rc.1")),
            ("app:1.2.3@sha256:00", Some("1.2.3")),
            ("https://h.example/app/releases/download/v1.2.3/app.tgz", Some("v1.2.3")),
            ("app-1.2.3", Some("1.2.3")),
            ("latest", None),
            ("app:latest", None),
            ("registry.example:5000/app", None),
            ("20240101", None),
            ("", None),
        ];
        for (value, expected) in table {
            assert_eq!(version_text(value), expected, "{value}");
        }
    }

    #[test]
    fn older_ones_are_less() {
        let table = [
            ("1.10.0", "1.9.0", Some(Ordering::Greater)),
            ("app:v1.2.0", "app:v1.10.0", Some(Ordering::Less)),
            ("1.2.0", "v1.2.0", Some(Ordering::Equal)),
            ("1.0.0-name.27", "1.0.0-name.9", Some(Ordering::Greater)),
            ("1.0.0", "latest", None),
            ("1.0.0", "1234567", None),
        ];
        for (new, current, expected) in table {
            assert_eq!(compare(new, current), expected, "{new} {current}");
        }
    }
}
