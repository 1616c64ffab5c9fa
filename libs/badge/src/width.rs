//! How wide a text is in the fonts badges are set in.
//!
//! No font is needed to draw a badge, only these widths. Readers without Verdana (most Linux machines) see DejaVu Sans
//! in its place. It was drawn to match, but for a few characters, `%` above all: a text is declared as wide as
//! badge-maker declares it where both fonts can follow, and nearer to DejaVu Sans where that would pull it apart. In the
//! same way Arial and Liberation Sans, which are equally wide, stand in for Helvetica.

mod tables;

use tables::{DEJAVU, DEJAVU_BOLD, HELVETICA_BOLD, LIBERATION_BOLD, SYMBOLS, VERDANA, VERDANA_BOLD};

/// A font at the size a style uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    /// Verdana, 11 px.
    Normal,
    /// Verdana, 10 px.
    Small,
    /// Verdana Bold, 10 px.
    SmallBold,
    /// Helvetica Bold, 11 px.
    Helvetica,
}

/// Widths of one text, in hundredths of a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Width {
    /// In the font of choice. Characters of unknown width count as much as an `m`, as in badge-maker.
    pub(crate) preferred: u32,
    /// In the font that stands in for it, if that has all the characters.
    pub(crate) fallback: Option<u32>,
    /// Whether the widths of all characters are known.
    pub(crate) is_known: bool,
    /// How many characters take space of their own.
    pub(crate) characters: u32,
}

/// How much wider or narrower than the other font has it a text may be declared, in hundredths of a pixel: half of what
/// the fonts differ by, within these bounds. Two pixels begin to be seen.
const TOLERANCE: [u32; 2] = [140, 180];

impl Width {
    /// Whole pixels, as badge-maker rounds them: down, and then up to an odd number, because the middle of an odd width
    /// is a pixel and the text stays sharp.
    pub(crate) fn odd_pixels(self) -> u32 {
        match self.preferred {
            0 => 0,
            hundredths => (hundredths / 100) | 1,
        }
    }

    /// What a text that takes `pixels` in the drawing is declared to be long, in tenths of a pixel: `None` if the
    /// reader's own font should decide. `spacing` is what letter spacing adds, in hundredths of a pixel.
    pub(crate) fn declared(self, pixels: f64, spacing: u32) -> Option<f64> {
        if !self.is_known {
            return None;
        }
        let tenths = 10.0 * pixels;
        let Some(fallback) = self.fallback else { return Some(tenths) };
        let [least, most] = TOLERANCE;
        let tolerance = (self.preferred.abs_diff(fallback) / 2).clamp(least, most);
        let bound = |hundredths: u32| f64::from((hundredths + spacing) / 10);
        Some(tenths.clamp(bound(fallback.saturating_sub(tolerance)), bound(fallback + tolerance)))
    }
}

/// Measures `text`.
pub(crate) fn measure(text: &str, face: Face) -> Width {
    let mut width = Width { fallback: Some(0), is_known: true, ..Width::default() };
    let mut joined = false;
    for c in text.chars() {
        let advance = match c {
            // What is joined to the character before it is drawn as one with it.
            _ if joined => Advance::Zero,
            _ => advance(c),
        };
        joined = c == '\u{200D}';
        let (preferred, fallback) = match advance {
            Advance::Zero => continue,
            Advance::Listed(index) => (face.of_listed(index), face.of_fallback(index)),
            Advance::Ems(hundredths) => (face.ems(hundredths), None),
            Advance::Unknown => {
                width.is_known = false;
                (face.of_listed(M), None)
            }
        };
        width.characters += 1;
        width.preferred += preferred;
        width.fallback = width.fallback.zip(fallback).map(|(sum, fallback)| sum + fallback);
    }
    // 10 px is 10/11 of 11 px, rounded once.
    if face == Face::Small {
        width.preferred = width.preferred * 10 / 11;
        width.fallback = width.fallback.map(|sum| sum * 10 / 11);
    }
    width
}

impl Face {
    /// `Small` is measured at 11 px.
    fn of_listed(self, index: usize) -> u32 {
        let table = match self {
            Self::Normal | Self::Small => &VERDANA,
            Self::SmallBold => &VERDANA_BOLD,
            Self::Helvetica => &HELVETICA_BOLD,
        };
        u32::from(table[index])
    }

    fn of_fallback(self, index: usize) -> Option<u32> {
        let table = match self {
            Self::Normal | Self::Small => &DEJAVU,
            Self::SmallBold => &DEJAVU_BOLD,
            Self::Helvetica => &LIBERATION_BOLD,
        };
        Some(u32::from(table[index])).filter(|width| *width > 0)
    }

