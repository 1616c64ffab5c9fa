//! The styles of badge-maker.

use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};

/// How a badge is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// 20 px high, round corners, a slight gradient, a shadow under the text.
    #[default]
    Flat,
    /// 20 px high and plain.
    FlatSquare,
    /// 18 px high, rounder corners, a strong gradient.
    Plastic,
    /// 28 px high, capitals, the message bold.
    ForTheBadge,
    /// As the counters of code hosts look: grey and white whatever the colours say.
    Social,
}

impl Style {
    /// All of them, the default first.
    pub const ALL: [Self; 5] = [Self::Flat, Self::FlatSquare, Self::Plastic, Self::ForTheBadge, Self::Social];

    /// The name badge-maker gives it, such as `for-the-badge`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::FlatSquare => "flat-square",
            Self::Plastic => "plastic",
            Self::ForTheBadge => "for-the-badge",
            Self::Social => "social",
        }
    }
}

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Style {
    type Err = StyleError;

    /// One of the names, as [`Style::name`] gives them.
    fn from_str(text: &str) -> Result<Self, StyleError> {
        let found = Self::ALL.into_iter().find(|style| style.name() == text);
        found.ok_or_else(|| StyleError { text: text.to_owned() })
    }
}

/// A text that names no style.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no style of badges")]
pub struct StyleError {
    text: String,
}

impl Explain for StyleError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!("give one of {}", Style::ALL.map(Style::name).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_is_found_by_its_name() {
        for style in Style::ALL {
            assert_eq!(style.to_string().parse(), Ok(style));
        }
        let error = "flatsquare".parse::<Style>().unwrap_err();
        assert_eq!(error.to_string(), "'flatsquare' is no style of badges");
        assert!(error.hint().is_some_and(|hint| hint.contains("flat-square, plastic")), "{error:?}");
    }
}
