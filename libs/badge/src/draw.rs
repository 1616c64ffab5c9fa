//! From a badge to SVG: what all styles share.

mod flat;
mod for_the_badge;
mod social;

use svg::Document;
use svg::node::element::{Anchor, Element, Group, Image, Text, Title};

use crate::badge::Parts;
use crate::width::Width;
use crate::{Badge, Color, Style};

pub(crate) fn draw(badge: &Badge) -> Document {
    match badge.parts().style {
        Style::Flat => flat::draw(badge, &flat::FLAT),
        Style::FlatSquare => flat::draw(badge, &flat::FLAT_SQUARE),
        Style::Plastic => flat::draw(badge, &flat::PLASTIC),
        Style::ForTheBadge => for_the_badge::draw(badge),
        Style::Social => social::draw(badge),
    }
}

/// Side of the square a logo is fitted into, in pixels.
const LOGO: f64 = 14.0;

/// The fonts of all styles but the social one, and what stands in for them.
const FONTS: &str = "Verdana,Geneva,DejaVu Sans,sans-serif";

/// What all groups of texts have in common. The widths know no pairs of letters, and with kerning DejaVu Sans sets
/// `AVATAR` a letter narrower.
fn texts(fonts: &str, size: u32) -> Group {
    Group::new()
        .set("text-anchor", "middle")
        .set("font-family", fonts)
        .set("font-size", size)
        .set("text-rendering", "geometricPrecision")
        .set("style", "font-kerning:none")
}

/// The document around what a style draws.
fn frame(badge: &Badge, width: f64, height: f64, content: Vec<Element>) -> Document {
    let document = Document::new()
        .set("width", width)
        .set("height", height)
        .set("role", "img")
        .set("aria-label", badge.spoken())
        .add(Title::new(badge.spoken()));
    match badge.parts().link {
        Some(link) => {
            let anchor = Anchor::new().set("href", link.to_string()).set("target", "_blank");
            document.add(content.into_iter().fold(anchor, Anchor::add))
        }
        None => content.into_iter().fold(document, Document::add),
    }
}

/// The logo, if there is one, `x` pixels from the left of a badge of this height.
fn logo(parts: &Parts<'_>, x: f64, height: f64) -> Option<Element> {
    let image = parts.logo.map(|logo| {
        Image::new()
            .set("x", x)
            .set("y", (height - LOGO) / 2.0)
            .set("width", LOGO)
            .set("height", LOGO)
            .set("href", logo.to_string())
    });
    image.map(Element::from)
}

/// One text where it goes. Lengths are pixels.
struct Line<'a> {
    text: &'a str,
    width: Width,
    /// How much room it has.
    pixels: f64,
    middle: f64,
    /// What letter spacing adds to its natural width, in hundredths of a pixel.
    spacing: u32,
}

impl Line<'_> {
    /// The text with its lower edge at `y` tenths of a pixel, and these attributes besides.
    ///
    /// It is drawn ten times as large and scaled down, because browsers have a minimum font size that readers can raise.
    fn draw(&self, y: u32, attributes: &[(&str, &str)]) -> Element {
        let mut text =
            Text::new(self.text).set("x", 10.0 * self.middle).set("y", y).set("transform", "scale(.1)");
        if let Some(tenths) = self.width.declared(self.pixels, self.spacing) {
            text = text.set("textLength", tenths);
        }
        attributes.iter().fold(text, |text, (name, value)| text.set(*name, *value)).into()
    }
}

/// The colours of a text on this background, and of its shadow.
fn text_colors(background: Color) -> (&'static str, &'static str) {
    if background.is_light() { ("#333", "#ccc") } else { ("#fff", "#010101") }
}
