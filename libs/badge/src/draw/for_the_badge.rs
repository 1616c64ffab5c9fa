//! The style for-the-badge: 28 px high, capitals with space between them, the message bold.

use svg::Document;
use svg::node::element::{Element, Group, Rectangle};

use super::{FONTS, LOGO, Line, frame, logo, text_colors, texts};
use crate::width::{Face, measure};
use crate::{Badge, Color};

/// All lengths are pixels.
const HEIGHT: f64 = 28.0;
/// Space left and right of a text.
const MARGIN: f64 = 12.0;
/// Space left and right of a logo at the edge.
const LOGO_MARGIN: f64 = 9.0;
/// Space between logo and text.
const GUTTER: f64 = 6.0;
/// Hundredths of a pixel behind each letter.
const SPACING: u32 = 125;
/// Where the texts stand, in tenths of a pixel from the top.
const BASELINE: u32 = 175;

pub(super) fn draw(badge: &Badge) -> Document {
    let parts = badge.parts();
    let (label, message) = (parts.label.to_uppercase(), parts.message.to_uppercase());
    let has_logo = parts.logo.is_some();
    let mut label_line = line(&label, Face::Small);
    let mut message_line = line(&message, Face::SmallBold);
    // What comes before the text of the half the logo is in.
    let before = |edge: f64, text: &str| match (has_logo, text) {
        (false, _) => MARGIN,
        (true, "") => 2.0 * LOGO_MARGIN + LOGO - MARGIN,
        (true, _) => edge + LOGO + GUTTER,
    };
    let (mut left, mut right) = (0.0, 0.0);
    if parts.has_left {
        let start = before(LOGO_MARGIN, &label);
        label_line.middle = start + label_line.pixels / 2.0;
        left = start + label_line.pixels + MARGIN;
    }
    if !message.is_empty() || !parts.has_left {
        let start = if parts.has_left { MARGIN } else { before(MARGIN, &message) };
        message_line.middle = left + start + message_line.pixels / 2.0;
        right = start + message_line.pixels + MARGIN;
    }
    let halves = [(0.0, left, parts.label_color), (left, right, parts.color)];
    let areas = halves.into_iter().filter(|(_, width, _)| *width > 0.0);
    let areas =
        areas.fold(Group::new().set("shape-rendering", "crispEdges"), |group, half| group.add(area(half)));
    let mut group = texts(FONTS, 100);
    if let Some(logo) = logo(&parts, LOGO_MARGIN, HEIGHT) {
        group = group.add(logo);
    }
    for (line, background, weight) in
        [(&label_line, parts.label_color, "normal"), (&message_line, parts.color, "bold")]
    {
        if let Some(text) = text(line, background, weight) {
            group = group.add(text);
        }
    }
    frame(badge, left + right, HEIGHT, vec![areas.into(), group.into()])
}

fn line(text: &str, face: Face) -> Line<'_> {
    let width = measure(text, face);
    let spacing = SPACING * width.characters;
    let pixels = f64::from(width.preferred / 100) + f64::from(spacing) / 100.0;
    Line { text, width, pixels, middle: 0.0, spacing }
}

fn area((x, width, color): (f64, f64, Color)) -> Rectangle {
    Rectangle::new().set("x", x).set("width", width).set("height", HEIGHT).set("fill", color.to_string())
}

fn text(line: &Line<'_>, background: Color, weight: &str) -> Option<Element> {
    let (color, _) = text_colors(background);
    // The space is said as well for whoever measures the text instead of stretching it.
    let spacing = (f64::from(SPACING) / 10.0).to_string();
    let attributes = [("fill", color), ("font-weight", weight), ("letter-spacing", spacing.as_str())];
    (!line.text.is_empty()).then(|| line.draw(BASELINE, &attributes))
}
