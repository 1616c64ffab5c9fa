//! Our badges beside those of badge-maker 6.0.0: as wide, as high, the texts in the same places.

use pypelines_badge::{Badge, Logo, Style};

/// Written by `badge-maker/geometry.mjs`, which says what the columns are.
const BADGE_MAKER: &str = include_str!("badge-maker/geometry.tsv");

/// Tenths of a pixel by which a few texts are declared longer or shorter than badge-maker declares them, so that DejaVu
/// Sans can follow: those with many of the characters in which it differs from Verdana, such as `3.9 | 3.10 | 3.11`.
const GIVE: f64 = 35.0;

/// Width, height, and for each text its middle and its length.
#[derive(Debug)]
struct Geometry {
    size: (f64, f64),
    texts: Vec<(f64, f64)>,
}

fn ours(badge: &Badge) -> Geometry {
    let svg = badge.render();
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).and_then(|value| value.parse().ok()).expect(name)
    };
    let is_shadow =
        |node: &roxmltree::Node<'_, '_>| node.ancestors().any(|node| node.has_attribute("aria-hidden"));
    let texts =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    let root = document.root_element();
    Geometry {
        size: (number(root, "width"), number(root, "height")),
        texts: texts
            .filter(|text| !is_shadow(text))
            .map(|text| (number(text, "x"), number(text, "textLength")))
            .collect(),
    }
}

fn theirs(columns: &[&str]) -> Geometry {
    let number = |text: &str| -> f64 { text.parse().expect("a number") };
    let texts = columns[6..].iter().map(|text| text.split_once(' ').expect("two numbers"));
    Geometry {
        size: (number(columns[4]), number(columns[5])),
        texts: texts.map(|(middle, length)| (number(middle), number(length))).collect(),
    }
}

#[test]
fn badges_are_as_wide_as_those_of_badge_maker_and_their_texts_in_the_same_places() {
    let logo = Logo::from_bytes(b"GIF89a;").unwrap();
    let (mut badges, mut texts, mut equal) = (0, 0, 0);
    for line in BADGE_MAKER.lines() {
        let columns: Vec<_> = line.split('\t').collect();
        let [style, with_logo, label, message] = columns[..4] else { panic!("{line}") };
        // There badge-maker draws an empty box.
        if style == "social" && label.is_empty() {
            continue;
        }
        let style: Style = style.parse().unwrap();
        let badge = Badge::new(label, message).style(style);
        let badge = if with_logo.is_empty() { badge } else { badge.logo(logo.clone()) };
        let (ours, theirs) = (ours(&badge), theirs(&columns));
        assert_eq!(ours.size, theirs.size, "{line}");
        assert_eq!(ours.texts.len(), theirs.texts.len(), "{line}");
        for (our, their) in ours.texts.iter().zip(&theirs.texts) {
            assert_eq!(our.0, their.0, "{line}");
            assert!((our.1 - their.1).abs() <= GIVE, "{line}: {ours:?}");
            texts += 1;
            equal += usize::from(our.1 == their.1);
        }
        badges += 1;
    }
    assert_eq!((badges, texts), (178, 348));
    assert!(equal >= 250, "{equal} of {texts} texts are declared as long");
}
