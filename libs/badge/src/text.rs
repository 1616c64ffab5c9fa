//! Text that XML can hold.

/// `text` as a badge shows it: white space of any kind as single spaces, none around, and without the characters that
/// an XML 1.0 document must not contain (<https://www.w3.org/TR/xml/#charsets>) or that no font draws.
pub(crate) fn printable(text: &str) -> String {
    let kept: String = text.chars().filter(|&c| c.is_whitespace() || is_drawn(c)).collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_drawn(c: char) -> bool {
    // XML allows 0x7F to 0x9F, but they are control characters all the same.
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_go_and_white_space_becomes_a_space() {
        for (text, shown) in [
            ("lines of code", "lines of code"),
            ("  two\t\r\n lines ", "two lines"),
            ("\u{1b}[31mred\u{1b}[0m", "[31mred[0m"),
            ("nul\0bell\u{7}del\u{7f}c1\u{9b}", "nulbelldelc1"),
            ("non\u{fffe}char\u{ffff}", "nonchar"),
            ("Zeilen über 9 000 ✓", "Zeilen über 9 000 ✓"),
            ("\0", ""),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }
}