    fn ems(self, hundredths: u32) -> u32 {
        let size = match self {
            Self::SmallBold => 10,
            Self::Normal | Self::Small | Self::Helvetica => 11,
        };
        size * hundredths
    }
}

enum Advance {
    /// It stands over the character before it, or is not drawn.
    Zero,
    /// Its place in the tables.
    Listed(usize),
    /// Hundredths of the font's size, in every font that has it.
    Ems(u32),
    Unknown,
}

/// The letters the tables have, block by block: Latin with its accents, Greek, Cyrillic.
const BLOCKS: [(char, char); 4] =
    [(' ', '~'), ('\u{A0}', '\u{17F}'), ('\u{370}', '\u{3FF}'), ('\u{400}', '\u{45F}')];
/// Where `m` is in the tables.
const M: usize = 'm' as usize - ' ' as usize;

fn advance(c: char) -> Advance {
    match c {
        '\u{AD}'
        | '\u{300}'..='\u{36F}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        // Skin tones.
        | '\u{1F3FB}'..='\u{1F3FF}' => Advance::Zero,
        // Two of them are a flag.
        '\u{1F1E6}'..='\u{1F1FF}' => Advance::Ems(62),
        // Emoji are a quarter wider than high in the fonts of all big systems.
        '\u{1F300}'..='\u{1FAFF}' => Advance::Ems(125),
        // Chinese, Japanese and Korean, and full-width forms.
        '\u{1100}'..='\u{115F}'
        | '\u{2E80}'..='\u{A4CF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF01}'..='\u{FF60}'
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{20000}'..='\u{3FFFF}' => Advance::Ems(100),
        _ => listed(c).map_or(Advance::Unknown, Advance::Listed),
    }
}

fn listed(c: char) -> Option<usize> {
    let mut start = 0;
    for (first, last) in BLOCKS {
        if (first..=last).contains(&c) {
            return Some(start + c as usize - first as usize);
        }
        start += last as usize - first as usize + 1;
    }
    SYMBOLS.binary_search(&c).ok().map(|place| start + place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> u32 {
        measure(text, Face::Normal).odd_pixels()
    }

    fn preferred(text: &str) -> u32 {
        measure(text, Face::Normal).preferred
    }

    #[test]
    fn widths_are_those_of_badge_maker() {
        for (text, width) in [
            ("lines of code", 69),
            ("296462", 41),
            ("coverage", 51),
            ("87.5%", 37),
            ("type coverage", 79),
            ("production", 59),
            ("v1.10.0", 43),
            ("code style", 55),
            ("iiiillll", 25),
        ] {
            assert_eq!(of(text), width, "{text}");
        }
    }

    #[test]
    fn an_empty_text_has_no_width() {
        assert_eq!(of(""), 0);
    }

    #[test]
    fn letters_beyond_ascii_have_a_width_too() {
        for (text, width) in [
            ("ä", 661),
            ("é", 655),
            ("ö", 668),
            ("ü", 696),
            ("ÿ", 651),
            ("ß", 682),
            ("ł", 313),
            ("Ω", 900),
            ("Ж", 1070),
            ("–", 699),
            ("…", 900),
            ("✓", 841),
            ("→", 1100),
            ("漢", 1100),
            ("あ", 1100),
            ("🚀", 1375),
        ] {
            assert_eq!(preferred(text), width, "{text}");
        }
        assert_eq!(preferred("e\u{301}"), preferred("é"));
    }

    #[test]
    fn an_emoji_of_several_characters_is_one() {
        assert_eq!(preferred("👩\u{200D}💻"), preferred("👩"));
        assert_eq!(preferred("👍🏽"), preferred("👍"));
        assert_eq!(measure("🇪🇺", Face::Normal).preferred, 2 * 682);
        assert_eq!(preferred("✔\u{FE0F}"), preferred("✔"));
    }

    #[test]
    fn every_table_has_a_place_for_every_character() {
        assert_eq!(listed('☑').map(|place| VERDANA[place]), Some(VERDANA[listed('☑').unwrap()]));
        assert_eq!(listed(*SYMBOLS.last().unwrap()), Some(VERDANA.len() - 1));
        assert!(SYMBOLS.is_sorted());
    }

    #[test]
    fn the_declared_length_is_badge_makers_unless_dejavu_sans_cannot_follow() {
        for (text, tenths) in
            [("lines of code", 690.0), ("coverage", 510.0), ("87.5%", 363.0), ("I:I:I", 189.0)]
        {
            let width = measure(text, Face::Normal);
            assert_eq!(width.declared(f64::from(width.odd_pixels()), 0), Some(tenths), "{text}");
        }
    }

    #[test]
    fn a_text_of_unknown_width_is_not_forced_into_one() {
        let width = measure("עברית", Face::Normal);
        assert_eq!((width.odd_pixels(), width.declared(53.0, 0)), (53, None));
    }
}
