//! Places in text, in our own terms: nothing outside `parse.rs` knows the parser's.

use std::fmt;

/// A range of bytes, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A place as editors show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

impl Position {
    /// Where byte `at` of `text` is; one beyond the end counts as the end.
    pub(crate) fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        let column = before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_not_the_byte_order_mark() {
        for (text, at, line, column) in [
            ("a: b", 3, 1, 4),
            ("é: b\n ü: c", 11, 2, 5),
            ("\u{feff}a: b", 3, 1, 1),
            ("a\r\nb", 99, 2, 2),
            ("", 0, 1, 1),
        ] {
            assert_eq!(Position::of(text, at), Position { line, column }, "{text:?}");
        }
    }
}
