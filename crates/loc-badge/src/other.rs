//! How the lines of every language but Python are counted: tokei's lines of code, less those of brackets alone.

use std::borrow::Cow;

use tokei::{CodeStats, Config, LanguageType};

use crate::lines::{Lines, is_white, physical};

/// Counts the lines of `text`.
pub(crate) fn count(language: LanguageType, text: &[u8]) -> Lines {
    // The default reads no file: the configuration files tokei looks for belong to another tool.
    let stats = language.parse_from_slice(without_white_lines(language, text), &Config::default());
    let code = code(&stats);
    // tokei does not say which of its lines are nothing but a string.
    Lines { code, source: code, physical: physical(text) }
}

/// Code in another language, such as the script in a Vue component, is code. Markdown in it is a comment: what is code
/// there is an example in the documentation.
fn code(stats: &CodeStats) -> usize {
    let embedded = stats.blobs.iter().filter(|(language, _)| **language != LanguageType::Markdown);
    stats.code + embedded.map(|(_, blob)| code(blob)).sum::<usize>()
}

/// Leaves out lines of brackets alone, rather than subtracting their number later: those in a comment are no code anyway.
///
/// Empty lines go with them, because tokei counts those inside of a string as code, and takes half a file for a string
/// where a quotation mark stands in a regular expression.
fn without_white_lines(language: LanguageType, text: &[u8]) -> Cow<'_, [u8]> {
    let ends_comments = |mark: &str| is_white(mark.as_bytes());
    // Pascal's comments are in braces, and blanking them would turn prose into code.
    if language.multi_line_comments().iter().any(|(start, end)| ends_comments(start) || ends_comments(end)) {
        return Cow::Borrowed(text);
    }
    let mut kept = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if !is_white(line) {
            kept.extend_from_slice(line);
        }
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brackets_alone_are_no_code_and_neither_are_comments() {
        for (language, text, code) in [
            (LanguageType::C, "int main(void)\n{\n    return f(\n        1\n    );\n}\n", 3),
            (LanguageType::JavaScript, "/*\n}\n{\n*/\nf({\n  a: 1, // one\n});\n", 2),
            (LanguageType::Rust, "/// ```\n/// let x = 1;\n/// ```\nfn f() {}\n\n// done\n", 1),
            (LanguageType::Pascal, "{\n a comment\n}\nbegin\nend.\n", 2),
            (LanguageType::Sh, "#!/bin/sh\n# why\necho \"# no comment\"\n", 1),
            (LanguageType::Css, "a {\n  color: red;\n}\n", 2),
            (LanguageType::Vue, "<script>\nlet a = 1;\n// b\n</script>\n", 3),
            (LanguageType::JavaScript, "a = /[\"`]/;\nf({\n\n});\n{\n}\nb();\n", 3),
            (LanguageType::C, "", 0),
        ] {
            assert_eq!(count(language, text.as_bytes()).code, code, "{language}: {text}");
        }
    }

    #[test]
    fn physical_lines_are_all_of_them() {
        let lines = count(LanguageType::C, b"int a;\n\n// b\n{\n}");
        assert_eq!(lines, Lines { code: 1, source: 1, physical: 5 });
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd_to_count(bytes in any::<Vec<u8>>(), language in 0..LanguageType::list().len()) {
            let lines = count(LanguageType::list()[language].0, &bytes);
            prop_assert!(lines.code <= lines.physical);
        }
    }
}
