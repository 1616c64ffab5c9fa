//! How a value gets through a file or a shell unchanged.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A value for `artifacts:reports:dotenv`, where one is possible. GitLab strips values, ends them at the line's end, takes
/// quotes literally, and expands `$NAME` later: `$$` is a `$`.
pub(crate) fn dotenv(value: &str) -> Option<String> {
    let is_kept =
        value.trim() == value && !value.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}');
    is_kept.then(|| value.replace('$', "$$"))
}

/// A word of a POSIX shell, quoted whatever is in it.
pub(crate) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// A word of a POSIX shell, with quotes only where it needs some.
pub(crate) fn word(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) { value.to_owned() } else { quoted(value) }
}

/// A value for `$GITHUB_OUTPUT` or `$GITHUB_ENV`, between two lines that nobody who chose the value could know.
pub(crate) fn github(name: &str, value: &str) -> String {
    let mut delimiter = delimiter();
    while value.contains(&delimiter) {
        delimiter = self::delimiter();
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// The keys of the standard library's hash maps come from the system's random numbers.
fn delimiter() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("ghadelimiter_{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotenv_value_comes_back_as_it_is_or_is_refused() {
        let table = [
            ("1.4.3+g1a2b3c4d", Some("1.4.3+g1a2b3c4d")),
            ("", Some("")),
            ("a b=c", Some("a b=c")),
            ("'a' \"b\" `c` #d \\e", Some("'a' \"b\" `c` #d \\e")),
            ("$(touch x) ${HOME} $$", Some("$$(touch x) $${HOME} $$$$")),
            ("é", Some("é")),
            ("a\nEVIL=1", None),
            ("a\r", None),
            ("a\0b", None),
            (" a", None),
            ("a\t", None),
            ("a\u{85}b", None),
            ("a\u{2028}b", None),
        ];
        for (value, written) in table {
            assert_eq!(dotenv(value).as_deref(), written, "{value:?}");
        }
    }

    #[test]
    fn a_shells_word_is_quoted_where_it_has_to_be() {
        let table = [
            ("org.x=1.4.3+g1", "org.x=1.4.3+g1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$(x)\n", "'$(x)\n'"),
            ("~", "'~'"),
        ];
        for (value, written) in table {
            assert_eq!(word(value), written);
        }
    }

    #[test]
    fn the_line_that_ends_a_value_is_another_each_time() {
        let one = github("A", "x\nEOF\n");
        assert_ne!(one, github("A", "x\nEOF\n"));
        let lines: Vec<&str> = one.lines().collect();
        let [first, "x", "EOF", "", last] = lines[..] else { panic!("{one}") };
        assert_eq!(first, format!("A<<{last}"));
        assert_eq!(last.len(), "ghadelimiter_".len() + 32);
    }
}
