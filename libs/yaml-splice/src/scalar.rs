//! Writes a string as a YAML scalar that every reader takes for that string.
//!
//! Readers differ: YAML 1.1 (PyYAML, older Helm) takes `yes`, `1:30` and `0777` for other things than YAML 1.2
//! does. What either of them would not read as a string is quoted.
//! <https://yaml.org/type/>, <https://yaml.org/spec/1.2.2/#103-core-schema>

/// How a scalar is or was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|` and `>`
    Block,
}

/// `value` in this style if it can be written so; else, and in flow collections instead of plain, in double quotes.
pub(crate) fn write(value: &str, style: Style, in_flow: bool) -> String {
    match style {
        Style::Single if value.chars().all(is_printable) => format!("'{}'", value.replace('\'', "''")),
        Style::Plain | Style::Block if !in_flow && is_plain(value) => value.to_owned(),
        _ => double_quoted(value),
    }
}

/// A key in this style: as [`write`], but plain is fine in flow collections when no indicator of theirs is in it.
pub(crate) fn write_key(key: &str, style: Style, in_flow: bool) -> String {
    write(key, style, in_flow && key.contains([',', '[', ']', '{', '}']))
}

fn double_quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_printable(c) => quoted.push(c),
            c if u32::from(c) <= 0xFFFF => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

/// Line separators count as breaks for YAML 1.1, so they are not safe as they are.
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(value: &str) -> bool {
    const INDICATORS: &str = "-?:,[]{}#&*!|>'\"%@`=";
    let starts_well = value.chars().next().is_some_and(|c| !INDICATORS.contains(c));
    starts_well
        && value.trim() == value
        && value.chars().all(is_printable)
        && !value.contains(": ")
        && !value.contains(" #")
        && !value.ends_with(':')
        && !value.starts_with("...")
        && !reads_as_another_type(value)
}

fn reads_as_another_type(value: &str) -> bool {
    is_word(value) || value == "<<" || is_number(value) || is_date(value)
}

fn is_word(value: &str) -> bool {
    const WORDS: [&str; 10] = ["y", "n", "yes", "no", "true", "false", "on", "off", "null", "~"];
    WORDS.contains(&value.to_ascii_lowercase().as_str())
}

fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c == '_' || c.is_digit(radix));
        }
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    is_decimal(&lower) || is_sexagesimal(&lower)
}

/// `1`, `1_000`, `1.5`, `.5`, `1.`, `1e5`, `1.5e-3`; octals as `0777` are decimal digits too.
fn is_decimal(lower: &str) -> bool {
    let (mantissa, exponent) = lower.split_once('e').map_or((lower, None), |(m, e)| (m, Some(e)));
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digit = mantissa.contains(|c: char| c.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    has_digit && is_digits(whole) && is_digits(fraction) && exponent_fits
}

/// `1:30` is 90 for YAML 1.1, `1:30.5` is 90.5.
fn is_sexagesimal(lower: &str) -> bool {
    let (groups, fraction) = lower.split_once('.').unwrap_or((lower, ""));
    let is_digits = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '_');
    let mut parts = groups.split(':');
    let first = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let is_sixtieth = |part: &&str| (1..=2).contains(&part.len()) && is_digits(part);
    !rest.is_empty()
        && !first.is_empty()
        && is_digits(first)
        && is_digits(fraction)
        && rest.iter().all(is_sixtieth)
}

/// `2026-11-02` and anything that goes on with a time of day.
fn is_date(value: &str) -> bool {
    let mut parts = value.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.split(['T', 't', ' ']).next().unwrap_or_default();
    let is_digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
    };
    year.len() == 4 && is_digits(year, 4) && is_digits(month, 2) && is_digits(day, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_a_reader_takes_for_something_else_are_quoted() {
        let quoted = [
            "",
            "~",
            "null",
            "Null",
            "yes",
            "NO",
            "on",
            "y",
            "N",
            "true",
            "False",
            "1",
            "-1",
            "+1",
            "0777",
            "0o7",
            "0x1F",
            "0b01",
            "1_000",
            "1.5",
            ".5",
            "1.",
            "1e5",
            "1E5",
            "1.5e-3",
            "72044e0",
            ".inf",
            "-.INF",
            ".NaN",
            "1:30",
            "1:30.5",
            "190:20:30",
            "2026-11-02",
            "2026-1-2T10:00:00Z",
            "20240101",
            "<<",
            "=",
            "- a",
            "-a",
            "?",
            ":a",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "#a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a'",
            "\"a\"",
            "%a",
            "@a",
            "`a",
            "{a",
            "[a",
            "]",
            ",a",
            "a\nb",
            "a\tb",
            "a\u{7}",
            "a\u{2028}b",
            "---",
            "...",
        ];
        for value in quoted {
            assert!(write(value, Style::Plain, false).starts_with('"'), "{value:?}");
        }
    }

    #[test]
    fn strings_that_every_reader_takes_for_strings_stay_plain() {
        let plain = [
            "registry.example:5000/team/app/ci:1.2.3-4",
            "app",
            "app:1",
            "app@sha256:00ff",
            "1.2.3",
            "v1",
            "1-alpine",
            "${TAG:-1}",
            "0x",
            "12g",
            "1:99:100",
            "2026-11",
            "nope",
            "a#b",
            "a:b",
            "1e",
            "é",
            "2026-11-02-rc1",
            "0abc",
        ];
        for value in plain {
            assert_eq!(write(value, Style::Plain, false), value);
        }
    }

    #[test]
    fn the_style_that_was_there_is_kept_where_it_can_be() {
        let table = [
            ("a", Style::Single, false, "'a'"),
            ("it's", Style::Single, true, "'it''s'"),
            ("a\u{7}", Style::Single, false, "\"a\\u0007\""),
            ("a\"b\\", Style::Double, false, "\"a\\\"b\\\\\""),
            ("a", Style::Plain, true, "\"a\""),
            ("a", Style::Block, false, "a"),
            ("a\n", Style::Block, false, "\"a\\n\""),
            ("\u{1f680}\u{e000f}", Style::Double, false, "\"\u{1f680}\u{e000f}\""),
        ];
        for (value, style, in_flow, expected) in table {
            assert_eq!(write(value, style, in_flow), expected, "{value:?} {style:?}");
        }
        assert_eq!(write_key("image", Style::Plain, true), "image");
        assert_eq!(write_key("a,b", Style::Plain, true), "\"a,b\"");
    }
}
