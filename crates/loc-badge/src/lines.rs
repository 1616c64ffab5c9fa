//! What the lines of a file are.

use std::ops::AddAssign;

use crate::cli::Measure;

/// Lines of a file or of many, by what is on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Lines with code: the number on the badge.
    pub(crate) code: usize,
    /// Lines with code or with a string. Equal to `code` where a language's rule does not tell them apart.
    pub(crate) source: usize,
    /// All lines, as an editor numbers them.
    pub(crate) physical: usize,
}

impl Lines {
    /// How many there are of the kind asked for.
    pub(crate) fn of(self, measure: Measure) -> usize {
        match measure {
            Measure::Code => self.code,
            Measure::Source => self.source,
            Measure::Lines => self.physical,
        }
    }
}

impl AddAssign for Lines {
    fn add_assign(&mut self, other: Self) {
        self.code += other.code;
        self.source += other.source;
        self.physical += other.physical;
    }
}

/// How many lines an editor shows: the last one need not end.
pub(crate) fn physical(text: &[u8]) -> usize {
    let ends = memchr::memchr_iter(b'\n', text).count();
    ends + usize::from(text.last().is_some_and(|&byte| byte != b'\n'))
}

/// Whether a line holds nothing but white space and brackets, commas, colons and semicolons, which pygount takes for
/// empty in every language: black and prettier would otherwise earn lines by how they break them.
pub(crate) fn is_white(line: &[u8]) -> bool {
    line.iter().all(|&byte| is_white_space(byte) || is_bracket(byte))
}

/// Spaces, tabs, form feeds and line ends.
pub(crate) fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0c' | b'\r' | b'\n')
}

/// Brackets and what stands between their contents.
pub(crate) fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b',' | b':' | b';' | b'[' | b']' | b'{' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_need_not_end() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
            assert_eq!(physical(text.as_bytes()), lines, "{text:?}");
        }
    }

    #[test]
    fn brackets_alone_are_white() {
        for line in ["", "  ", "})", "\t},\r", "[ ];", "::"] {
            assert!(is_white(line.as_bytes()), "{line:?}");
        }
        for line in ["x", "};a", "->", "<>", "\u{a0}", "*"] {
            assert!(!is_white(line.as_bytes()), "{line:?}");
        }
    }
}
