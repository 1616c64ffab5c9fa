//! How wide a text is in Verdana at 11 px, the font badges are set in.
//!
//! No font is needed to draw a badge, only these widths. Where Verdana is not installed (most Linux machines), DejaVu
//! Sans stands in, which is as wide within two pixels.

/// Advance widths of U+0020 to U+007E, in hundredths of a pixel, as the table of anafanafo 2.0.0 has them
/// (<https://github.com/metabolize/anafanafo>, MIT).
const ASCII: [u16; 95] = [
    387, 433, 505, 900, 699, 1184, 799, 295, 500, 500, 699, 900, 400, 500, 400, 500, 699, 699, 699, 699, 699,
    699, 699, 699, 699, 699, 500, 500, 900, 900, 900, 600, 1100, 752, 754, 768, 848, 696, 632, 853, 827, 463,
    500, 762, 612, 927, 823, 866, 663, 866, 765, 752, 678, 805, 752, 1088, 754, 677, 754, 500, 500, 500, 900,
    699, 699, 661, 685, 573, 685, 655, 387, 685, 696, 302, 379, 651, 302, 1070, 696, 668, 685, 685, 469, 573,
    433, 696, 651, 900, 651, 651, 578, 698, 500, 698, 900,
];

/// The width of `text` in whole pixels, as badge-maker rounds it: down, and then up to an odd number, because the
/// middle of an odd width is a pixel and the text stays sharp.
pub(crate) fn of(text: &str) -> u32 {
    let hundredths: u32 = text.chars().map(|c| u32::from(of_char(c))).sum();
    match text {
        "" => 0,
        _ => (hundredths / 100) | 1,
    }
}

/// Hundredths of a pixel.
fn of_char(c: char) -> u16 {
    match c {
        ' '..='~' => ASCII[c as usize - ' ' as usize],
        // Combining marks stand over the letter before them.
        '\u{300}'..='\u{36F}' => 0,
        'ß' => 682,
        '–' => 699,
        '—' | '→' => 1100,
        '…' => 900,
        '✓' => 841,
        _ => of_char(base(c).unwrap_or('m')),
    }
}

/// The plain letter under the accents of Latin-1, which has the same width.
fn base(c: char) -> Option<char> {
    Some(match c {
        'À'..='Å' => 'A',
        'Ç' => 'C',
        'È'..='Ë' => 'E',
        'Ì'..='Ï' => 'I',
        'Ñ' => 'N',
        'Ò'..='Ö' => 'O',
        'Ù'..='Ü' => 'U',
        'Ý' => 'Y',
        'à'..='å' => 'a',
        'ç' => 'c',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ñ' => 'n',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ý' | 'ÿ' => 'y',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (c, width) in
            [('ä', 661), ('é', 655), ('ö', 668), ('ü', 696), ('ß', 682), ('…', 900), ('漢', 1070)]
        {
            assert_eq!(of_char(c), width, "{c}");
        }
        assert_eq!(of("e\u{301}"), of("é"));
    }
}
