//! What is written: text, a number, true, false or null.

use crate::scalar::{self, Style};

/// A scalar, by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number as it is written. Only what YAML 1.1 and 1.2 both read as this number can be written.
    Number(&'v str),
    /// A string.
    Text(&'v str),
    /// Null with this tag of an application's own: `!reset null`.
    Tagged(&'v str),
}

impl<'v> Value<'v> {
    /// What both versions of YAML take this text for, written without quotes; text when they do not agree: `yes`, `0777`
    /// and `1:30` are text.
    pub fn auto(text: &'v str) -> Self {
        match text {
            "null" => Self::Null,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ if is_number(text) => Self::Number(text),
            _ => Self::Text(text),
        }
    }

    /// What a reader of YAML 1.2 takes a scalar without quotes for.
    pub(crate) fn of_plain(text: &'v str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "true" | "True" | "TRUE" => Self::Bool(true),
            "false" | "False" | "FALSE" => Self::Bool(false),
            _ if is_number(text) => Self::Number(text),
            _ => Self::Text(text),
        }
    }

    /// The text between the quotes, if there are any.
    pub(crate) fn text(self) -> &'v str {
        match self {
            Self::Null | Self::Tagged(_) => "null",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
        }
    }

    /// As YAML, in this style if it is text.
    pub(crate) fn write(self, style: Style, in_flow: bool) -> String {
        match self {
            Self::Text(text) => scalar::write(text, style, in_flow),
            Self::Tagged(tag) => format!("{tag} null"),
            other => other.text().to_owned(),
        }
    }

    /// Whether it can be written as what it says it is.
    pub(crate) fn is_sound(self) -> bool {
        !matches!(self, Self::Number(text) if !is_number(text))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(text)
    }
}

/// As JSON has numbers, without exponents: `1e5` is text for YAML 1.1.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, "0"), |(whole, rest)| (whole, rest));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn only_what_every_reader_takes_for_a_number_is_one() {
        for text in ["0", "1", "-1", "8080", "1.5", "-0.25", "10"] {
            assert_eq!(Value::auto(text), Value::Number(text));
        }
        for text in [
            "", "-", "+1", "01", "0777", "1.", ".5", "1e5", "1:30", "1_000", "0x1f", "1.2.3", "yes", "~",
            "True",
        ] {
            assert_eq!(Value::auto(text), Value::Text(text));
        }
        assert_eq!((Value::auto("null"), Value::auto("true")), (Value::Null, Value::Bool(true)));
    }
}
