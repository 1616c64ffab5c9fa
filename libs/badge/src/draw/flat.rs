//! The styles flat, flat-square and plastic: two rectangles with a text each.

use svg::Document;
use svg::node::element::{
    ClipPath, Element, Filter, FilterEffectGaussianBlur, Group, LinearGradient, Rectangle, Stop,
};

use super::{FONTS, LOGO, Line, frame, logo, text_colors, texts};
use crate::badge::Parts;
use crate::width::{Face, measure};
use crate::{Badge, Color, ids};

/// What tells the three apart.
pub(super) struct Look {
    /// In pixels.
    height: f64,
    /// Where the texts stand, in tenths of a pixel from the top.
    baseline: u32,
    /// Round corners, a gradient and a shadow under the text; the square style has none of them.
    relief: Option<&'static Relief>,
}

struct Relief {
    /// Of the corners, in pixels.
    radius: u32,
    /// Offset, colour and opacity, from top to bottom.
    shade: &'static [(&'static str, &'static str, &'static str)],
}

pub(super) const FLAT: Look = Look {
    height: 20.0,
    baseline: 140,
    relief: Some(&Relief { radius: 3, shade: &[("0", "#bbb", ".1"), ("1", "#000", ".1")] }),
};

pub(super) const FLAT_SQUARE: Look = Look { height: 20.0, baseline: 140, relief: None };

pub(super) const PLASTIC: Look = Look {
    height: 18.0,
    baseline: 130,
    relief: Some(&Relief {
        radius: 4,
        shade: &[("0", "#fff", ".7"), (".1", "#aaa", ".1"), (".9", "#000", ".3"), ("1", "#000", ".5")],
    }),
};

/// Space left and right of a text, in pixels.
const PADDING: f64 = 5.0;

/// One half of the badge. Lengths are pixels.
struct Half<'a> {
    color: Color,
    x: f64,
    width: f64,
    line: Line<'a>,
}

pub(super) fn draw(badge: &Badge, look: &Look) -> Document {
    let parts = badge.parts();
    let halves = layout(&parts);
    let width: f64 = halves.iter().map(|half| half.width).sum();
    let digest = ids::digest(badge);
    let mut content = Vec::new();
    let mut areas = areas(&halves, look.height);
    match look.relief {
        Some(relief) => {
            let (shade, round) = (format!("shade-{digest}"), format!("round-{digest}"));
            let whole = || Rectangle::new().set("width", width).set("height", look.height);
            content.push(blur(&format!("blur-{digest}")).into());
            content.push(gradient(&shade, relief.shade).into());
            content
                .push(ClipPath::new().set("id", round.as_str()).add(whole().set("rx", relief.radius)).into());
            areas = areas
                .set("clip-path", format!("url(#{round})"))
                .add(whole().set("fill", format!("url(#{shade})")));
        }
        None => areas = areas.set("shape-rendering", "crispEdges"),
    }
    content.push(areas.into());
    let mut group = texts(FONTS, 110);
    for element in logo(&parts, PADDING, look.height).into_iter().chain(lines(&halves, look, &digest)) {
        group = group.add(element);
    }
    content.push(group.into());
    frame(badge, width, look.height, content)
}

/// badge-maker's geometry: the texts lean a pixel towards the seam between the halves.
fn layout<'a>(parts: &Parts<'a>) -> [Half<'a>; 2] {
    let has_logo = parts.logo.is_some();
    let gap = if parts.label.is_empty() { 0.0 } else { 3.0 };
    let logo = if has_logo { LOGO + gap } else { 0.0 };
    let half = |text: &'a str, color: Color, x: f64, start: f64, extra: f64| {
        let width = measure(text, Face::Normal);
        let pixels = f64::from(width.odd_pixels());
        let empty = text.is_empty() && extra == 0.0;
        Half {
            color,
            x,
            width: if empty { 0.0 } else { pixels + 2.0 * PADDING + extra },
            line: Line { text, width, pixels, middle: start + PADDING + pixels / 2.0, spacing: 0 },
        }
    };
    let mut left = half(parts.label, parts.label_color, 0.0, logo + 1.0, logo);
    if !parts.has_left {
        left.width = 0.0;
    }
    // Where there is no label, the logo stands before the message.
    let (start, extra) = match (parts.has_left, has_logo) {
        (true, _) => (left.width - 1.0, 0.0),
        (false, false) => (0.0, 0.0),
        (false, true) if parts.message.is_empty() => (0.0, LOGO),
        (false, true) => (LOGO + PADDING - 1.0, LOGO + PADDING - 1.0),
    };
    let right = half(parts.message, parts.color, left.width, start, extra);
    [left, right]
}

fn areas(halves: &[Half<'_>], height: f64) -> Group {
    let drawn = halves.iter().filter(|half| half.width > 0.0);
    drawn.fold(Group::new(), |group, half| {
        group.add(
            Rectangle::new()
                .set("x", half.x)
                .set("width", half.width)
                .set("height", height)
                .set("fill", half.color.to_string()),
        )
    })
}

fn gradient(id: &str, shade: &[(&str, &str, &str)]) -> LinearGradient {
    let gradient = LinearGradient::new().set("id", id).set("x2", 0).set("y2", "100%");
    shade.iter().fold(gradient, |gradient, (offset, color, opacity)| {
        gradient
            .add(Stop::new().set("offset", *offset).set("stop-color", *color).set("stop-opacity", *opacity))
    })
}

fn blur(id: &str) -> Filter {
    Filter::new().set("id", id).add(FilterEffectGaussianBlur::new().set("stdDeviation", 16))
}

fn lines(halves: &[Half<'_>], look: &Look, digest: &str) -> Vec<Element> {
    let mut lines = Vec::new();
    for half in halves.iter().filter(|half| !half.line.text.is_empty()) {
        let (color, shadow) = text_colors(half.color);
        if look.relief.is_some() {
            let below = |attributes: &[(&str, &str)]| half.line.draw(look.baseline + 10, attributes);
            let blurred = format!("url(#blur-{digest})");
            // It repeats the text, and a screen reader should not.
            let shadow = Group::new()
                .set("aria-hidden", "true")
                .set("fill", shadow)
                .add(below(&[("fill-opacity", ".8"), ("filter", &blurred)]))
                .add(below(&[("fill-opacity", ".3")]));
            lines.push(shadow.into());
        }
        lines.push(half.line.draw(look.baseline, &[("fill", color)]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geometry_is_badge_makers() {
        let badge = Badge::new("lines of code", "296462");
        let [left, right] = layout(&badge.parts());
        assert_eq!((left.x, left.width, left.line.middle), (0.0, 79.0, 40.5));
        assert_eq!((right.x, right.width, right.line.middle), (79.0, 51.0, 103.5));
    }

    #[test]
    fn without_a_label_the_message_is_in_the_middle() {
        let badge = Badge::new("", "9510");
        let [left, right] = layout(&badge.parts());
        assert_eq!(left.width, 0.0);
        assert_eq!((right.x, right.width / 2.0), (0.0, right.line.middle));
    }
}
