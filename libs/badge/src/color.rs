//! Colours: named as badge-maker 6 and CSS name them, or in hexadecimal.

mod css;

use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

/// The palette of badge-maker 6.0.0, which made most of the older colours a little darker so that white text can be
/// read on them (<https://github.com/badges/shields/pull/11868>), and the aliases it knows.
const NAMES: [(&str, Color); 16] = [
    ("brightgreen", Color::BRIGHT_GREEN),
    ("green", Color::GREEN),
    ("yellowgreen", Color::YELLOW_GREEN),
    ("yellow", Color::YELLOW),
    ("orange", Color::ORANGE),
    ("red", Color::RED),
    ("blue", Color::BLUE),
    ("lightgrey", Color::LIGHT_GREY),
    ("lightgray", Color::LIGHT_GREY),
    ("grey", Color::GREY),
    ("gray", Color::GREY),
    ("success", Color::BRIGHT_GREEN),
    ("important", Color::ORANGE),
    ("critical", Color::RED),
    ("informational", Color::BLUE),
    ("inactive", Color::LIGHT_GREY),
];

impl Color {
    /// `brightgreen`, `#44bb00`.
    pub const BRIGHT_GREEN: Self = Self::rgb(0x44bb00);
    /// `green`, `#67ac09`.
    pub const GREEN: Self = Self::rgb(0x67ac09);
    /// `yellowgreen`, `#95991a`.
    pub const YELLOW_GREEN: Self = Self::rgb(0x95991a);
    /// `yellow`, `#d8b800`.
    pub const YELLOW: Self = Self::rgb(0xd8b800);
    /// `orange`, `#ea7233`.
    pub const ORANGE: Self = Self::rgb(0xea7233);
    /// `red`, `#dd4343`.
    pub const RED: Self = Self::rgb(0xdd4343);
    /// `blue`, `#007ec6`.
    pub const BLUE: Self = Self::rgb(0x007ec6);
    /// `lightgrey`, `#939393`.
    pub const LIGHT_GREY: Self = Self::rgb(0x939393);
    /// `grey`, `#555555`: the colour of labels.
    pub const GREY: Self = Self::rgb(0x555555);

    const fn rgb(value: u32) -> Self {
        let [_, red, green, blue] = value.to_be_bytes();
        Self { red, green, blue }
    }

    /// Whether dark text reads better on it than white text. The bound is badge-maker's.
    pub(crate) fn is_light(self) -> bool {
        let weighted = 299 * u32::from(self.red) + 587 * u32::from(self.green) + 114 * u32::from(self.blue);
        // Thousandths of 255, so that no rounding of floating point numbers decides. badge-maker's bound is 0.69, after
        // it has rounded to two digits.
        weighted >= 695 * 255
    }
}

/// `#rrggbb`, in lower case.
impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl FromStr for Color {
    type Err = ColorError;

    /// A name of badge-maker's palette or of CSS, or three or six hexadecimal digits with or without `#`; upper and lower case alike.
    fn from_str(text: &str) -> Result<Self, ColorError> {
        let lower = text.to_ascii_lowercase();
        if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == lower) {
            return Ok(*color);
        }
        if let Ok(place) = css::NAMES.binary_search_by_key(&lower.as_str(), |(name, _)| name) {
            return Ok(Self::rgb(css::NAMES[place].1));
        }
        let digits = lower.strip_prefix('#').unwrap_or(&lower);
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = match (is_hex, digits.len()) {
            (true, 6) => u32::from_str_radix(digits, 16).ok(),
            (true, 3) => {
                u32::from_str_radix(&digits.chars().flat_map(|c| [c, c]).collect::<String>(), 16).ok()
            }
            _ => None,
        };
        value.map(Self::rgb).ok_or_else(|| ColorError { text: text.to_owned() })
    }
}

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no colour")]
pub struct ColorError {
    text: String,
}

impl Explain for ColorError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        Some(format!(
            "give three or six hexadecimal digits, as in #07c, the name of a CSS colour, or one of {}",
            names.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hexadecimal_digits_are_colours() {
        for (text, shown) in [
            ("blue", "#007ec6"),
            ("Blue", "#007ec6"),
            ("brightgreen", "#44bb00"),
            ("green", "#67ac09"),
            ("yellowgreen", "#95991a"),
            ("yellow", "#d8b800"),
            ("orange", "#ea7233"),
            ("red", "#dd4343"),
            ("critical", "#dd4343"),
            ("lightgrey", "#939393"),
            ("gray", "#555555"),
            ("#4c1", "#44cc11"),
            ("4c1", "#44cc11"),
            ("#FF8040", "#ff8040"),
            ("000000", "#000000"),
            ("rebeccapurple", "#663399"),
            ("AliceBlue", "#f0f8ff"),
            ("yellowGreen", "#95991a"),
            ("darkgrey", "#a9a9a9"),
        ] {
            assert_eq!(text.parse::<Color>().map(|color| color.to_string()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_and_named() {
        for text in [
            "",
            "#",
            "#12",
            "#1234",
            "#12345",
            "#1234567",
            "#ggg",
            "##123",
            "+12345",
            "bleu",
            " blue",
            "rgb(1,2,3)",
            "é12",
        ] {
            let error = text.parse::<Color>().unwrap_err();
            assert_eq!(error.to_string(), format!("'{text}' is no colour"));
            assert_eq!(error.exit(), Exit::Usage);
            assert!(error.hint().is_some_and(|hint| hint.contains("lightgrey")));
        }
    }

    #[test]
    fn light_backgrounds_are_told_from_dark_ones() {
        for (text, light) in [
            ("fff", true),
            ("ffe600", true),
            ("pink", true),
            // 177.225 is the bound: 0.695 of 255.
            ("b2b2b2", true),
            ("b1b1b1", false),
            ("yellow", false),
            ("blue", false),
            ("000", false),
        ] {
            assert_eq!(text.parse::<Color>().unwrap().is_light(), light, "{text}");
        }
    }
}
