//! Badges as documents: what is in them, and that XML parsers take them.

use proptest::prelude::*;
use pypelines_badge::{Badge, Color, Logo, Style};

const GOLDEN: &str = include_str!("golden.svg");

#[test]
fn a_badge_is_this_document() {
    assert_eq!(Badge::new("lines of code", "9510").render(), GOLDEN);
}

#[test]
fn markup_in_a_text_is_text() {
    let svg = Badge::new(r#"a<b>&"c'"#, "</text><script>").render();
    assert!(svg.contains("<title>a&lt;b&gt;&amp;\"c': &lt;/text&gt;&lt;script&gt;</title>"), "{svg}");
    assert!(
        svg.contains(r#"aria-label="a&lt;b&gt;&amp;&quot;c&apos;: &lt;/text&gt;&lt;script&gt;""#),
        "{svg}"
    );
    assert!(!svg.contains("<script"), "{svg}");
}

#[test]
fn text_on_a_light_colour_is_dark() {
    let svg = |color: &str| Badge::new("l", "m").color(color.parse().unwrap()).render();
    assert!(svg("fff").contains(r##"fill="#333""##));
    assert!(!svg("blue").contains(r##"fill="#333""##));
}

#[test]
fn no_two_badges_share_an_id() {
    let ids = |badge: Badge| -> Vec<String> {
        let svg = badge.render();
        svg.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let blue = ids(Badge::new("lines of code", "1"));
    let red = ids(Badge::new("lines of code", "1").color(Color::RED));
    assert_eq!(blue.len(), 3);
    assert!(blue.iter().all(|id| !red.contains(id)), "{blue:?} {red:?}");
    for id in &blue {
        assert!(Badge::new("lines of code", "1").render().contains(&format!("url(#{id})")));
    }
}

#[test]
fn an_empty_label_leaves_the_message_alone() {
    let svg = Badge::new("", "9510").render();
    assert!(svg.contains("<title>9510</title>"), "{svg}");
    assert!(!svg.contains("#555555"), "{svg}");
}

#[test]
fn a_link_is_around_all_of_it_and_cannot_break_out_of_its_attribute() {
    let link = "https://example.com/?a=1&b=\"'><script>".parse().unwrap();
    let svg = Badge::new("a", "b").link(link).render();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let root = document.root_element();
    let children: Vec<_> =
        root.children().filter(|node| node.is_element()).map(|node| node.tag_name().name()).collect();
    assert_eq!(children, ["title", "a"]);
    let anchor = root.last_element_child().unwrap();
    assert_eq!(anchor.attribute("href"), Some("https://example.com/?a=1&b=\"'><script>"));
    assert_eq!(root.attribute("aria-label"), Some("a: b"));
}

#[test]
fn every_style_says_what_it_shows() {
    for style in Style::ALL {
        let svg = Badge::new("lines of code", "9510").style(style).render();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"), "{style}");
        assert_eq!(root.attribute("aria-label"), Some("lines of code: 9510"), "{style}");
        let title = root.first_element_child().unwrap();
        assert_eq!(
            (title.tag_name().name(), title.text()),
            ("title", Some("lines of code: 9510")),
            "{style}"
        );
    }
}

#[test]
fn whatever_is_missing_the_badge_has_a_size() {
    let logo = Logo::from_bytes(b"GIF89a;").unwrap();
    for style in Style::ALL {
        for (label, message) in [("a", ""), ("", "b"), ("a", "b")] {
            for badge in [Badge::new(label, message), Badge::new(label, message).logo(logo.clone())] {
                for badge in [badge.clone(), badge.label_color(Color::RED)] {
                    let svg = badge.style(style).render();
                    let document = roxmltree::Document::parse(&svg).unwrap();
                    let width: f64 = document.root_element().attribute("width").unwrap().parse().unwrap();
                    assert!((14.0..90.0).contains(&width), "{style} '{label}' '{message}': {svg}");
                }
            }
        }
    }
}

/// Any characters at all: proptest's own strings hold no control characters.
fn anything() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn any_text_gives_well_formed_xml_and_the_same_bytes_again(
        label in anything(),
        message in anything(),
        style in prop::sample::select(&Style::ALL[..]),
    ) {
        let badge = Badge::new(&label, &message).style(style);
        let svg = badge.render();
        let document = roxmltree::Document::parse(&svg).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let root = document.root_element();
        prop_assert_eq!(root.attribute("role"), Some("img"));
        let title = root.first_element_child().and_then(|title| title.text()).unwrap_or_default();
        prop_assert_eq!(root.attribute("aria-label").unwrap_or_default(), title);
        prop_assert_eq!(svg, badge.clone().render());
    }
}
