//! Badges as documents: what is in them, and that XML parsers take them.

use proptest::prelude::*;
use pypelines_badge::{Badge, Color};

const GOLDEN: &str = r##"<svg aria-label="lines of code: 9510" height="20" role="img" width="116" xmlns="http://www.w3.org/2000/svg">
<title>lines of code: 9510</title>
<linearGradient id="shade-a75bdfc2c545540c" x2="0" y2="100%">
<stop offset="0" stop-color="#bbb" stop-opacity=".1"/>
<stop offset="1" stop-opacity=".1"/>
</linearGradient>
<clipPath id="round-a75bdfc2c545540c">
<rect height="20" rx="3" width="116"/>
</clipPath>
<g clip-path="url(#round-a75bdfc2c545540c)">
<rect fill="#555555" height="20" width="79" x="0"/>
<rect fill="#007ec6" height="20" width="37" x="79"/>
<rect fill="url(#shade-a75bdfc2c545540c)" height="20" width="116"/>
</g>
<g font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="110" text-anchor="middle" text-rendering="geometricPrecision">
<text aria-hidden="true" fill="#010101" fill-opacity=".3" textLength="690" transform="scale(.1)" x="405" y="150">
lines of code
</text>
<text fill="#fff" textLength="690" transform="scale(.1)" x="405" y="140">
lines of code
</text>
<text aria-hidden="true" fill="#010101" fill-opacity=".3" textLength="270" transform="scale(.1)" x="965" y="150">
9510
</text>
<text fill="#fff" textLength="270" transform="scale(.1)" x="965" y="140">
9510
</text>
</g>
</svg>
"##;

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
    assert_eq!(blue.len(), 2);
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

/// Any characters at all: proptest's own strings hold no control characters.
fn anything() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn any_text_gives_well_formed_xml_and_the_same_bytes_again(label in anything(), message in anything()) {
        let svg = Badge::new(&label, &message).render();
        let document = roxmltree::Document::parse(&svg).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(document.root_element().attribute("role"), Some("img"));
        prop_assert_eq!(svg, Badge::new(&label, &message).render());
    }
}
