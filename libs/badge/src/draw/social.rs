//! The style social: a grey box with the label, and the message in a white bubble beside it.

use svg::Document;
use svg::node::element::{Element, Group, LinearGradient, Path, Rectangle, Stop};

use super::{LOGO, Line, frame, logo, texts};
use crate::width::{Face, measure};
use crate::{Badge, ids};

/// All lengths are pixels.
const HEIGHT: f64 = 20.0;
/// Space left and right of the label and of the message.
const PADDING: [f64; 2] = [5.0, 4.0];
/// Space between box and bubble.
const GUTTER: f64 = 6.0;

const FONTS: &str = "Helvetica Neue,Helvetica,Arial,Liberation Sans,Arimo,sans-serif";

pub(super) fn draw(badge: &Badge) -> Document {
    let parts = badge.parts();
    // A message alone stands in the box.
    let (label, message) = match (parts.label, parts.logo) {
        ("", None) => (parts.message.to_owned(), ""),
        (label, _) => (capitalized(label), parts.message),
    };
    let logo_width = match (parts.logo, label.as_str()) {
        (None, _) => 0.0,
        (Some(_), "") => LOGO,
        (Some(_), _) => LOGO + 3.0,
    };
    let mut lines = [line(&label), line(message)];
    let box_width = lines[0].pixels + logo_width + 2.0 * PADDING[0];
    lines[0].middle = logo_width + PADDING[0] + lines[0].pixels / 2.0;
    let bubble_width = if message.is_empty() { 0.0 } else { lines[1].pixels + 2.0 * PADDING[1] };
    lines[1].middle = box_width + GUTTER + bubble_width / 2.0;
    let bubble_x = if message.is_empty() { None } else { Some(box_width + GUTTER) };

    let shade = format!("shade-{}", ids::digest(badge));
    let label_box = || rounded(0.5, box_width);
    let mut areas = Group::new().set("stroke", "#d5d5d5").add(label_box().set("fill", "#fcfcfc"));
    if let Some(x) = bubble_x {
        areas = bubble(areas, x, bubble_width);
    }
    areas = areas.add(label_box().set("fill", format!("url(#{shade})")));
    let mut content: Vec<Element> = vec![gradient(&shade).into(), areas.into()];
    content.extend(logo(&parts, PADDING[0], HEIGHT));
    content.push(written(&lines).into());
    let width = box_width + 1.0 + bubble_x.map_or(0.0, |_| GUTTER + bubble_width);
    frame(badge, width, HEIGHT, content)
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn line(text: &str) -> Line<'_> {
    let width = measure(text, Face::Helvetica);
    Line { text, width, pixels: f64::from(width.odd_pixels()), middle: 0.0, spacing: 0 }
}

fn rounded(x: f64, width: f64) -> Rectangle {
    Rectangle::new().set("x", x).set("y", 0.5).set("width", width).set("height", HEIGHT - 1.0).set("rx", 2)
}

/// A white box whose left side has a point towards the label.
fn bubble(group: Group, x: f64, width: f64) -> Group {
    const WHITE: &str = "#fafafa";
    let edge = x + 0.5;
    group
        .add(rounded(edge, width).set("fill", WHITE))
        // Covers the outline where the point begins.
        .add(
            Rectangle::new()
                .set("x", x)
                .set("y", 7.5)
                .set("width", 0.5)
                .set("height", 5)
                .set("stroke", WHITE),
        )
        .add(Path::new().set("d", format!("M{edge} 6.5l-3 3v1l3 3")).set("fill", WHITE))
}

fn gradient(id: &str) -> LinearGradient {
    LinearGradient::new()
        .set("id", id)
        .set("x2", 0)
        .set("y2", "100%")
        .add(Stop::new().set("offset", 0).set("stop-color", "#fcfcfc").set("stop-opacity", 0))
        .add(Stop::new().set("offset", 1).set("stop-opacity", ".1"))
}

fn written(lines: &[Line<'_>]) -> Group {
    let group = texts(FONTS, 110).set("fill", "#333").set("font-weight", "bold");
    // Where none of the fonts is there, another is so much wider that its letters would overlap if they kept their shape.
    let fitted = ("lengthAdjust", "spacingAndGlyphs");
    lines.iter().filter(|line| !line.text.is_empty()).fold(group, |group, line| {
        let shadow = line.draw(150, &[fitted, ("aria-hidden", "true"), ("fill", "#fff")]);
        group.add(shadow).add(line.draw(140, &[fitted]))
    })
}
