//! Names for the parts of a drawing that other parts refer to.

use crate::Badge;

/// A digest of all the badge shows, to end the names of its parts with: when several badges are pasted into one HTML
/// page, none refers to a part of another, and the same badge always has the same names.
pub(crate) fn digest(badge: &Badge) -> String {
    let parts = badge.parts();
    let content = [
        parts.label.to_owned(),
        parts.label_color.to_string(),
        parts.message.to_owned(),
        parts.color.to_string(),
        parts.style.to_string(),
        parts.has_left.to_string(),
        parts.logo.map(ToString::to_string).unwrap_or_default(),
        parts.link.map(ToString::to_string).unwrap_or_default(),
    ];
    // None of them holds a null character.
    format!("{:016x}", fnv1a(content.join("\0").as_bytes()))
}

/// FNV-1a, 64 bits (<https://www.rfc-editor.org/rfc/rfc9923>): the standard library's hash may change between releases.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Color, Logo, Style};

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_difference_gives_another_digest() {
        let badge = Badge::new("a", "b");
        assert_eq!(digest(&badge), digest(&Badge::new("a", "b")));
        for other in [
            Badge::new("ab", ""),
            Badge::new("", "ab"),
            Badge::new("a", "c"),
            badge.clone().color(Color::RED),
            badge.clone().label_color(Color::RED),
            badge.clone().style(Style::Plastic),
            badge.clone().logo(Logo::from_bytes(b"GIF89a;").unwrap()),
            badge.clone().link("https://example.com".parse().unwrap()),
        ] {
            assert_ne!(digest(&badge), digest(&other), "{other:?}");
        }
    }
}
