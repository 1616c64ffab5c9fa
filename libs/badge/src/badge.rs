//! The badge: what it shows, in which colours.

use crate::text::printable;
use crate::{Color, flat};

/// A badge to be drawn: the label on the left, the message on the right.
///
/// Any text will do: characters that XML forbids are left out, white space of any kind becomes single spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    label: String,
    message: String,
    color: Color,
    label_color: Color,
}

impl Badge {
    /// A blue badge with a grey label. With an empty label there is the message alone.
    pub fn new(label: &str, message: &str) -> Self {
        Self {
            label: printable(label),
            message: printable(message),
            color: Color::BLUE,
            label_color: Color::GREY,
        }
    }

    /// The colour behind the message.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// The colour behind the label.
    #[must_use]
    pub fn label_color(mut self, color: Color) -> Self {
        self.label_color = color;
        self
    }

    /// Draws it in the flat style, as one SVG document that ends with a newline. Equal badges give equal bytes.
    pub fn render(&self) -> String {
        format!("{}\n", flat::draw(self))
    }

    pub(crate) fn parts(&self) -> [(&str, Color); 2] {
        [(&self.label, self.label_color), (&self.message, self.color)]
    }

    /// What a screen reader says and a mouse pointer shows.
    pub(crate) fn spoken(&self) -> String {
        match (self.label.as_str(), self.message.as_str()) {
            ("", alone) | (alone, "") => alone.to_owned(),
            (label, message) => format!("{label}: {message}"),
        }
    }
}
