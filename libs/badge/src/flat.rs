//! The flat style: 20 px high, round corners, a slight gradient, a shadow under the text.

use svg::Document;
use svg::node::element::{ClipPath, Group, LinearGradient, Rectangle, Stop, Text, Title};

use crate::{Badge, Color, ids, width};

const HEIGHT: u32 = 20;
/// Space left and right of a text.
const PADDING: u32 = 5;

/// One half of the badge. Lengths are pixels.
struct Half<'a> {
    text: &'a str,
    color: Color,
    /// Where its rectangle starts.
    x: u32,
    /// How wide the text is.
    text_width: u32,
    /// Ten times the middle of the text.
    middle: u32,
}

impl Half<'_> {
    /// How wide its rectangle is: an empty text has none.
    fn width(&self) -> u32 {
        match self.text_width {
            0 => 0,
            text => text + 2 * PADDING,
        }
    }
}

pub(crate) fn draw(badge: &Badge) -> Document {
    let halves = layout(badge);
    let width: u32 = halves.iter().map(Half::width).sum();
    let digest = ids::digest(badge);
    let (shade, round) = (format!("shade-{digest}"), format!("round-{digest}"));
    let whole = || Rectangle::new().set("width", width).set("height", HEIGHT);
    let mut areas = Group::new().set("clip-path", format!("url(#{round})"));
    for half in halves.iter().filter(|half| half.width() > 0) {
        areas = areas.add(
            Rectangle::new()
                .set("x", half.x)
                .set("width", half.width())
                .set("height", HEIGHT)
                .set("fill", half.color.to_string()),
        );
    }
    Document::new()
        .set("width", width)
        .set("height", HEIGHT)
        .set("role", "img")
        .set("aria-label", badge.spoken())
        .add(Title::new(badge.spoken()))
        .add(gradient(&shade))
        .add(ClipPath::new().set("id", round).add(whole().set("rx", 3)))
        .add(areas.add(whole().set("fill", format!("url(#{shade})"))))
        .add(texts(&halves))
}

/// badge-maker's geometry: the texts lean a pixel towards the seam between the halves.
fn layout(badge: &Badge) -> [Half<'_>; 2] {
    let [(label, label_color), (message, color)] = badge.parts();
    let half = |text, color, x: u32, lean: i32| {
        let text_width = width::of(text);
        // Half of an odd width is no whole number; ten times it is.
        let middle = (10 * (x + PADDING) + 5 * text_width).saturating_add_signed(10 * lean);
        Half { text, color, x, text_width, middle }
    };
    let left = half(label, label_color, 0, 1);
    let lean = if label.is_empty() { 0 } else { -1 };
    let right = half(message, color, left.width(), lean);
    [left, right]
}

fn gradient(id: &str) -> LinearGradient {
    LinearGradient::new()
        .set("id", id)
        .set("x2", 0)
        .set("y2", "100%")
        .add(Stop::new().set("offset", 0).set("stop-color", "#bbb").set("stop-opacity", ".1"))
        .add(Stop::new().set("offset", 1).set("stop-opacity", ".1"))
}

fn texts(halves: &[Half<'_>; 2]) -> Group {
    let mut group = Group::new()
        .set("text-anchor", "middle")
        .set("font-family", "Verdana,Geneva,DejaVu Sans,sans-serif")
        .set("text-rendering", "geometricPrecision")
        .set("font-size", 110);
    for half in halves.iter().filter(|half| half.width() > 0) {
        let (color, shadow) = if half.color.is_light() { ("#333", "#ccc") } else { ("#fff", "#010101") };
        // It repeats the text, and a screen reader should not.
        let below = text(half, 150, shadow).set("aria-hidden", "true").set("fill-opacity", ".3");
        group = group.add(below).add(text(half, 140, color));
    }
    group
}

/// Drawn ten times as large and scaled down, because browsers have a minimum font size that readers can raise.
fn text(half: &Half<'_>, y: u32, color: &str) -> Text {
    Text::new(half.text)
        .set("x", half.middle)
        .set("y", y)
        .set("transform", "scale(.1)")
        .set("fill", color)
        .set("textLength", 10 * half.text_width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_geometry_is_badge_makers() {
        let badge = Badge::new("lines of code", "296462");
        let [left, right] = layout(&badge);
        assert_eq!((left.x, left.width(), left.middle), (0, 79, 405));
        assert_eq!((right.x, right.width(), right.middle), (79, 51, 1035));
    }

    #[test]
    fn without_a_label_the_message_is_in_the_middle() {
        let badge = Badge::new("", "9510");
        let [left, right] = layout(&badge);
        assert_eq!(left.width(), 0);
        assert_eq!((right.x, 10 * right.width() / 2), (0, right.middle));
    }
}
