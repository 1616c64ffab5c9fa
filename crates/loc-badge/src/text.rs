//! From the bytes of a file to text whose lines end in `\n`.
//!
//! Only what tells lines of code apart has to be right, and that is ASCII in every encoding a source file may have but
//! UTF-16. So the other encodings are not decoded: their bytes beyond ASCII pass for letters.

use std::borrow::Cow;

use memchr::memchr;

/// The text of a file, without byte order mark.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, text @ ..] => Cow::Borrowed(text),
        [0xFF, 0xFE, text @ ..] => Cow::Owned(from_utf16(text, u16::from_le_bytes)),
        [0xFE, 0xFF, text @ ..] => Cow::Owned(from_utf16(text, u16::from_be_bytes)),
        _ => Cow::Borrowed(bytes),
    };
    if memchr(b'\r', &text).is_some() { Cow::Owned(unix_lines(&text)) } else { text }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

fn unix_lines(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len());
    let mut bytes = text.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte == b'\r' {
            bytes.next_if(|&&next| next == b'\n');
            lines.push(b'\n');
        } else {
            lines.push(byte);
        }
    }
    lines
}

/// Whether pygount could read this Python file. It takes the encoding that the file declares, else UTF-8, else
/// Windows-1252, and gives up where a byte means nothing in it.
pub(crate) fn is_readable_python(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) || str::from_utf8(bytes).is_ok() {
        return true;
    }
    match declared_encoding(bytes) {
        Some(name) => !matches!(name.replace('_', "-").as_str(), "utf-8" | "utf8" | "ascii" | "us-ascii"),
        None => !bytes.iter().any(|byte| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D)),
    }
}

/// What `# -*- coding: NAME -*-` in one of the first two lines says (<https://peps.python.org/pep-0263/>), in lower case.
fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(128)]).to_ascii_lowercase();
    head.lines().take(2).find_map(|line| {
        let comment = line.strip_prefix('#')?.trim_start_matches('#').trim_start();
        let comment = comment.strip_prefix("-*-").unwrap_or(comment).trim_start();
        let comment = comment.strip_prefix("en").unwrap_or(comment).strip_prefix("coding")?;
        let name = comment.trim_start().strip_prefix([':', '='])?.trim_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        Some(name.split(|c| !is_name(c)).next()?.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_line_ends_of_any_kind_become_one() {
        for bytes in [
            b"a = 1\nb\n".as_slice(),
            b"a = 1\r\nb\r\n",
            b"a = 1\rb\r",
            b"\xEF\xBB\xBFa = 1\nb\n",
            b"\xFF\xFEa\0 \0=\0 \x001\0\n\0b\0\n\0",
            b"\xFE\xFF\0a\0 \0=\0 \x001\0\r\0\n\0b\0\n",
        ] {
            assert_eq!(decode(bytes).as_ref(), b"a = 1\nb\n", "{bytes:?}");
        }
    }

    #[test]
    fn what_no_encoding_explains_is_not_readable() {
        for (bytes, readable) in [
            (b"x = 'a'\n".as_slice(), true),
            ("x = 'ä'\n".as_bytes(), true),
            (b"x = '\xE4'\n", true),
            (b"x = '\x81'\n", false),
            (b"# coding: utf-8\nx = '\xE4'\n", false),
            (b"#!/usr/bin/python\n# -*- coding: shift_jis -*-\nx = '\x81'\n", true),
            (b"# encoding = euc-jp\nx = '\x8F'\n", true),
            (b"#\n#\n# coding: euc-jp\nx = '\x8F'\n", false),
        ] {
            assert_eq!(is_readable_python(bytes), readable, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
